"""Which orders and liquidations trade in a batch, at which prices: auctions repeated until everything in them holds.

Each round clears the markets that changed, plans the lanes, and shares out what is rationed by the places there. Then
it takes out what does not hold, of the first kind it meets: a share of nothing; liquidation lots beyond what the rule
allows at p*; reduce-only lots beyond the position; the newest order of an account that would fail the margin rule;
rebates that the batch's fees do not pay for; what finds no lane. Every round that changes something removes an order,
or cuts a liquidation, or cuts a reduce-only order for the first time; so the rounds end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from rollup.accounts import NO_POSITIONS
from rollup.admission import ALONE, OpenOrder, Refusal, SentOrder, TurnKey, compute_lots, may_trade_now
from rollup.auction import Clearing, Entry, clear_market, find_self_trades
from rollup.errors import TxRejected
from rollup.forced import find_liquidations
from rollup.fund_entry import FUND_RANK, find_fund_entry, make_fund_entries
from rollup.liquidation import LiquidationCase
from rollup.match_checks import find_misfits, find_unmargined, find_unpaid_rebates
from rollup.rationing import MAX_MARGINAL_REMAINING, NO_RATIONING, Rationing, ration
from rollup.shapes import Shape
from rollup.trace import FundFillTrace
from rollup.turns import LanePlan, OrderFill, Turn, add_order, plan_lanes
from rollup.units import MARKET_COUNT
from rollup.workspace import Workspace

__all__ = ["Matched", "match_orders"]


@dataclass(frozen=True)
class Matched:
    """What trades: price and rationing by market, and by lane (of those with order places) its fills."""

    prices_ticks: tuple[int, ...]
    rationing: tuple[Rationing, ...]
    order_fills: dict[int, tuple[OrderFill, ...]]  # in order of their places
    liquidation_fills: dict[int, tuple[LiquidationCase, int]]
    fund_fill: FundFillTrace | None
    rejected: tuple[Refusal, ...]
    waiting: tuple[SentOrder, ...]  # held back: not yet to trade, self-trade, own liquidation, lanes, rebates, lots


def match_orders(
    workspace: Workspace, orders: Sequence[OpenOrder], shape: Shape, fund_sizes_lots: Sequence[int] = NO_POSITIONS
) -> Matched:
    """Return what trades in this batch. Orders that simply find no price are in none of the lists.

    `fund_sizes_lots` is what the insurance fund holds, takeovers of this batch included.
    """
    matcher = _Matcher(workspace, orders, shape, fund_sizes_lots)
    while matcher.run_round():
        continue
    return matcher.get_result()


class _Matcher:
    def __init__(
        self, workspace: Workspace, orders: Sequence[OpenOrder], shape: Shape, fund_sizes_lots: Sequence[int]
    ) -> None:
        self._workspace = workspace
        self._shape = shape
        self._orders = {open_order.rank: open_order for open_order in orders}
        self._sizes = {open_order.rank: compute_lots(workspace, open_order) for open_order in orders}
        self._cut: set[int] = set()  # reduce-only orders that entered with all they could reduce, and then with less
        self._waiting: list[OpenOrder] = []
        self._rejected: list[Refusal] = []
        is_trading, n_lanes = not workspace.tick.stale, len(shape.trade_capacities)
        self._forced = find_liquidations(workspace, min(n_lanes, max(1, n_lanes // 2))) if is_trading else {}
        self._fund = find_fund_entry(workspace, fund_sizes_lots, orders)
        self._clearings = [Clearing(mark_ticks) for mark_ticks in workspace.marks_ticks]
        self._rationing = [NO_RATIONING] * MARKET_COUNT
        self._turns: dict[TurnKey, Turn] = {}
        self._plan = LanePlan({}, {}, [])
        self._lots: dict[int, int] = {}  # by rank: what trades
        self._dirty: set[int] = set(range(MARKET_COUNT))
        self._hold(rank for rank, open_order in self._orders.items() if not may_trade_now(workspace, open_order))
        victims = {forced.case.account for forced in self._forced.values()}
        self._hold(rank for rank, open_order in self._orders.items() if open_order.order.account in victims)
        for market in range(MARKET_COUNT):
            self._hold(find_self_trades(self._make_order_entries(market)))

    def run_round(self) -> bool:
        """Clear what changed and take out what does not hold; return whether anything was taken out."""
        for market in sorted(self._dirty):
            self._clear(market)
        self._dirty.clear()
        self._share_out()
        for take_out in (
            self._hold_shareless,
            self._cut_liquidations,
            self._cut_reduce_only,
            self._reject_unmargined,
            self._hold_unpaid_rebates,
            self._hold_excess,
        ):
            take_out()
            if self._dirty:
                return True
        return False

    def get_result(self) -> Matched:
        lanes = self._plan.lanes
        forced = {f.case.account: (f.case, self._lots[rank]) for rank, f in self._forced.items() if rank in self._lots}
        return Matched(
            prices_ticks=self._prices_ticks,
            rationing=tuple(self._rationing),
            order_fills={lanes[key]: tuple(fills) for key, fills in self._get_order_fills().items() if fills},
            liquidation_fills={lanes[TurnKey(account_id, ALONE)]: fill for account_id, fill in forced.items()},
            fund_fill=self._get_fund_fill(),
            rejected=tuple(self._rejected),
            waiting=tuple(o.sent for o in sorted(self._waiting, key=lambda open_order: open_order.rank)),
        )

    def _get_fund_fill(self) -> FundFillTrace | None:
        lots = self._lots.get(FUND_RANK, 0)
        return FundFillTrace(self._fund.market, lots) if self._fund and lots else None

    @property
    def _prices_ticks(self) -> tuple[int, ...]:
        return tuple(clearing.price_ticks for clearing in self._clearings)

    def _clear(self, market: int) -> None:
        args = (self._workspace.marks_ticks[market], self._workspace.params.markets[market].band_ppm)
        while True:
            forced = [f.make_entry(rank) for rank, f in self._forced.items() if f.case.market == market]
            forced += make_fund_entries(self._fund, market)
            clearing = clear_market(self._make_order_entries(market) + forced, *args)
            if sum(clearing.marginal_remaining.values()) <= MAX_MARGINAL_REMAINING:
                break
            self._hold([max(clearing.marginal_remaining)])
        self._clearings[market] = clearing

    def _make_order_entries(self, market: int) -> list[Entry]:
        entries = []
        for rank, open_order in self._orders.items():
            order = open_order.order
            if order.market == market:
                entries.append(Entry(rank, order.account, order.direction, order.limit_ticks, self._sizes[rank]))
        return entries

    def _share_out(self) -> None:
        """Set who trades how much: positions follow from who trades at all, shares from positions.

        As long as not all find a lane, arrival stands in for position.
        """
        cleared = [(*clearing.full_lots, *clearing.marginal_remaining) for clearing in self._clearings]
        in_lanes = sorted(rank for ranks in cleared for rank in ranks if rank != FUND_RANK)
        self._turns = self._make_turns(in_lanes)
        self._plan = plan_lanes(list(self._turns.values()), self._shape)
        self._lots = {}
        for market, clearing in enumerate(self._clearings):
            ranks = {self._plan.positions.get(rank, rank): rank for rank in clearing.marginal_remaining}
            remaining = {position: clearing.marginal_remaining[rank] for position, rank in ranks.items()}
            self._rationing[market], shares = ration(clearing.side, clearing.marginal_lots, remaining)
            self._lots |= clearing.full_lots | {ranks[position]: lots for position, lots in shares.items()}

    def _make_turns(self, ranks: Iterable[int]) -> dict[TurnKey, Turn]:
        turns: dict[TurnKey, Turn] = {}
        for rank in ranks:
            if rank < 0:
                key = TurnKey(self._forced[rank].case.account, ALONE)
                turns[key] = Turn(key, {rank: 0})
            else:
                add_order(turns, self._orders[rank])
        return turns

    def _get_order_fills(self) -> dict[TurnKey, list[OrderFill]]:
        """Return the order fills by turn, in order of their places."""
        return {
            key: [OrderFill(self._orders[rank], place, self._lots[rank]) for rank, place in turn.in_order if rank >= 0]
            for key, turn in self._turns.items()
        }

    def _get_accounts(self) -> list[tuple[int, list[list[OrderFill]]]]:
        """Return each account with its turns in lane order, first come first."""
        accounts: dict[int, list[tuple[TurnKey, list[OrderFill]]]] = defaultdict(list)
        for key, fills in self._get_order_fills().items():
            accounts[key.account].append((key, fills))
        return [(account_id, [fills for _, fills in sorted(own)]) for account_id, own in accounts.items()]

    def _hold_shareless(self) -> None:
        self._hold(rank for rank, lots in self._lots.items() if lots == 0)

    def _cut_liquidations(self) -> None:
        for rank, forced in sorted(self._forced.items()):
            fill_lots, market = self._lots.get(rank, 0), forced.case.market
            allowed_lots = forced.compute_allowed_lots(fill_lots, self._clearings[market].price_ticks)
            if allowed_lots == fill_lots:
                continue
            del self._forced[rank]
            if allowed_lots:
                self._forced[rank] = replace(forced, size_lots=allowed_lots)
            self._dirty.add(market)

    def _cut_reduce_only(self) -> None:
        for account_id, turns in self._get_accounts():
            for rank, lots in find_misfits(self._workspace, account_id, turns, self._sizes).items():
                if rank in self._cut or lots == 0:
                    self._hold([rank])
                    continue
                self._cut.add(rank)
                self._sizes[rank] = lots
                self._dirty.add(self._orders[rank].order.market)

    def _reject_unmargined(self) -> None:
        for account_id, turns in self._get_accounts():
            if refusal := find_unmargined(self._workspace, account_id, turns, self._prices_ticks):
                self._reject(*refusal)

    def _hold_unpaid_rebates(self) -> None:
        fills = [fill for own in self._get_order_fills().values() for fill in own]
        self._hold(find_unpaid_rebates(self._workspace, fills, self._prices_ticks))

    def _hold_excess(self) -> None:
        # Half at a time: with an order gone, its counterparties may find no lane necessary any more.
        excess = sorted(self._plan.excess, reverse=True)
        self._hold(excess[: (len(excess) + 1) // 2])

    def _hold(self, ranks: Iterable[int]) -> None:
        for rank in list(ranks):
            open_order = self._orders.pop(rank)
            self._waiting.append(open_order)
            self._dirty.add(open_order.order.market)

    def _reject(self, rank: int, error: TxRejected) -> None:
        open_order = self._orders.pop(rank)
        self._rejected.append((open_order.sent, error))
        self._dirty.add(open_order.order.market)
