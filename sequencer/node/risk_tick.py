"""One tick of auction and risk: the batch of all resting orders, built of the few that can have a part in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

from rollup.auction import Entry
from rollup.forced import count_liquidations, find_liquidations
from rollup.fund_entry import find_fund_entry, make_fund_entries
from rollup.oracle import SignedPrices, pick_usable
from rollup.params import Params
from rollup.shapes import Shape
from rollup.signature_cache import SignatureCache
from rollup.state import State
from rollup.tick import run_tick
from rollup.transition import BatchResult, build_batch
from rollup.txs import SignedCashOp
from rollup.units import FUND_ACCOUNT, MARKET_COUNT
from rollup.workspace import Workspace
from sequencer.node.auction_book import AuctionBook
from sequencer.node.choosing import Scene, list_eager_rows, select_for_batch
from sequencer.node.risk_book import RiskBook
from sequencer.node.selection import Selection

__all__ = ["MARGINS", "WHOLE_BOOK", "TickOutcome", "build_from_book", "preview_scene"]

MARGINS: Final = (4, 64)  # orders beyond the price that are offered, try by try
WHOLE_BOOK: Final = 2**62  # a margin that no book has: everything is offered, and nothing cut


@dataclass(frozen=True)
class TickOutcome:
    """A batch, what it was offered, and how often it was built."""

    result: BatchResult
    selection: Selection
    n_builds: int

    @property
    def is_whole(self) -> bool:
        """Whether it is the batch that `build_batch` would have made of the whole book."""
        return self.selection.covers(self.result)


def build_from_book(
    state: State,
    params: Params,
    shape: Shape,
    *,
    oracle: Sequence[SignedPrices],
    timestamp_s: int,
    orders: AuctionBook,
    risk: RiskBook,
    cash_ops: Sequence[SignedCashOp] = (),
    signatures: SignatureCache,
    margins: Sequence[int] = MARGINS,
) -> TickOutcome:
    """Return the next batch of the resting orders; the books stay as they are. Arguments and errors as `build_batch`.

    Where a batch moved prices beyond what it was offered, it is built again with a wider margin, as often as `margins`
    allow; the last is returned, whole or not. Assumes that the risk book stands at `state`.
    """
    scene = preview_scene(state, params, shape, oracle, timestamp_s, orders, risk, signatures)
    outcome: TickOutcome | None = None
    for n_builds, margin in enumerate(margins, 1):
        selection = select_for_batch(orders, scene, margin)
        result = build_batch(
            state,
            params,
            shape,
            oracle=oracle,
            timestamp_s=timestamp_s,
            orders=selection.orders,
            cash_ops=cash_ops,
            signatures=signatures,
            risk=risk,
        )
        outcome = TickOutcome(result, selection, n_builds)
        if outcome.is_whole or selection.is_cut:
            break
    assert outcome is not None, "no margin to try"
    return outcome


def preview_scene(
    state: State,
    params: Params,
    shape: Shape,
    oracle: Sequence[SignedPrices],
    timestamp_s: int,
    orders: AuctionBook,
    risk: RiskBook,
    signatures: SignatureCache,
) -> Scene:
    """Return what the auction is about to meet, unless cash operations and rescues of the batch change it."""
    usable = pick_usable(oracle, params, state.header.signer_times_s, timestamp_s, signatures)
    tick = run_tick(state.header, params, usable, timestamp_s)
    workspace = Workspace(state, params, tick, signatures, risk)
    entries: dict[int, list[Entry]] = defaultdict(list)
    forced = {} if tick.stale else find_liquidations(workspace, count_liquidations(shape))
    for rank, one in forced.items():
        entries[one.case.market].append(one.make_entry(rank))
    fund_sizes_lots = state.get_account(FUND_ACCOUNT).sizes_lots
    fund_sides = {(market, 1 if size > 0 else -1) for market, size in enumerate(fund_sizes_lots) if size}
    if not tick.stale and next(iter(risk.find_rescuable({}, tick)), None) is not None:
        fund_sides = set(product(range(MARKET_COUNT), (1, -1)))  # what it may take over is not known yet
    eager = [orders.table.get_row(row).sent.order for row in list_eager_rows(orders, fund_sides).tolist()]
    fund = find_fund_entry(workspace, fund_sizes_lots, eager)
    if fund is not None:
        entries[fund.market] += make_fund_entries(fund, fund.market)
    victims = {one.case.account for one in forced.values()}
    return Scene(tick, params, shape, risk.get_positions, entries, victims, frozenset(fund_sides))
