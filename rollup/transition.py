"""The transition function: a state, oracle prices, orders and cash operations in; a trace and the next state out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from rollup.activity import Activity, count_activity
from rollup.admission import SentOrder, admit_orders
from rollup.cash_lanes import run_cash_lanes
from rollup.close import close_header
from rollup.errors import TxRejected
from rollup.matching import match_orders
from rollup.oracle import SignedPrices, pick_usable
from rollup.orders import SignedOrder
from rollup.params import Params
from rollup.quotes import SignedQuote
from rollup.shapes import Shape
from rollup.signature_cache import SignatureCache
from rollup.state import State
from rollup.tick import ClockNotRising, run_tick
from rollup.trace import BatchTrace, FundLaneTrace
from rollup.trade_lanes import LiquidationReport, OrderReport, TradeOutcome, run_trade_lanes
from rollup.txs import SignedCashOp
from rollup.units import ATOMS_PER_E6, FUND_ACCOUNT, TREASURY_ACCOUNT
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
    oracle: Sequence[SignedPrices],
    timestamp_s: int,
    orders: Sequence[SignedOrder | SignedQuote] = (),
    cash_ops: Sequence[SignedCashOp] = (),
    signatures: SignatureCache | None = None,
) -> BatchResult:
    """Return the next batch. Orders and quotes in arrival order, partly filled ones included as they were first sent.

    `oracle` may hold any messages: the newest usable one of each signer counts, and without a majority nothing trades.
    `signatures` remembers what is already verified. Everything in the trace satisfies the rules of docs/rules.md.
    Raises ClockNotRising; ValueOutOfRange for prices, time or open interest outside their bounds.
    """
    signatures = signatures or SignatureCache()
    usable = pick_usable(oracle, params, state.header.signer_times_s, timestamp_s, signatures)
    tick = run_tick(state.header, params, usable, timestamp_s)
    workspace = Workspace(state, params, tick, signatures)
    cash = run_cash_lanes(workspace, cash_ops, shape.cash_lanes)
    admitted, refused = admit_orders(workspace, orders)
    matched = match_orders(workspace, admitted, shape)
    trades = run_trade_lanes(workspace, matched, shape)
    fund_lane = _run_fund_lane(workspace, trades)
    activity = count_activity(cash.lanes, trades.trade_lanes + trades.quote_lanes, workspace.gross_change_lots)
    new_state = _close(workspace, matched.prices_ticks, activity)
    trace = BatchTrace(
        shape_name=shape.name,
        params=params,
        header_before=state.header,
        header_after=new_state.header,
        oracle=usable,
        clearing_prices_ticks=matched.prices_ticks,
        rationing=matched.rationing,
        cash_lanes=cash.lanes,
        rescue_lanes=(),
        trade_lanes=trades.trade_lanes,
        quote_lanes=trades.quote_lanes,
        fund_lane=fund_lane,
    )
    rejected: list[Rejection] = [*cash.rejected, *refused, *matched.rejected]
    done = (trades.fills, trades.liquidations)
    return BatchResult(trace, new_state, *done, tuple(rejected), matched.waiting, cash.waiting)


def _run_fund_lane(workspace: Workspace, trades: TradeOutcome) -> FundLaneTrace:
    fund, treasury = workspace.get(FUND_ACCOUNT), workspace.get(TREASURY_ACCOUNT)
    path = workspace.path(FUND_ACCOUNT)
    fund_due = trades.penalties_atoms
    fund_due += (workspace.base_fees_e6 + trades.base_fees_e6) * ATOMS_PER_E6 + workspace.rent_atoms + trades.rent_atoms
    treasury_due = trades.fees_atoms + trades.tips_e6 * ATOMS_PER_E6
    fund_after = fund.with_changes(cash_atoms=fund.cash_atoms + fund_due)
    treasury_after = treasury.with_changes(cash_atoms=treasury.cash_atoms + treasury_due)
    workspace.put(FUND_ACCOUNT, fund_after)
    workspace.put(TREASURY_ACCOUNT, treasury_after)
    return FundLaneTrace(fund, fund_after, treasury, treasury_after, path, None)


def _close(workspace: Workspace, prices_ticks: Sequence[int], activity: Activity) -> State:
    header = replace(
        close_header(workspace.tick, workspace.params, prices_ticks, activity),
        accounts_root=workspace.tree.root,
        queue_consumed=workspace.queue_consumed,
        vault_e6=workspace.vault_e6,
    )
    header.check()
    return State(header, workspace.tree, workspace.accounts)
