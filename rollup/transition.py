"""The transition function: a state, prices, orders and cash operations in; a trace and the next state out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from rollup.admission import admit_orders
from rollup.cash_lanes import run_cash_lanes
from rollup.errors import BatchInvalid, TxRejected
from rollup.matching import match_orders
from rollup.orders import SignedOrder
from rollup.params import Params
from rollup.shapes import Shape
from rollup.signature_cache import SignatureCache
from rollup.state import State, StateHeader
from rollup.trace import BatchTrace, FundLaneTrace
from rollup.trade_lanes import LiquidationReport, OrderReport, TradeOutcome, run_trade_lanes
from rollup.txs import SignedCashOp
from rollup.units import FUND_ACCOUNT, TREASURY_ACCOUNT
from rollup.workspace import Workspace

__all__ = ["BatchResult", "ClockNotRising", "Rejection", "build_batch"]

Rejection: TypeAlias = tuple[SignedOrder | SignedCashOp, TxRejected]


@dataclass(eq=False)
class ClockNotRising(BatchInvalid):
    """A batch's timestamp does not come after that of the batch before."""

    code = "clock_not_rising"
    timestamp_s: int
    previous_s: int

    def __str__(self) -> str:
        return f"timestamp {self.timestamp_s} s does not come after {self.previous_s} s"


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

    @property
    def is_idle(self) -> bool:
        """Whether nothing happened, so that there need be no batch."""
        has_cash = any(lane.op is not None for lane in self.trace.cash_lanes)
        return not (has_cash or self.fills or self.liquidations)


def build_batch(
    state: State,
    params: Params,
    shape: Shape,
    *,
    marks_ticks: Sequence[int],
    timestamp_s: int,
    orders: Sequence[SignedOrder] = (),
    cash_ops: Sequence[SignedCashOp] = (),
    signatures: SignatureCache | None = None,
) -> BatchResult:
    """Return the next batch. Orders in arrival order, partly filled ones included as they were first sent.

    `marks_ticks` may be shorter than 16: the other marks stay, and so does the funding index. `signatures`
    remembers what is already verified. Everything in the trace satisfies the rules of docs/architecture.md.
    Raises ClockNotRising; ValueOutOfRange for marks or time outside their bounds.
    """
    header = _tick(state.header, marks_ticks, timestamp_s)
    prices = (header.marks_ticks, header.funding_index)
    workspace = Workspace(state, params, *prices, timestamp_s, signatures or SignatureCache())
    cash = run_cash_lanes(workspace, cash_ops, shape.cash_lanes)
    admitted, refused = admit_orders(workspace, orders)
    matched = match_orders(workspace, admitted, shape.trade_capacities)
    trades = run_trade_lanes(workspace, matched, shape.trade_capacities)
    fund_lane = _run_fund_lane(workspace, trades)
    new_state = _close(workspace, header)
    trace = BatchTrace(
        shape_name=shape.name,
        params=params,
        header_before=state.header,
        header_after=new_state.header,
        clearing_prices_ticks=matched.prices_ticks,
        cash_lanes=cash.lanes,
        rescue_lanes=(),
        trade_lanes=trades.lanes,
        fund_lane=fund_lane,
    )
    rejected: list[Rejection] = [*cash.rejected, *refused, *matched.rejected]
    done = (trades.fills, trades.liquidations)
    return BatchResult(trace, new_state, *done, tuple(rejected), matched.waiting, cash.waiting)


def _tick(header: StateHeader, marks_ticks: Sequence[int], timestamp_s: int) -> StateHeader:
    """Return the header the batch opens with: new prices and time, the rest still as before."""
    if timestamp_s <= header.timestamp_s:
        raise ClockNotRising(timestamp_s, header.timestamp_s)
    ticked = replace(
        header,
        marks_ticks=(*marks_ticks, *header.marks_ticks[len(marks_ticks) :]),
        timestamp_s=timestamp_s,
        batch_number=header.batch_number + 1,
    )
    ticked.check()
    return ticked


def _run_fund_lane(workspace: Workspace, trades: TradeOutcome) -> FundLaneTrace:
    fund, treasury = workspace.get(FUND_ACCOUNT), workspace.get(TREASURY_ACCOUNT)
    path = workspace.path(FUND_ACCOUNT)
    fund_after = fund.with_changes(cash_atoms=fund.cash_atoms + trades.penalties_atoms)
    treasury_after = treasury.with_changes(cash_atoms=treasury.cash_atoms + trades.fees_atoms)
    workspace.put(FUND_ACCOUNT, fund_after)
    workspace.put(TREASURY_ACCOUNT, treasury_after)
    return FundLaneTrace(fund, fund_after, treasury, treasury_after, path, None)


def _close(workspace: Workspace, ticked: StateHeader) -> State:
    header = replace(
        ticked,
        accounts_root=workspace.tree.root,
        deposits_consumed=workspace.deposits_consumed,
        vault_e6=workspace.vault_e6,
    )
    header.check()
    return State(header, workspace.tree, workspace.accounts)
