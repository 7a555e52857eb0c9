"""What a batch would trade: who takes part, the price of each market, the lanes, and the lots of each.

All who take part are known by rank. They only ever become fewer, or ask for less; `update` works out the rest again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from rollup.admission import ALONE, OpenOrder, TurnKey, compute_lots
from rollup.auction import Clearing, Entry, Reach, clear_market
from rollup.forced import count_liquidations, find_liquidations
from rollup.fund_entry import FUND_RANK, find_fund_entry, make_fund_entries
from rollup.liquidation import LiquidationCase
from rollup.rationing import MAX_MARGINAL_REMAINING, NO_RATIONING, ration
from rollup.shapes import Shape
from rollup.trace import FundFillTrace
from rollup.turns import LanePlan, OrderFill, Turn, add_order, plan_lanes
from rollup.units import MARKET_COUNT
from rollup.workspace import Workspace

__all__ = ["Proposal"]


class Proposal:
    """Orders, liquidations and the fund, with what they would trade as of the last `update`."""

    def __init__(
        self, workspace: Workspace, orders: Sequence[OpenOrder], shape: Shape, fund_sizes_lots: Sequence[int]
    ) -> None:
        self._workspace = workspace
        self._shape = shape
        self.orders = {open_order.rank: open_order for open_order in orders}
        self.sizes_lots = {open_order.rank: compute_lots(workspace, open_order) for open_order in orders}
        is_trading = not workspace.tick.stale
        self.forced = find_liquidations(workspace, count_liquidations(shape)) if is_trading else {}
        self._fund = find_fund_entry(workspace, fund_sizes_lots, [open_order.order for open_order in orders])
        self._clearings = [Clearing(mark_ticks) for mark_ticks in workspace.marks_ticks]
        self.rationing = [NO_RATIONING] * MARKET_COUNT
        self.reach: list[Reach | None] = [None] * MARKET_COUNT  # of every clearing so far, by market
        self._turns: dict[TurnKey, Turn] = {}
        self.plan = LanePlan({}, {}, [])
        self.lots: dict[int, int] = {}  # by rank: what trades
        self._outdated: set[int] = set(range(MARKET_COUNT))  # markets in which something changed

    # --- who takes part ---------------------------------------------------------------------------------------------
    @property
    def is_outdated(self) -> bool:
        """Whether something changed since the last `update`."""
        return bool(self._outdated)

    def remove(self, rank: int) -> OpenOrder:
        """Return an order, which takes part no more."""
        open_order = self.orders.pop(rank)
        self._outdated.add(open_order.order.market)
        return open_order

    def cut(self, rank: int, lots: int) -> None:
        """Let an order take part with so many lots."""
        self.sizes_lots[rank] = lots
        self._outdated.add(self.orders[rank].order.market)

    def cut_liquidation(self, rank: int, lots: int) -> None:
        """Let a liquidation take part with so many lots, of 0 not at all."""
        forced = self.forced.pop(rank)
        if lots:
            self.forced[rank] = replace(forced, size_lots=lots)
        self._outdated.add(forced.case.market)

    def make_order_entries(self, market: int) -> list[Entry]:
        """Return the market's orders as its auction sees them."""
        entries = []
        for rank, open_order in self.orders.items():
            order = open_order.order
            if order.market == market:
                entries.append(Entry(rank, order.account, order.direction, order.limit_ticks, self.sizes_lots[rank]))
        return entries

    # --- what they trade --------------------------------------------------------------------------------------------
    def update(self) -> list[OpenOrder]:
        """Clear what changed, plan the lanes and share out; return orders removed for asking more than T may hold."""
        removed = [open_order for market in sorted(self._outdated) for open_order in self._clear(market)]
        self._outdated.clear()
        self._share_out()
        return removed

    def _clear(self, market: int) -> list[OpenOrder]:
        args = (self._workspace.marks_ticks[market], self._workspace.params.markets[market].band_ppm)
        removed: list[OpenOrder] = []
        while True:
            forced = [f.make_entry(rank) for rank, f in self.forced.items() if f.case.market == market]
            forced += make_fund_entries(self._fund, market)
            clearing = clear_market(self.make_order_entries(market) + forced, *args)
            before = self.reach[market]
            self.reach[market] = before.widen(clearing.reach) if before else clearing.reach
            if sum(clearing.marginal_remaining.values()) <= MAX_MARGINAL_REMAINING:
                break
            removed.append(self.remove(max(clearing.marginal_remaining)))
        self._clearings[market] = clearing
        return removed

    def _share_out(self) -> None:
        """Set who trades how much: positions follow from who trades at all, shares from positions.

        As long as not all find a lane, arrival stands in for position.
        """
        cleared = [(*clearing.full_lots, *clearing.marginal_remaining) for clearing in self._clearings]
        in_lanes = sorted(rank for ranks in cleared for rank in ranks if rank != FUND_RANK)
        self._turns = self._make_turns(in_lanes)
        self.plan = plan_lanes(list(self._turns.values()), self._shape)
        self.lots = {}
        for market, clearing in enumerate(self._clearings):
            ranks = {self.plan.positions.get(rank, rank): rank for rank in clearing.marginal_remaining}
            remaining = {position: clearing.marginal_remaining[rank] for position, rank in ranks.items()}
            self.rationing[market], shares = ration(clearing.side, clearing.marginal_lots, remaining)
            self.lots |= clearing.full_lots | {ranks[position]: lots for position, lots in shares.items()}

    def _make_turns(self, ranks: Iterable[int]) -> dict[TurnKey, Turn]:
        turns: dict[TurnKey, Turn] = {}
        for rank in ranks:
            if rank < 0:
                key = TurnKey(self.forced[rank].case.account, ALONE)
                turns[key] = Turn(key, {rank: 0})
            else:
                add_order(turns, self.orders[rank])
        return turns

    # --- read off ---------------------------------------------------------------------------------------------------
    @property
    def prices_ticks(self) -> tuple[int, ...]:
        """The clearing price of each market."""
        return tuple(clearing.price_ticks for clearing in self._clearings)

    @property
    def order_fills(self) -> dict[TurnKey, list[OrderFill]]:
        """The order fills by turn, in order of their places."""
        return {
            key: [OrderFill(self.orders[rank], place, self.lots[rank]) for rank, place in turn.in_order if rank >= 0]
            for key, turn in self._turns.items()
        }

    @property
    def accounts(self) -> list[tuple[int, list[list[OrderFill]]]]:
        """Each account with its turns in lane order, first come first."""
        accounts: dict[int, list[tuple[TurnKey, list[OrderFill]]]] = defaultdict(list)
        for key, fills in self.order_fills.items():
            accounts[key.account].append((key, fills))
        return [(account_id, [fills for _, fills in sorted(own)]) for account_id, own in accounts.items()]

    @property
    def liquidation_fills(self) -> dict[TurnKey, tuple[LiquidationCase, int]]:
        """The liquidations that trade, and their lots, by turn."""
        traded = [(forced.case, self.lots[rank]) for rank, forced in self.forced.items() if rank in self.lots]
        return {TurnKey(case.account, ALONE): (case, lots) for case, lots in traded}

    @property
    def fund_fill(self) -> FundFillTrace | None:
        """What the insurance fund trades."""
        lots = self.lots.get(FUND_RANK, 0)
        return FundFillTrace(self._fund.market, lots) if self._fund and lots else None
