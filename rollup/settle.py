"""What one fill does to an account: position, cash, what it pays, and the order's slot."""

from __future__ import annotations

from typing import NamedTuple

from rollup.accounts import Account
from rollup.fees import OrderCharge, compute_fee_rate_ppm, compute_order_charge, compute_trading_fee
from rollup.margin import compute_fill_cash
from rollup.orders import Order, compute_slot_after, unpack_slot
from rollup.params import Params
from rollup.rejections import OrderFilled, SlotNonceInvalid
from rollup.tick import Tick
from rollup.units import MAX_NONCE_STEP

__all__ = ["FillDues", "apply_liquidation_fill", "apply_order_fill", "get_filled_lots"]


class FillDues(NamedTuple):
    """What one fill of an order pays: a trading fee in atoms, negative for a rebate, and the order's charge."""

    trading_fee_atoms: int
    charge: OrderCharge

    @property
    def atoms(self) -> int:
        """All of it, in atoms."""
        return self.trading_fee_atoms + self.charge.atoms


def get_filled_lots(order: Order, account: Account) -> int:
    """Return how much of the order was filled before, less than its size. Raises SlotNonceInvalid, OrderFilled."""
    slot_nonce, filled_lots = unpack_slot(account.orders.get(order.slot))
    if not 0 <= order.nonce - slot_nonce <= MAX_NONCE_STEP:
        raise SlotNonceInvalid(order.account, order.slot, order.nonce, slot_nonce)
    if order.nonce != slot_nonce:
        return 0
    if filled_lots >= order.size_lots:
        raise OrderFilled(order.account, order.slot, filled_lots, order.size_lots)
    return filled_lots


def apply_order_fill(
    account: Account, order: Order, fill_lots: int, price_ticks: int, tick: Tick, params: Params
) -> tuple[Account, FillDues]:
    """Return the account after the fill and what it paid. Assumes 1 <= fill <= what may still trade of the order.

    Raises SlotNonceInvalid, OrderFilled; ValueOutOfRange where size or cash would leave their bounds.
    """
    filled_lots = get_filled_lots(order, account)
    rate_ppm = compute_fee_rate_ppm(order, account.tier, params.taker_fee_ppm, params.maker_fee_ppm)
    charge = compute_order_charge(order, filled_lots, tick.order_fee_e6)
    dues = FillDues(compute_trading_fee(fill_lots, price_ticks, rate_ppm), charge)
    moved = _move(account, order.market, order.direction * fill_lots, price_ticks, tick, dues.atoms)
    slot = compute_slot_after(order, filled_lots, fill_lots)
    return moved.with_changes(orders=account.orders.set(order.slot, slot)), dues


def apply_liquidation_fill(
    account: Account, market: int, delta_lots: int, price_ticks: int, tick: Tick, penalty_atoms: int
) -> Account:
    """Return the account after a liquidation fill of `delta_lots` and its penalty. Raises ValueOutOfRange."""
    return _move(account, market, delta_lots, price_ticks, tick, penalty_atoms)


def _move(account: Account, market: int, delta_lots: int, price_ticks: int, tick: Tick, due_atoms: int) -> Account:
    sizes = list(account.sizes_lots)
    sizes[market] += delta_lots
    received = compute_fill_cash(delta_lots, price_ticks, tick.header.funding_index[market])
    return account.with_changes(sizes_lots=tuple(sizes), cash_atoms=account.cash_atoms + received - due_atoms)
