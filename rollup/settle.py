"""What one fill does to an account: position, cash, what it pays, and the order's slot."""

from __future__ import annotations

from typing import NamedTuple

from rollup.accounts import Account
from rollup.errors import check_bits, check_range
from rollup.fees import OrderCharge, compute_fee_rate_ppm, compute_order_charge, compute_trading_fee
from rollup.liquidation import compute_penalty
from rollup.margin import compute_fill_cash
from rollup.orders import Order, OrderTerms, compute_slot_after, unpack_slot
from rollup.params import Params
from rollup.rejections import OrderFilled, SlotNonceInvalid
from rollup.tick import Tick
from rollup.txs.effect import compute_margin_at
from rollup.units import MAX_NONCE_STEP, SIZE_BITS

__all__ = [
    "FillDues",
    "apply_liquidation_fill",
    "apply_order_fill",
    "get_filled_lots",
    "get_slot_filled",
    "settle_fill",
    "settle_liquidation",
]


class FillDues(NamedTuple):
    """What one fill of an order pays: a trading fee in atoms, negative for a rebate, and the order's charge."""

    trading_fee_atoms: int
    charge: OrderCharge

    @property
    def atoms(self) -> int:
        """All of it, in atoms."""
        return self.trading_fee_atoms + self.charge.atoms


def get_slot_filled(terms: OrderTerms, account: Account) -> int:
    """Return how much of the order its slot says was filled before. Raises SlotNonceInvalid."""
    slot_nonce, filled_lots = unpack_slot(account.orders.get(terms.slot))
    if not 0 <= terms.nonce - slot_nonce <= MAX_NONCE_STEP:
        raise SlotNonceInvalid(terms.account, terms.slot, terms.nonce, slot_nonce)
    return filled_lots if terms.nonce == slot_nonce else 0


def get_filled_lots(order: Order, account: Account) -> int:
    """Return how much of the order was filled before, less than its size. Raises SlotNonceInvalid, OrderFilled."""
    filled_lots = get_slot_filled(order, account)
    if filled_lots >= order.size_lots:
        raise OrderFilled(order.account, order.slot, filled_lots, order.size_lots)
    return filled_lots


def apply_order_fill(
    account: Account, order: Order, fill_lots: int, price_ticks: int, tick: Tick, params: Params
) -> tuple[Account, FillDues]:
    """Return the account after the fill and what it paid. Assumes 1 <= fill <= what may still trade of the order.

    Raises SlotNonceInvalid, OrderFilled; ValueOutOfRange where size or cash would leave their bounds.
    """
    get_filled_lots(order, account)
    return settle_fill(account, order, fill_lots, price_ticks, tick, params)


def settle_fill(
    account: Account, terms: OrderTerms, fill_lots: int, price_ticks: int, tick: Tick, params: Params
) -> tuple[Account, FillDues]:
    """Return the account after a fill of some order of these terms, and what it paid: all that the data tell.

    Assumes fill >= 1. Raises SlotNonceInvalid; ValueOutOfRange where slot, size or cash would leave their bounds.
    """
    filled_lots = get_slot_filled(terms, account)
    check_range("nonce", terms.nonce, 0, terms.max_nonce)
    check_bits("filled_lots", filled_lots + fill_lots, SIZE_BITS)
    rate_ppm = compute_fee_rate_ppm(terms, account.tier, params.taker_fee_ppm, params.maker_fee_ppm)
    charge = compute_order_charge(terms, filled_lots, tick.order_fee_e6)
    dues = FillDues(compute_trading_fee(fill_lots, price_ticks, rate_ppm), charge)
    moved = _move(account, terms.market, terms.direction * fill_lots, price_ticks, tick, dues.atoms)
    slot = compute_slot_after(terms, filled_lots, fill_lots)
    return moved.with_changes(orders=account.orders.set(terms.slot, slot)), dues


def apply_liquidation_fill(
    account: Account, market: int, delta_lots: int, price_ticks: int, tick: Tick, penalty_atoms: int
) -> Account:
    """Return the account after a liquidation fill of `delta_lots` and its penalty. Raises ValueOutOfRange."""
    return _move(account, market, delta_lots, price_ticks, tick, penalty_atoms)


def settle_liquidation(
    account: Account, market: int, delta_lots: int, price_ticks: int, tick: Tick, params: Params
) -> tuple[Account, int]:
    """Return the account after a liquidation fill of `delta_lots`, and the penalty it paid, in atoms.

    The penalty is taken of what the fill leaves of equity. Raises ValueOutOfRange.
    """
    equity_pre = compute_margin_at(_move(account, market, delta_lots, price_ticks, tick, 0), tick).equity
    fee_ppm = params.markets[market].liquidation_fee_ppm
    penalty_atoms = compute_penalty(abs(delta_lots), price_ticks, fee_ppm, equity_pre)
    return apply_liquidation_fill(account, market, delta_lots, price_ticks, tick, penalty_atoms), penalty_atoms


def _move(account: Account, market: int, delta_lots: int, price_ticks: int, tick: Tick, due_atoms: int) -> Account:
    sizes = list(account.sizes_lots)
    sizes[market] += delta_lots
    received = compute_fill_cash(delta_lots, price_ticks, tick.header.funding_index[market])
    return account.with_changes(sizes_lots=tuple(sizes), cash_atoms=account.cash_atoms + received - due_atoms)
