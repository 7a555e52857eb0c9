"""The transition function: a state, prices, orders and cash operations in; a trace and the next state out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from rollup.admission import admit_orders
from rollup.cash_lanes import run_cash_lanes
from rollup.errors import TxRejected
from rollup.fund import FundDues, compute_notional, run_fund_lane
from rollup.matching import match_orders
from rollup.orders import SignedOrder
from rollup.params import Params
from rollup.rescue_lanes import RescueOutcome, run_rescue_lanes
from rollup.shapes import Shape
from rollup.signature_cache import SignatureCache
from rollup.state import State
from rollup.tick import ClockNotRising, run_tick
from rollup.trace import BatchTrace
from rollup.trade_lanes import LiquidationReport, OrderReport, run_trade_lanes
from rollup.txs import SignedCashOp
from rollup.txs.forced_trade import ForcedTrade
from rollup.workspace import Workspace

__all__ = ["BatchResult", "ClockNotRising", "Rejection", "build_batch"]

Rejection: TypeAlias = tuple[SignedOrder | SignedCashOp, TxRejected]


@dataclass(frozen=True)
class BatchResult:
    """One batch: what is to be proved, the state after it, and what became of everything sent in.

    An order in none of `fills`, `rejected`, `waiting` found no price; it may be sent again, like those waiting.
    """

    trace: BatchTrace
    state: State
    fills: tuple[OrderReport, ...]
    liquidations: tuple[LiquidationReport, ...]
    rejected: tuple[Rejection, ...]
    waiting: tuple[SignedOrder, ...]
    waiting_cash: tuple[SignedCashOp, ...]
    rescue: RescueOutcome

    @property
    def is_idle(self) -> bool:
        """Whether nothing happened, so that there need be no batch."""
        has_cash = any(lane.op is not None for lane in self.trace.cash_lanes)
        has_trades = self.fills or self.liquidations or self.trace.fund_lane.fill
        return not (has_cash or self.rescue.rescues or self.rescue.forced_trades or has_trades)


def build_batch(
    state: State,
    params: Params,
    shape: Shape,
    *,
    marks_ticks: Sequence[int],
    timestamp_s: int,
    orders: Sequence[SignedOrder] = (),
    cash_ops: Sequence[SignedCashOp] = (),
    forced_trades: Sequence[ForcedTrade] = (),
    signatures: SignatureCache | None = None,
) -> BatchResult:
    """Return the next batch. Orders in arrival order, partly filled ones included as they were first sent.

    `forced_trades` are the entries that head the base layer's queue once those among `cash_ops` are consumed.
    `marks_ticks` may be shorter than 16: the other marks stay, and so does the funding index. `signatures`
    remembers what is already verified. Everything in the trace satisfies the rules of docs/architecture.md.
    Raises ClockNotRising; ValueOutOfRange for marks or time outside their bounds.
    """
    tick = run_tick(state.header, params, marks_ticks, timestamp_s)
    workspace = Workspace(state, params, tick, signatures or SignatureCache())
    cash = run_cash_lanes(workspace, cash_ops, shape.cash_lanes)
    rescue = run_rescue_lanes(workspace, forced_trades, shape.rescue_lanes)
    admitted, refused = admit_orders(workspace, orders)
    matched = match_orders(workspace, admitted, shape.trade_capacities, rescue.fund.sizes_lots)
    trades = run_trade_lanes(workspace, matched, shape.trade_capacities)
    dues = FundDues(
        penalties_atoms=trades.penalties_atoms,
        base_fees_e6=0,
        rent_atoms=rescue.rent_atoms,
        trading_fees_atoms=trades.fees_atoms,
        tips_e6=0,
    )
    fund_lane = run_fund_lane(workspace, rescue.fund, dues, matched.fund_fill, matched.prices_ticks)
    new_state = _close(workspace, compute_notional(matched.fund_fill, matched.prices_ticks))
    trace = BatchTrace(
        shape_name=shape.name,
        params=params,
        header_before=state.header,
        header_after=new_state.header,
        clearing_prices_ticks=matched.prices_ticks,
        cash_lanes=cash.lanes,
        rescue_lanes=rescue.lanes,
        trade_lanes=trades.lanes,
        fund_lane=fund_lane,
    )
    rejected: list[Rejection] = [*cash.rejected, *refused, *matched.rejected]
    done = (trades.fills, trades.liquidations)
    return BatchResult(trace, new_state, *done, tuple(rejected), matched.waiting, cash.waiting, rescue)


def _close(workspace: Workspace, fund_notional: int) -> State:
    resources = workspace.tick.header.resources
    header = replace(
        workspace.tick.header,
        accounts_root=workspace.tree.root,
        resources=replace(resources, fund_budget=resources.fund_budget - fund_notional),
        queue_consumed=workspace.queue_consumed,
        vault_e6=workspace.vault_e6,
    )
    header.check()
    return State(header, workspace.tree, workspace.accounts)
