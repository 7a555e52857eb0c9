"""The transition function: a state, oracle prices, orders and cash operations in; a trace and the next state out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from rollup.accounts import Account
from rollup.activity import count_activity
from rollup.admission import SentOrder, admit_orders
from rollup.auction import Reach
from rollup.cash_lanes import run_cash_lanes
from rollup.close import close_state
from rollup.errors import TxRejected
from rollup.fund import compute_notional, run_fund_lane, sum_dues
from rollup.matching import match_orders
from rollup.oracle import SignedPrices, pick_usable
from rollup.orders import SignedOrder
from rollup.params import Params
from rollup.quotes import SignedQuote
from rollup.rescue_lanes import RescueOutcome, run_rescue_lanes
from rollup.risk_view import RiskView
from rollup.shapes import Shape
from rollup.signature_cache import SignatureCache
from rollup.state import State
from rollup.tick import ClockNotRising, run_tick
from rollup.trace import BatchTrace
from rollup.trade_lanes import LiquidationReport, OrderReport, run_trade_lanes
from rollup.txs import SignedCashOp
from rollup.workspace import Workspace

__all__ = ["BatchResult", "ClockNotRising", "Rejection", "build_batch"]

Rejection: TypeAlias = tuple[SentOrder | SignedQuote | SignedCashOp, TxRejected]


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
    waiting: tuple[SentOrder, ...]
    waiting_cash: tuple[SignedCashOp, ...]
    rescue: RescueOutcome
    reach: tuple[Reach, ...]  # by market: orders beyond it changed nothing, whether they were sent or not
    changed: Mapping[int, Account]  # the accounts that are no longer what they were

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
    oracle: Sequence[SignedPrices],
    timestamp_s: int,
    orders: Sequence[SignedOrder | SignedQuote] = (),
    cash_ops: Sequence[SignedCashOp] = (),
    signatures: SignatureCache | None = None,
    risk: RiskView | None = None,
) -> BatchResult:
    """Return the next batch. Orders and quotes in arrival order, partly filled ones included as they were first sent.

    `oracle` may hold any messages: the newest usable one of each signer counts, and without a majority nothing trades.
    `signatures` remembers what is already verified; `risk` knows the state's accounts (`rollup/risk_view.py`), which
    without it are all looked at. Everything in the trace satisfies the rules of docs/rules.md.
    Raises ClockNotRising; ValueOutOfRange for prices, time or open interest outside their bounds.
    """
    signatures = signatures or SignatureCache()
    usable = pick_usable(oracle, params, state.header.signer_times_s, timestamp_s, signatures)
    tick = run_tick(state.header, params, usable, timestamp_s)
    workspace = Workspace(state, params, tick, signatures, risk)
    cash = run_cash_lanes(workspace, cash_ops, shape.cash_lanes)
    rescue = run_rescue_lanes(workspace, cash.next_forced_trades, shape.rescue_lanes)
    admitted, refused = admit_orders(workspace, orders)
    matched = match_orders(workspace, admitted, shape, rescue.fund.sizes_lots)
    trades = run_trade_lanes(workspace, matched, shape)
    dues = sum_dues(workspace, trades.dues, rescue.rent_atoms)
    fund_lane = run_fund_lane(workspace, rescue.fund, dues, matched.fund_fill, matched.prices_ticks)
    order_lanes = trades.trade_lanes + trades.quote_lanes
    activity = count_activity(cash.lanes, rescue.lanes, order_lanes, fund_lane, workspace.gross_change_lots)
    spent = compute_notional(matched.fund_fill, matched.prices_ticks)
    new_state = close_state(workspace, matched.prices_ticks, activity, spent)
    trace = BatchTrace(
        shape_name=shape.name,
        params=params,
        header_before=state.header,
        header_after=new_state.header,
        oracle=usable,
        clearing_prices_ticks=matched.prices_ticks,
        rationing=matched.rationing,
        cash_lanes=cash.lanes,
        rescue_lanes=rescue.lanes,
        trade_lanes=trades.trade_lanes,
        quote_lanes=trades.quote_lanes,
        fund_lane=fund_lane,
    )
    rejected: list[Rejection] = [*cash.rejected, *refused, *matched.rejected]
    done = (trades.fills, trades.liquidations)
    settled = {id(report.trade) for report in rescue.forced_trades}
    waiting_cash = tuple(signed for signed in cash.waiting if id(signed.op) not in settled)
    waiting = (matched.waiting, waiting_cash)
    return BatchResult(trace, new_state, *done, tuple(rejected), *waiting, rescue, matched.reach, workspace.changed)
