"""TradeLanes and QuoteLanes: one account's fills, or its one liquidation fill, at the clearing prices."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import starmap

from rollup.accounts import Account
from rollup.fund import TradingDues
from rollup.liquidation import LiquidationCase
from rollup.matching import Matched
from rollup.orders import Order, SignedOrder
from rollup.quotes import QuotedOrder
from rollup.rent import charge_rent
from rollup.settle import FillDues, settle_liquidation
from rollup.shapes import Shape
from rollup.trace import FillTrace, LiquidationTrace, QuoteTrace, TradeLaneTrace
from rollup.turns import OrderFill, apply_fills
from rollup.units import FUND_ACCOUNT
from rollup.workspace import Workspace

__all__ = ["LiquidationReport", "OrderReport", "TradeOutcome", "run_trade_lanes"]


@dataclass(frozen=True)
class OrderReport:
    """One order fill, for people and tools."""

    order: Order
    fill_lots: int
    price_ticks: int
    dues: FillDues


@dataclass(frozen=True)
class LiquidationReport:
    """One liquidation fill, for people and tools."""

    account: int
    market: int
    delta_lots: int  # negative: a long was sold
    price_ticks: int
    penalty_atoms: int
    equity_before_atoms: int
    maintenance_before_atoms: int


@dataclass(frozen=True)
class TradeOutcome:
    """The lanes in the shape's order, the fills, and what accounts 1 and 0 are due."""

    trade_lanes: tuple[TradeLaneTrace, ...]
    quote_lanes: tuple[TradeLaneTrace, ...]
    fills: tuple[OrderReport, ...]
    liquidations: tuple[LiquidationReport, ...]
    rent_atoms: int

    @property
    def dues(self) -> TradingDues:
        """What accounts 1 and 0 are due of it."""
        penalties_atoms = sum(liquidation.penalty_atoms for liquidation in self.liquidations)
        return TradingDues([fill.dues for fill in self.fills], penalties_atoms, self.rent_atoms)


def run_trade_lanes(workspace: Workspace, matched: Matched, shape: Shape) -> TradeOutcome:
    """Settle what was matched, lane by lane. Assumes that `match_orders` checked every account."""
    desk = _Desk(workspace, matched)
    lanes = tuple(starmap(desk.run_lane, enumerate(shape.order_capacities)))
    n_trade = len(shape.trade_capacities)
    reports = (tuple(desk.fills), tuple(desk.liquidations))
    return TradeOutcome(lanes[:n_trade], lanes[n_trade:], *reports, desk.rent_atoms)


class _Desk:
    """Runs lanes one by one and keeps what they report."""

    def __init__(self, workspace: Workspace, matched: Matched) -> None:
        self.fills: list[OrderReport] = []
        self.liquidations: list[LiquidationReport] = []
        self.rent_atoms = 0
        self._workspace = workspace
        self._matched = matched

    def run_lane(self, lane: int, capacity: int) -> TradeLaneTrace:
        """Return the trace of a lane, the account moved on."""
        if lane in self._matched.liquidation_fills:
            return self._liquidate(capacity, *self._matched.liquidation_fills[lane])
        if lane in self._matched.order_fills:
            return self._fill_orders(capacity, self._matched.order_fills[lane])
        account, path = self._workspace.get(FUND_ACCOUNT), self._workspace.path(FUND_ACCOUNT)
        return TradeLaneTrace(capacity, FUND_ACCOUNT, account, account, path, (), None)

    def _fill_orders(self, capacity: int, own: tuple[OrderFill, ...]) -> TradeLaneTrace:
        workspace, account_id = self._workspace, own[0].open_order.order.account
        before, path = workspace.get(account_id), workspace.path(account_id)
        account, rent_atoms = charge_rent(before, workspace.tick)
        traces = []
        for fill in own:
            order = fill.open_order.order
            traces.append(_trace_fill(fill, account))
            account, (dues,) = apply_fills(workspace, account, (fill,), self._matched.prices_ticks)
            price_ticks = self._matched.prices_ticks[order.market]
            self.fills.append(OrderReport(order, fill.fill_lots, price_ticks, dues))
        self.rent_atoms += rent_atoms
        workspace.put(account_id, account)
        quote = _trace_quote(own[0], workspace.params.domain)
        return TradeLaneTrace(capacity, account_id, before, account, path, tuple(traces), None, quote)

    def _liquidate(self, capacity: int, case: LiquidationCase, fill_lots: int) -> TradeLaneTrace:
        workspace, account_id, market = self._workspace, case.account, case.market
        price_ticks = self._matched.prices_ticks[market]
        before, path = workspace.get(account_id), workspace.path(account_id)
        opened, rent_atoms = charge_rent(before, workspace.tick)
        delta_lots, tick = case.direction * fill_lots, workspace.tick
        after, penalty_atoms = settle_liquidation(opened, market, delta_lots, price_ticks, tick, workspace.params)
        self.rent_atoms += rent_atoms
        standing = (case.margin.equity, case.margin.maintenance)
        report = LiquidationReport(account_id, market, delta_lots, price_ticks, penalty_atoms, *standing)
        self.liquidations.append(report)
        workspace.put(account_id, after)
        liquidation = LiquidationTrace(market, fill_lots, penalty_atoms)
        return TradeLaneTrace(capacity, account_id, before, after, path, (), liquidation)


def _trace_fill(fill: OrderFill, account: Account) -> FillTrace:
    sent, slots = fill.open_order.sent, account.orders
    signature = sent.signature if isinstance(sent, SignedOrder) else None
    slot = sent.order.slot
    return FillTrace(sent.order, fill.place, signature, fill.fill_lots, slots.get(slot), slots.path(slot))


def _trace_quote(fill: OrderFill, domain: int) -> QuoteTrace | None:
    sent = fill.open_order.sent
    if not isinstance(sent, QuotedOrder):
        return None
    return QuoteTrace(sent.signed.quote.order_messages(domain), sent.signed.signature)
