"""The rules of one order's fill, as docs/rules.md words them, but for those of the whole auction (`audit_auction`)."""

from __future__ import annotations

from dataclasses import dataclass

from rollup.accounts import Account
from rollup.audit_rules import BatchRuleBroken, require
from rollup.errors import TxRejected
from rollup.orders import Order
from rollup.quotes import compute_quote_message
from rollup.rejections import EpochMismatch, OrderExpired, SignatureInvalid
from rollup.settle import FillDues, apply_order_fill, get_filled_lots
from rollup.signature import verify
from rollup.trace import BatchTrace, FillTrace, TradeLaneTrace

__all__ = ["PlacedFill", "audit_order_fill", "audit_quote", "audit_slot"]


@dataclass(frozen=True)
class PlacedFill:
    """A fill as the auction must judge it: where it stands in the batch, and what could have traded of its order."""

    where: str
    position: int
    order: Order
    remaining_lots: int
    fill_lots: int


def audit_order_fill(
    trace: BatchTrace, lane: TradeLaneTrace, account: Account, fill: FillTrace, position: int, where: str
) -> tuple[Account, FillDues, PlacedFill]:
    """Return the account after the fill, what it paid, and what the auction must know. Raises BatchRuleBroken."""
    order = fill.order
    require(order.account == lane.account_id, where, "order_names_account", order.account, lane.account_id)
    audit_slot(account, order.slot, fill.slot_before, fill.slot_path, where)
    try:
        order.check()
        _audit_is_live(trace, lane, account, fill, where)
        filled_lots = get_filled_lots(order, account)
        remaining_lots = _compute_remaining(order, filled_lots, account, where)
        # before the fill is applied: a larger one need not fit the order's slot
        is_within = 1 <= fill.fill_lots <= remaining_lots
        require(is_within, where, "fill_size", fill.fill_lots, f"1 to {remaining_lots}")
        price_ticks = trace.clearing_prices_ticks[order.market]
        after, dues = apply_order_fill(account, order, fill.fill_lots, price_ticks, trace.tick, trace.params)
    except TxRejected as error:
        raise BatchRuleBroken(where, error.code, str(error), "an order that may trade") from error
    _audit_flags(trace, order, where)
    charged = dues.charge.fee_e6
    require(charged <= order.max_fee_e6, where, "order_fee_within_maximum", charged, f"at most {order.max_fee_e6}")
    return after, dues, PlacedFill(where, position, order, remaining_lots, fill.fill_lots)


def audit_quote(trace: BatchTrace, lane: TradeLaneTrace, where: str) -> None:
    """Raise BatchRuleBroken unless the account signed the sixteen messages, and each fill's order is its place's."""
    quote = lane.quote
    assert quote is not None
    message = compute_quote_message(trace.params.domain, lane.account_id, quote.order_messages)
    is_signed = verify(lane.before.key, message, quote.signature)
    require(is_signed, where, "quote_is_signed", "another signature", f"that of account {lane.account_id}")


def audit_slot(
    account: Account, slot: int, slot_before: int, slot_path: tuple[tuple[int, ...], ...], where: str
) -> None:
    """Raise BatchRuleBroken unless the slot's value and path are those of the account."""
    require(account.orders.get(slot) == slot_before, where, "slot_before", slot_before, account.orders.get(slot))
    require(account.orders.path(slot) == slot_path, where, "slot_path", "another path", "that of the slot")


def _audit_is_live(trace: BatchTrace, lane: TradeLaneTrace, account: Account, fill: FillTrace, where: str) -> None:
    order, timestamp_s = fill.order, trace.header_after.timestamp_s
    if order.epoch != account.epoch:
        raise EpochMismatch(order.account, order.epoch, account.epoch)
    if order.expiry_s < timestamp_s:
        raise OrderExpired(order.account, order.expiry_s, timestamp_s)
    message = order.message(trace.params.domain)
    if lane.quote is not None:
        quoted = lane.quote.order_messages[fill.place]
        require(message == quoted, where, "order_is_quoted", hex(message), hex(quoted))
    elif fill.signature is None or not verify(account.key, message, fill.signature):
        raise SignatureInvalid(order.account, message)


def _compute_remaining(order: Order, filled_lots: int, account: Account, where: str) -> int:
    """Return what may trade of the order where it stands."""
    remaining_lots, position_lots = order.size_lots - filled_lots, account.sizes_lots[order.market]
    if not order.is_reduce_only:
        return remaining_lots
    reduces = position_lots > 0 if order.side else position_lots < 0
    require(reduces, where, "reduce_only_reduces", position_lots, "a position on the other side")
    return min(remaining_lots, abs(position_lots))


def _audit_flags(trace: BatchTrace, order: Order, where: str) -> None:
    mark_ticks = trace.header_after.marks_ticks[order.market]
    is_passive = order.limit_ticks > mark_ticks if order.side else order.limit_ticks < mark_ticks
    is_allowed = is_passive or not order.is_post_only
    require(is_allowed, where, "post_only_is_passive", order.limit_ticks, f"away from the mark {mark_ticks}")
