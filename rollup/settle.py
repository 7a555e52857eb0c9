"""What one fill does to an account: position, cash, fee, and the order's slot."""

from __future__ import annotations

from collections.abc import Sequence

from rollup.accounts import Account
from rollup.margin import compute_fill_cash, compute_taker_fee
from rollup.orders import Order, pack_slot, unpack_slot
from rollup.params import Params
from rollup.rejections import OrderFilled, SlotNonceInvalid
from rollup.units import MAX_NONCE_STEP

__all__ = ["apply_liquidation_fill", "apply_order_fill", "get_remaining_lots"]


def get_remaining_lots(order: Order, account: Account) -> int:
    """Return what is left of the order, at least 1. Raises SlotNonceInvalid, OrderFilled."""
    filled_before = _get_filled_before(order, account)
    if filled_before >= order.size_lots:
        raise OrderFilled(order.account, order.slot, filled_before, order.size_lots)
    return order.size_lots - filled_before


def apply_order_fill(
    account: Account, order: Order, fill_lots: int, price_ticks: int, funding_index: Sequence[int], params: Params
) -> tuple[Account, int]:
    """Return the account after the fill and the fee it paid, in atoms.

    Assumes 1 <= fill <= what is left of the order. Raises ValueOutOfRange where size or cash would leave their bounds.
    """
    fee_atoms = compute_taker_fee(fill_lots, price_ticks, params.taker_fee_ppm[account.tier])
    slot = pack_slot(order.nonce, _get_filled_before(order, account) + fill_lots)
    moved = _move(account, order.market, order.direction * fill_lots, price_ticks, funding_index, fee_atoms)
    return moved.with_changes(orders=account.orders.set(order.slot, slot)), fee_atoms


def apply_liquidation_fill(
    account: Account, market: int, delta_lots: int, price_ticks: int, funding_index: Sequence[int], penalty_atoms: int
) -> Account:
    """Return the account after a liquidation fill of `delta_lots` and its penalty. Raises ValueOutOfRange."""
    return _move(account, market, delta_lots, price_ticks, funding_index, penalty_atoms)


def _move(
    account: Account, market: int, delta_lots: int, price_ticks: int, funding_index: Sequence[int], due_atoms: int
) -> Account:
    sizes = list(account.sizes_lots)
    sizes[market] += delta_lots
    received = compute_fill_cash(delta_lots, price_ticks, funding_index[market])
    return account.with_changes(sizes_lots=tuple(sizes), cash_atoms=account.cash_atoms + received - due_atoms)


def _get_filled_before(order: Order, account: Account) -> int:
    slot_nonce, filled_lots = unpack_slot(account.orders.get(order.slot))
    if not 0 <= order.nonce - slot_nonce <= MAX_NONCE_STEP:
        raise SlotNonceInvalid(order.account, order.slot, order.nonce, slot_nonce)
    return filled_lots if order.nonce == slot_nonce else 0
