"""One TradeLane's turn as the circuit sees it, honest or forged: effects are applied, rules are not asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from hypothesis.vendor.pretty import RepresentationPrinter

from circuits.bus import compute_bus
from circuits.lane_inputs import Prices, trade_lane_inputs
from circuits.lanes.trade import build_trade_lane
from circuits.system import Lie
from rollup.accounts import EMPTY_ACCOUNT, Account
from rollup.orders import SignedOrder, unpack_slot
from rollup.trace import BatchTrace, FillTrace, FundLaneTrace, LiquidationTrace, TradeLaneTrace
from rollup.trees import SparseTree
from tests.circuits.lane_cases import LoneTemplate, Values, Venue


@lru_cache(maxsize=4)
def load_trade_lane(capacity: int) -> LoneTemplate:
    """Return TradeLane(capacity); recorded once in a process."""
    return LoneTemplate(f"TradeLane({capacity})", lambda cs: build_trade_lane(cs, capacity))


@dataclass(frozen=True, repr=False)
class TradeCase:
    """One TradeLane's turn: its trace, and what the circuit is given."""

    trace: BatchTrace
    inputs: Values

    def _repr_pretty_(self, printer: RepresentationPrinter, cycle: bool) -> None:
        """Print briefly: hypothesis asks for this."""
        printer.text(repr(self))

    def __repr__(self) -> str:
        lane, header = self.lane, self.trace.header_after
        held = {m: size for m, size in enumerate(lane.before.sizes_lots) if size}
        fills = [(fill.order, fill.fill_lots) for fill in lane.fills]
        prices = (
            f"marks {header.marks_ticks} clearing {self.trace.clearing_prices_ticks} funding {header.funding_index}"
        )
        return (
            f"account {lane.account_id}: cash {lane.before.cash_atoms}, {held}; {fills or lane.liquidation}; {prices}"
        )

    @property
    def lane(self) -> TradeLaneTrace:
        """The lane's trace."""
        return self.trace.trade_lanes[0]

    @property
    def capacity(self) -> int:
        """K."""
        return self.lane.capacity

    def find_broken_classes(
        self, changes: Mapping[str, int] | None = None, lies: Mapping[str, Lie] | None = None
    ) -> set[str]:
        """Return the broken constraint classes after changes to the inputs and lies."""
        return load_trade_lane(self.capacity).find_broken_classes(self.inputs | dict(changes or {}), lies)


def make_trade_case(
    venue: Venue,
    account_id: int,
    before: Account,
    fills: Sequence[tuple[SignedOrder, int]] = (),
    *,
    liquidation: LiquidationTrace | None = None,
    capacity: int = 1,
) -> TradeCase:
    """Return the lane in which the account takes these fills, or this liquidation fill, whether allowed or not."""
    account, traces = before, []
    for signed, fill_lots in fills:
        order = signed.order
        slot, path = account.orders.get(order.slot), account.orders.path(order.slot)
        traces.append(FillTrace(order, signed.signature, fill_lots, slot, path))
        nonce, filled = unpack_slot(slot)
        word = (order.nonce << 48) + (filled if nonce == order.nonce else 0) + fill_lots
        price = venue.clearing[order.market]
        fee = fill_lots * price * venue.params.taker_fee_ppm[before.tier]
        account = move(venue, account, order.market, order.direction * fill_lots, fee)
        account = replace(account, orders=account.orders.set(order.slot, word))
    if liquidation is not None:
        direction = -1 if before.sizes_lots[liquidation.market] > 0 else 1
        lots = direction * liquidation.fill_lots
        account = move(venue, account, liquidation.market, lots, liquidation.penalty_atoms)
    if fills or liquidation:
        account = replace(account, last_touched_s=venue.timestamp_s)
    tree = venue.tree({account_id: before})
    lane = TradeLaneTrace(capacity, account_id, before, account, tree.path(account_id), tuple(traces), liquidation)
    return TradeCase(*_wrap(venue, lane, tree))


def move(venue: Venue, account: Account, market: int, delta_lots: int, due_atoms: int) -> Account:
    """Return the account after a fill at the clearing price and a payment, in range or not."""
    sizes = list(account.sizes_lots)
    sizes[market] += delta_lots
    received = -delta_lots * (venue.clearing[market] * 10**6 - venue.funding[market])
    return replace(account, sizes_lots=tuple(sizes), cash_atoms=account.cash_atoms + received - due_atoms)


def _wrap(venue: Venue, lane: TradeLaneTrace, tree: SparseTree) -> tuple[BatchTrace, Values]:
    after = tree.set(lane.account_id, lane.after.leaf_hash())
    fund = FundLaneTrace(EMPTY_ACCOUNT, EMPTY_ACCOUNT, EMPTY_ACCOUNT, EMPTY_ACCOUNT, after.path(0), None)
    headers = venue.header(tree.root, 0), venue.header(after.root, 1)
    trace = BatchTrace("one lane", venue.params, *headers, venue.clearing, (), (), (lane,), fund)
    bus = compute_bus(trace)
    ports = {port: bus[_wire_of(port)] for port in load_trade_lane(lane.capacity).template.ports}
    return trace, ports | trade_lane_inputs(lane, Prices(trace))


def _wire_of(port: str) -> str:
    """Return the bus wire behind a port of the only lane, as `circuits.batch` connects it."""
    if port.startswith("table/"):
        return port
    total, _, index = port.partition("[")
    name, _, end = total.rpartition("_")
    wire = f"{'accounts_root' if name == 'root' else name}[{int(end == 'out')}]"
    return f"{wire}[{index}" if index else wire
