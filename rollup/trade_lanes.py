"""TradeLanes: one account's fills, or its one liquidation fill, at the clearing prices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rollup.liquidation import LiquidationCase, compute_penalty
from rollup.matching import Matched, OrderFill
from rollup.orders import Order
from rollup.settle import apply_liquidation_fill, apply_order_fill
from rollup.trace import FillTrace, LiquidationTrace, TradeLaneTrace
from rollup.units import FUND_ACCOUNT
from rollup.workspace import Workspace

__all__ = ["LiquidationReport", "OrderReport", "TradeOutcome", "run_trade_lanes"]


@dataclass(frozen=True)
class OrderReport:
    """One order fill, for people and tools."""

    order: Order
    fill_lots: int
    price_ticks: int
    fee_atoms: int


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

    lanes: tuple[TradeLaneTrace, ...]
    fills: tuple[OrderReport, ...]
    liquidations: tuple[LiquidationReport, ...]

    @property
    def fees_atoms(self) -> int:
        """Trading fees, due to the treasury."""
        return sum(fill.fee_atoms for fill in self.fills)

    @property
    def penalties_atoms(self) -> int:
        """Liquidation penalties, due to the insurance fund."""
        return sum(liquidation.penalty_atoms for liquidation in self.liquidations)


def run_trade_lanes(workspace: Workspace, matched: Matched, capacities: Sequence[int]) -> TradeOutcome:
    """Settle what was matched, lane by lane. Assumes that `match_orders` checked every account."""
    accounts = {lane: account for account, lane in matched.lanes.items()}
    lanes: list[TradeLaneTrace] = []
    fills: list[OrderReport] = []
    liquidations: list[LiquidationReport] = []
    for position, capacity in enumerate(capacities):
        account_id = accounts.get(position)
        if account_id is None:
            lanes.append(_make_unused(workspace, capacity))
        elif account_id in matched.liquidation_fills:
            case, lots = matched.liquidation_fills[account_id]
            lanes.append(_liquidate(workspace, capacity, case, lots, matched.prices_ticks, liquidations))
        else:
            own = matched.order_fills[account_id]
            lanes.append(_fill_orders(workspace, capacity, account_id, own, matched.prices_ticks, fills))
    return TradeOutcome(tuple(lanes), tuple(fills), tuple(liquidations))


def _fill_orders(
    workspace: Workspace,
    capacity: int,
    account_id: int,
    own: Sequence[OrderFill],
    prices_ticks: Sequence[int],
    reports: list[OrderReport],
) -> TradeLaneTrace:
    before = account = workspace.get(account_id)
    path, traces = workspace.path(account_id), []
    for fill in own:
        signed, price_ticks = fill.open_order.signed, prices_ticks[fill.open_order.order.market]
        order, slots = signed.order, account.orders
        traces.append(FillTrace(order, signed.signature, fill.fill_lots, slots.get(order.slot), slots.path(order.slot)))
        args = (fill.fill_lots, price_ticks, workspace.funding_index, workspace.params)
        account, fee_atoms = apply_order_fill(account, order, *args)
        reports.append(OrderReport(order, fill.fill_lots, price_ticks, fee_atoms))
    after = account.with_changes(last_touched_s=workspace.timestamp_s)
    workspace.put(account_id, after)
    return TradeLaneTrace(capacity, account_id, before, after, path, tuple(traces), None)


def _liquidate(
    workspace: Workspace,
    capacity: int,
    case: LiquidationCase,
    fill_lots: int,
    prices_ticks: Sequence[int],
    reports: list[LiquidationReport],
) -> TradeLaneTrace:
    account_id, market, price_ticks = case.account, case.market, prices_ticks[case.market]
    before, path = workspace.get(account_id), workspace.path(account_id)
    fee_ppm = workspace.params.markets[market].liquidation_fee_ppm
    equity_pre = case.compute_equity_pre(fill_lots, price_ticks)
    penalty_atoms = compute_penalty(fill_lots, price_ticks, fee_ppm, equity_pre)
    delta_lots = case.direction * fill_lots
    args = (market, delta_lots, price_ticks, workspace.funding_index, penalty_atoms)
    after = apply_liquidation_fill(before, *args).with_changes(last_touched_s=workspace.timestamp_s)
    standing = (case.margin.equity, case.margin.maintenance)
    reports.append(LiquidationReport(account_id, market, delta_lots, price_ticks, penalty_atoms, *standing))
    workspace.put(account_id, after)
    liquidation = LiquidationTrace(market, fill_lots, penalty_atoms)
    return TradeLaneTrace(capacity, account_id, before, after, path, (), liquidation)


def _make_unused(workspace: Workspace, capacity: int) -> TradeLaneTrace:
    account = workspace.get(FUND_ACCOUNT)
    return TradeLaneTrace(capacity, FUND_ACCOUNT, account, account, workspace.path(FUND_ACCOUNT), (), None)
