"""Reads out of a batch's result what its outcome says: fills, what left the book, what crossed the bridge."""

from __future__ import annotations

from collections.abc import Iterator

from rollup.orders import Order, SignedOrder
from rollup.quotes import QuotedOrder, SignedQuote
from rollup.rescue import ForcedTradeLeg
from rollup.rescue_lanes import RescueReport
from rollup.trace import BatchTrace
from rollup.trade_lanes import LiquidationReport, OrderReport
from rollup.transition import BatchResult
from rollup.txs import QueueEntry, SignedCashOp
from sequencer.node.outcome import ClosedOrder, Fill, Rescue, SealedBatch

__all__ = ["list_refused", "list_refused_cash", "seal_batch"]

_SUPERSEDED = "order_superseded"  # says nothing of the order that rests


def seal_batch(result: BatchResult, old_state_root: int) -> SealedBatch:
    """Return a batch in figures, with what it changed."""
    fills = [_spell_fill(report) for report in result.fills]
    fills += [_spell_liquidation(report) for report in result.liquidations]
    trace = result.trace
    return SealedBatch(
        old_state_root=old_state_root,
        header=result.state.header,
        changed=tuple(sorted(result.changed.items())),
        fills=tuple(fills),
        prices_ticks=trace.clearing_prices_ticks,
        applied=tuple(_list_applied(trace)),
        cash_ops=sum(lane.op is not None for lane in trace.cash_lanes),
        rescues=len(result.rescue.rescues),
        rescued=tuple(map(_spell_rescue, result.rescue.rescues)),
    )


def list_refused(result: BatchResult) -> Iterator[ClosedOrder]:
    """Yield the orders that the batch refused, with the code of the error."""
    for sent, error in result.rejected:
        if isinstance(sent, SignedCashOp) or error.code == _SUPERSEDED:
            continue
        for order in _list_orders(sent):
            yield ClosedOrder(order.account, order.slot, order.nonce, error.code)


def list_refused_cash(result: BatchResult) -> Iterator[tuple[SignedCashOp, str]]:
    """Yield the cash operations that the batch refused, with the code of the error."""
    for sent, error in result.rejected:
        if isinstance(sent, SignedCashOp):
            yield sent, error.code


def _list_orders(sent: SignedOrder | QuotedOrder | SignedQuote) -> list[Order]:
    return [part.order for part in sent.quoted_orders] if isinstance(sent, SignedQuote) else [sent.order]


def _list_applied(trace: BatchTrace) -> Iterator[bool]:
    """Yield of each entry consumed whether it was applied, in the queue's order, which is that of the lanes."""
    for cash in trace.cash_lanes:
        if isinstance(cash.op, QueueEntry):
            yield cash.is_applied
    for rescue in trace.rescue_lanes:
        if isinstance(rescue.op, ForcedTradeLeg) and not rescue.op.leg.is_second:
            yield rescue.op.is_applied


def _spell_rescue(report: RescueReport) -> Rescue:
    counterparties = tuple(dict.fromkeys(taking.account for taking in report.counterparties))
    return Rescue(report.account, report.sizes_lots, report.equity_atoms, counterparties)


def _spell_fill(report: OrderReport) -> Fill:
    order, dues = report.order, report.dues
    return Fill(
        account=order.account,
        market=order.market,
        side=order.side,
        slot=order.slot,
        nonce=order.nonce,
        size_lots=report.fill_lots,
        price_ticks=report.price_ticks,
        charge_atoms=dues.charge.atoms,
        trading_fee_atoms=dues.trading_fee_atoms,
        is_liquidation=False,
    )


def _spell_liquidation(report: LiquidationReport) -> Fill:
    return Fill(
        account=report.account,
        market=report.market,
        side=int(report.delta_lots < 0),
        slot=0,
        nonce=0,
        size_lots=abs(report.delta_lots),
        price_ticks=report.price_ticks,
        charge_atoms=0,
        trading_fee_atoms=report.penalty_atoms,
        is_liquidation=True,
    )
