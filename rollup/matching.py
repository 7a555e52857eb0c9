"""Which orders and liquidations trade in a batch, at which prices: auctions repeated until everything in them holds.

Each round clears the markets that changed, then trims liquidations to what the rule allows at p*, then drops the newest
order of accounts that would fail the margin rule, then holds back what finds no lane. Every round that changes
something removes an order or lots, so the rounds end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rollup.accounts import NO_POSITIONS, Account
from rollup.admission import OpenOrder
from rollup.auction import Clearing, Entry, clear_market, find_self_trades
from rollup.errors import TxRejected
from rollup.fund_entry import FUND_RANK, find_fund_entry, make_fund_entries
from rollup.lanes import assign_lanes, choose_fitting
from rollup.liquidation import LiquidationCase, is_provable_fill, make_case
from rollup.margin import is_provable_close, is_valid_close
from rollup.orders import SignedOrder
from rollup.rejections import CloseNotProvable, MarginInsufficient
from rollup.risk import find_liquidatable
from rollup.settle import apply_order_fill
from rollup.trace import FundFillTrace
from rollup.units import MARKET_COUNT
from rollup.workspace import Workspace

__all__ = ["Matched", "OrderFill", "match_orders"]


@dataclass(frozen=True)
class OrderFill:
    """Lots of one admitted order that trade."""

    open_order: OpenOrder
    fill_lots: int


@dataclass(frozen=True)
class Matched:
    """What trades: prices by market, and for each account with fills its lane."""

    prices_ticks: tuple[int, ...]
    order_fills: dict[int, tuple[OrderFill, ...]]
    liquidation_fills: dict[int, tuple[LiquidationCase, int]]
    lanes: dict[int, int]  # account id -> position in the shape's trade lanes
    fund_fill: FundFillTrace | None
    rejected: tuple[tuple[SignedOrder, TxRejected], ...]
    waiting: tuple[SignedOrder, ...]  # held back: self-trade, lanes, band, own liquidation


def match_orders(
    workspace: Workspace,
    orders: Sequence[OpenOrder],
    capacities: Sequence[int],
    fund_sizes_lots: Sequence[int] = NO_POSITIONS,
) -> Matched:
    """Return what trades in this batch. Orders that simply find no price are in none of the lists.

    `fund_sizes_lots` is what the insurance fund holds, takeovers of this batch included.
    """
    matcher = _Matcher(workspace, orders, capacities, fund_sizes_lots)
    while matcher.run_round():
        continue
    return matcher.get_result()


@dataclass
class _Liquidation:
    case: LiquidationCase
    limit_ticks: int
    size_lots: int


class _Matcher:
    def __init__(
        self,
        workspace: Workspace,
        orders: Sequence[OpenOrder],
        capacities: Sequence[int],
        fund_sizes_lots: Sequence[int],
    ) -> None:
        self._workspace = workspace
        self._capacities = capacities
        self._orders = {open_order.rank: open_order for open_order in orders}
        self._waiting: list[OpenOrder] = []
        self._rejected: list[tuple[SignedOrder, TxRejected]] = []
        self._liquidations = _find_liquidations(workspace, max(1, len(capacities) // 2))
        self._fund = find_fund_entry(workspace, fund_sizes_lots, orders)
        self._clearings: dict[int, Clearing] = {}
        self._dirty: set[int] = set(range(MARKET_COUNT))
        victims = {liquidation.case.account for liquidation in self._liquidations.values()}
        self._hold(rank for rank, open_order in self._orders.items() if open_order.order.account in victims)
        for market in range(MARKET_COUNT):
            self._hold(find_self_trades(self._make_user_entries(market)))

    def run_round(self) -> bool:
        """Clear what changed and take out what does not hold; return whether anything was taken out."""
        for market in sorted(self._dirty):
            self._clear(market)
        self._dirty.clear()
        return self._trim_liquidations() or self._reject_unmargined() or self._hold_excess()

    def get_result(self) -> Matched:
        fills = self._get_order_fills()
        liquidations = {liq.case.account: (liq.case, lots) for _, liq, lots in self._get_liquidation_fills()}
        counts = {account: len(own) for account, own in fills.items()} | dict.fromkeys(liquidations, 1)
        return Matched(
            prices_ticks=tuple(self._clearings[market].price_ticks for market in range(MARKET_COUNT)),
            order_fills={account: tuple(own) for account, own in fills.items()},
            liquidation_fills=liquidations,
            lanes=assign_lanes(counts, self._capacities),
            fund_fill=self._get_fund_fill(),
            rejected=tuple(self._rejected),
            waiting=tuple(o.signed for o in sorted(self._waiting, key=lambda open_order: open_order.rank)),
        )

    def _clear(self, market: int) -> None:
        entries = self._make_user_entries(market) + self._make_liquidation_entries(market)
        entries += make_fund_entries(self._fund, market)
        mark_ticks = self._workspace.marks_ticks[market]
        clearing = clear_market(entries, mark_ticks, self._workspace.params.markets[market].band_ppm)
        self._clearings[market] = clearing
        self._hold(clearing.held)
        self._dirty.discard(market)  # the clearing is already without what it held back

    def _make_user_entries(self, market: int) -> list[Entry]:
        return [
            Entry(rank, open_order.order.account, open_order.order.direction, open_order.order.limit_ticks, remaining)
            for rank, open_order in self._orders.items()
            if open_order.order.market == market and (remaining := open_order.remaining_lots)
        ]

    def _make_liquidation_entries(self, market: int) -> list[Entry]:
        return [
            Entry(rank, liq.case.account, liq.case.direction, liq.limit_ticks, liq.size_lots)
            for rank, liq in self._liquidations.items()
            if liq.case.market == market
        ]

    def _get_fund_fill(self) -> FundFillTrace | None:
        lots = self._clearings[self._fund.market].fills_lots.get(FUND_RANK, 0) if self._fund else 0
        return FundFillTrace(self._fund.market, lots) if self._fund and lots else None

    def _get_order_fills(self) -> dict[int, list[OrderFill]]:
        """Return the order fills by account, each account's in arrival order."""
        fills: dict[int, list[OrderFill]] = defaultdict(list)
        lots = {rank: n for clearing in self._clearings.values() for rank, n in clearing.fills_lots.items()}
        for rank in sorted(rank for rank in lots if rank in self._orders):
            open_order = self._orders[rank]
            fills[open_order.order.account].append(OrderFill(open_order, lots[rank]))
        return fills

    def _get_liquidation_fills(self) -> list[tuple[int, _Liquidation, int]]:
        """Return (rank, liquidation, lots), worst health first."""
        ranked = sorted(self._liquidations.items())
        fills = [(rank, liq, self._clearings[liq.case.market].fills_lots.get(rank, 0)) for rank, liq in ranked]
        return [fill for fill in fills if fill[2] > 0]

    def _trim_liquidations(self) -> bool:
        for rank, liquidation, fill_lots in self._get_liquidation_fills():
            case = liquidation.case
            price_ticks = self._clearings[case.market].price_ticks
            allowed_lots = min(fill_lots, case.compute_max_fill(price_ticks))
            if not is_provable_fill(case, allowed_lots, price_ticks):
                del self._liquidations[rank]
            elif allowed_lots < fill_lots:
                liquidation.size_lots = allowed_lots
            else:
                continue
            self._dirty.add(case.market)
        return bool(self._dirty)

    def _reject_unmargined(self) -> bool:
        for account_id, fills in self._get_order_fills().items():
            before = self._workspace.get(account_id)
            try:
                after = self._apply(before, fills)
                self._check_close(account_id, before, after)
            except TxRejected as error:
                self._reject(_pick_culprit(before, fills), error)
        return bool(self._dirty)

    def _apply(self, account: Account, fills: Sequence[OrderFill]) -> Account:
        for fill in fills:
            order = fill.open_order.order
            price_ticks = self._clearings[order.market].price_ticks
            args = (fill.fill_lots, price_ticks, self._workspace.funding_index, self._workspace.params)
            account, _ = apply_order_fill(account, order, *args)
        return account

    def _check_close(self, account_id: int, before: Account, after: Account) -> None:
        opened, closed = self._workspace.compute_margin(before), self._workspace.compute_margin(after)
        if not is_valid_close(opened, closed, before.sizes_lots, after.sizes_lots):
            raise MarginInsufficient(account_id, closed.equity, closed.initial)
        if not is_provable_close(opened, closed):
            raise CloseNotProvable(account_id, closed.equity, opened.maintenance)

    def _hold_excess(self) -> bool:
        fills = self._get_order_fills()
        counts = [(liq.case.account, 1) for _, liq, _ in self._get_liquidation_fills()]
        counts += [(account, len(own)) for account, own in sorted(fills.items(), key=_get_first_rank)]
        chosen = choose_fitting(counts, self._capacities)
        excess = [fill.open_order.rank for account, own in fills.items() for fill in own[chosen.get(account, 0) :]]
        # Half at a time: with an order gone, its counterparties may find no lane necessary any more.
        self._hold(sorted(excess, reverse=True)[: (len(excess) + 1) // 2])
        return bool(self._dirty)

    def _hold(self, ranks: Iterable[int]) -> None:
        for rank in list(ranks):
            open_order = self._orders.pop(rank)
            self._waiting.append(open_order)
            self._dirty.add(open_order.order.market)

    def _reject(self, rank: int, error: TxRejected) -> None:
        open_order = self._orders.pop(rank)
        self._rejected.append((open_order.signed, error))
        self._dirty.add(open_order.order.market)


def _find_liquidations(workspace: Workspace, limit: int) -> dict[int, _Liquidation]:
    """Return up to `limit` liquidations by rank; ranks are negative: they come before every order."""
    params, fractions, marks_ticks = workspace.params, workspace.tick.fractions, workspace.marks_ticks
    found: list[_Liquidation] = []
    for account_id, margin in find_liquidatable(workspace.accounts, marks_ticks, workspace.funding_index, fractions):
        if len(found) == limit:
            break
        case = make_case(account_id, workspace.get(account_id).sizes_lots, margin, marks_ticks, fractions)
        entry = case and case.compute_entry(params.markets[case.market].band_ppm)
        if case and entry:
            found.append(_Liquidation(case, *entry))
    return {position - len(found): liquidation for position, liquidation in enumerate(found)}


def _pick_culprit(before: Account, fills: Sequence[OrderFill]) -> int:
    """Return the rank of the newest fill that does not close a position, else of the newest."""
    opening = [f for f in fills if before.sizes_lots[f.open_order.order.market] * f.open_order.order.direction >= 0]
    return (opening or fills)[-1].open_order.rank


def _get_first_rank(item: tuple[int, list[OrderFill]]) -> int:
    return item[1][0].open_order.rank
