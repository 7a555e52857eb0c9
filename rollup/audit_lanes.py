"""The rules of single lanes, checked on a trace as docs/architecture.md words them: no closed forms, no shortcuts.

`build_batch` finds what may trade; these functions know nothing of how it does so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from rollup.accounts import Account
from rollup.errors import BatchInvalid, TxRejected
from rollup.liquidation import compute_penalty, find_largest_markets
from rollup.margin import Margin, compute_margin, is_healthier, is_valid_close
from rollup.rejections import EpochMismatch, OrderExpired, SignatureInvalid
from rollup.settle import apply_liquidation_fill, apply_order_fill, get_remaining_lots
from rollup.signature import verify
from rollup.trace import BatchTrace, CashLaneTrace, FillTrace, TradeLaneTrace
from rollup.txs import Cancel, Deposit, Withdraw
from rollup.txs.withdraw import check_withdraw_margin
from rollup.units import FIRST_USER_ACCOUNT

__all__ = ["BatchRuleBroken", "audit_cash_lane", "audit_trade_lane", "require"]


@dataclass(eq=False)
class BatchRuleBroken(BatchInvalid):
    """A batch breaks a rule; `rule` is a stable name."""

    code = "batch_rule_broken"
    where: str
    rule: str
    got: str
    expected: str

    def __str__(self) -> str:
        return f"{self.where}: {self.rule}: got {self.got}, expected {self.expected}"


def require(is_met: bool, where: str, rule: str, got: object, expected: object) -> None:
    """Raise BatchRuleBroken unless the rule is met."""
    if not is_met:
        raise BatchRuleBroken(where, rule, str(got), str(expected))


def audit_cash_lane(trace: BatchTrace, lane: CashLaneTrace, where: str) -> None:
    """Raise BatchRuleBroken unless the operation is allowed and does exactly its effect."""
    op = lane.op
    if op is None:
        require(lane.before == lane.after, where, "unused_lane_changes_nothing", "a change", "none")
        return
    require(op.account == lane.account_id, where, "operation_names_account", op.account, lane.account_id)
    try:
        op.check(lane.before)
        if not isinstance(op, Deposit):
            _audit_signature(trace, lane, op)
        after = op.apply(lane.before).with_changes(last_touched_s=trace.header_after.timestamp_s)
        if isinstance(op, Withdraw):
            check_withdraw_margin(op.account, _compute_margin(trace, after))
    except TxRejected as error:
        raise BatchRuleBroken(where, error.code, str(error), "an operation that is allowed") from error
    require(after == lane.after, where, "operation_effect", "another account", "what the operation leaves")
    slot = op.slot if isinstance(op, Cancel) else 0
    _audit_slot(lane.before, slot, lane.slot_before, lane.slot_path, where)


def audit_trade_lane(trace: BatchTrace, lane: TradeLaneTrace, where: str) -> tuple[int, int]:
    """Return (fees, penalty) of the lane in atoms. Raises BatchRuleBroken."""
    require(len(lane.fills) <= lane.capacity, where, "lane_capacity", len(lane.fills), f"at most {lane.capacity}")
    if lane.liquidation is not None:
        require(not lane.fills, where, "liquidation_alone", len(lane.fills), "no orders beside it")
        return 0, _audit_liquidation(trace, lane, where)
    if not lane.fills:
        require(lane.before == lane.after, where, "unused_lane_changes_nothing", "a change", "none")
        return 0, 0
    account, fees_atoms = lane.before, 0
    for position, fill in enumerate(lane.fills):
        account, fee_atoms = _audit_fill(trace, lane, account, fill, f"{where}.fills[{position}]")
        fees_atoms += fee_atoms
    opened, closed = _compute_margin(trace, lane.before), _compute_margin(trace, account)
    is_valid = is_valid_close(opened, closed, lane.before.sizes_lots, account.sizes_lots)
    require(is_valid, where, "margin_at_close", closed.equity, f"at least {closed.initial}, or only reducing")
    _require_after(trace, lane, account, where)
    return fees_atoms, 0


def _audit_signature(trace: BatchTrace, lane: CashLaneTrace, op: Withdraw | Cancel) -> None:
    message = op.message(trace.params.domain)
    if lane.signature is None or not verify(lane.before.key, message, lane.signature):
        raise SignatureInvalid(op.account, message)


def _audit_fill(
    trace: BatchTrace, lane: TradeLaneTrace, account: Account, fill: FillTrace, where: str
) -> tuple[Account, int]:
    order, price_ticks = fill.order, trace.clearing_prices_ticks[fill.order.market]
    require(order.account == lane.account_id, where, "order_names_account", order.account, lane.account_id)
    _audit_slot(account, order.slot, fill.slot_before, fill.slot_path, where)
    try:
        order.check()
        _audit_order_is_live(trace, account, fill)
        remaining_lots = get_remaining_lots(order, account)
        # before the fill is applied: a larger one need not fit the order's slot
        require(1 <= fill.fill_lots <= remaining_lots, where, "fill_size", fill.fill_lots, f"1 to {remaining_lots}")
        args = (fill.fill_lots, price_ticks, trace.header_after.funding_index, trace.params)
        after = apply_order_fill(account, order, *args)
    except TxRejected as error:
        raise BatchRuleBroken(where, error.code, str(error), "an order that may trade") from error
    better_by = order.direction * (order.limit_ticks - price_ticks)
    require(better_by >= 0, where, "limit_respected", price_ticks, f"no worse than {order.limit_ticks}")
    is_complete = better_by == 0 or fill.fill_lots == remaining_lots
    require(is_complete, where, "better_order_is_full", fill.fill_lots, remaining_lots)
    return after


def _audit_order_is_live(trace: BatchTrace, account: Account, fill: FillTrace) -> None:
    order, timestamp_s = fill.order, trace.header_after.timestamp_s
    if order.epoch != account.epoch:
        raise EpochMismatch(order.account, order.epoch, account.epoch)
    if order.expiry_s < timestamp_s:
        raise OrderExpired(order.account, order.expiry_s, timestamp_s)
    message = order.message(trace.params.domain)
    if not verify(account.key, message, fill.signature):
        raise SignatureInvalid(order.account, message)


def _audit_liquidation(trace: BatchTrace, lane: TradeLaneTrace, where: str) -> int:
    liquidation, before = lane.liquidation, lane.before
    assert liquidation is not None
    market, fill_lots = liquidation.market, liquidation.fill_lots
    size_lots, opened = before.sizes_lots[market], _compute_margin(trace, before)
    require(lane.account_id >= FIRST_USER_ACCOUNT, where, "liquidation_of_a_user", lane.account_id, "2 or more")
    is_unhealthy = opened.equity < opened.maintenance
    require(is_unhealthy, where, "liquidation_below_maintenance", opened.equity, f"below {opened.maintenance}")
    largest = find_largest_markets(before.sizes_lots, trace.header_after.marks_ticks, trace.tick.fractions)
    require(market in largest, where, "liquidation_market", market, f"one of {largest}")
    require(1 <= fill_lots <= abs(size_lots), where, "liquidation_closes", fill_lots, f"1 to {abs(size_lots)}")
    unpunished = _close_lots(trace, before, market, fill_lots)
    closed = _compute_margin(trace, unpunished)
    require(is_healthier(opened, closed), where, "liquidation_health", closed.equity, "no worse health")
    one_less = _compute_margin(trace, _close_lots(trace, before, market, fill_lots - 1))
    require(one_less.equity < one_less.initial, where, "liquidation_size", fill_lots, "no more than needed")
    price_ticks, fee_ppm = trace.clearing_prices_ticks[market], trace.params.markets[market].liquidation_fee_ppm
    penalty_atoms = compute_penalty(fill_lots, price_ticks, fee_ppm, closed.equity)
    is_exact = liquidation.penalty_atoms == penalty_atoms
    require(is_exact, where, "liquidation_penalty", liquidation.penalty_atoms, penalty_atoms)
    _require_after(trace, lane, replace(unpunished, cash_atoms=unpunished.cash_atoms - penalty_atoms), where)
    return penalty_atoms


def _close_lots(trace: BatchTrace, account: Account, market: int, fill_lots: int) -> Account:
    """Return the account after closing some of its position at the clearing price, without penalty."""
    delta_lots = -fill_lots if account.sizes_lots[market] > 0 else fill_lots
    price_ticks = trace.clearing_prices_ticks[market]
    return apply_liquidation_fill(account, market, delta_lots, price_ticks, trace.header_after.funding_index, 0)


def _compute_margin(trace: BatchTrace, account: Account) -> Margin:
    prices = (trace.header_after.marks_ticks, trace.header_after.funding_index)
    return compute_margin(account.cash_atoms, account.sizes_lots, *prices, trace.tick.fractions)


def _require_after(trace: BatchTrace, lane: TradeLaneTrace, account: Account, where: str) -> None:
    expected = replace(account, last_touched_s=trace.header_after.timestamp_s)
    require(lane.after == expected, where, "fills_effect", "another account", "what the fills leave")


def _audit_slot(
    account: Account, slot: int, slot_before: int, slot_path: tuple[tuple[int, ...], ...], where: str
) -> None:
    require(account.orders.get(slot) == slot_before, where, "slot_before", slot_before, account.orders.get(slot))
    require(account.orders.path(slot) == slot_path, where, "slot_path", "another path", "that of the slot")
