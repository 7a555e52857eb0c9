"""Signed cash operations: each accepted case beside what is refused one step away."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from rollup.accounts import Account
from rollup.errors import ValueOutOfRange
from rollup.orders import pack_slot
from rollup.rejections import (
    AccountNotOpen,
    BelowInitial,
    CashNonceMismatch,
    CloseAmountMismatch,
    EpochMismatch,
    FeeAboveMaximum,
    KeyInvalid,
    NonceExhausted,
    PositionsOpen,
    PricesStale,
    SlotNonceInvalid,
)
from rollup.txs import Flows, SignedOp, TransferIn, compute_bridge_words, compute_effect
from tests.rollup.cash_ops import (
    EMPTY,
    FEE,
    LONG,
    LONG_FREE_E6,
    NEW_KEY,
    NOW_S,
    ONE,
    OPEN,
    OWNER,
    RENT,
    SIGNED_OPS,
    SMALL_ORDER_KEY,
    STALE,
    TICK,
    make_tick,
)

WITHDRAW, CANCEL, TRANSFER, KEY_CHANGE, CANCEL_ALL, CLOSE = SIGNED_OPS
CHARGED = replace(OPEN, cash_atoms=OPEN.cash_atoms - RENT - FEE * ONE, cash_nonce=6, last_touched_s=NOW_S)
each_op = pytest.mark.parametrize("op", SIGNED_OPS, ids=lambda op: type(op).__name__)


def apply(op: SignedOp, account: Account = OPEN) -> Account:
    """Return the account after the operation."""
    return compute_effect(op, account, TICK).after


def test_each_kind_does_its_effect_after_rent_and_fee() -> None:
    assert apply(WITHDRAW) == replace(CHARGED, cash_atoms=CHARGED.cash_atoms - 7 * ONE)
    assert apply(CANCEL) == replace(CHARGED, orders=OPEN.orders.set(4, pack_slot(10, 0)))
    assert apply(TRANSFER) == replace(CHARGED, cash_atoms=CHARGED.cash_atoms - 7 * ONE)
    assert apply(KEY_CHANGE) == replace(CHARGED, key=NEW_KEY, epoch=4)
    assert apply(CANCEL_ALL) == replace(CHARGED, epoch=4)
    assert apply(CLOSE) == Account(epoch=3, last_touched_s=NOW_S)


@each_op
def test_flows_balance_what_the_account_lost(op: SignedOp) -> None:
    effect = compute_effect(op, OPEN, TICK)
    paid = effect.flows.base_fees_e6 * ONE + effect.flows.rent_atoms - effect.flows.vault_e6 * ONE
    sent = 7 * ONE if op is TRANSFER else 0
    assert OPEN.cash_atoms - effect.after.cash_atoms == paid + sent
    assert (effect.is_applied, effect.flows.base_fees_e6, effect.flows.queue_entries) == (True, FEE, 0)
    assert effect.flows.units == 2 + 32 * 2**64
    assert -effect.flows.vault_e6 == {WITHDRAW: 7, CLOSE: 996}.get(op, 0)


@each_op
@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"cash_nonce": 4}, CashNonceMismatch),
        ({"cash_nonce": 6}, CashNonceMismatch),
        ({"epoch": 2}, EpochMismatch),
        ({"epoch": 4}, EpochMismatch),
        ({"account": 1}, ValueOutOfRange),
        ({"account": 2**21}, ValueOutOfRange),
        ({"cash_nonce": 2**32}, ValueOutOfRange),
        ({"epoch": -1}, ValueOutOfRange),
        ({"max_fee_e6": 2**48}, ValueOutOfRange),
        ({"max_fee_e6": FEE - 1}, FeeAboveMaximum),
    ],
)
def test_invalid_signed_op_out_of_turn_or_range(op: SignedOp, change: dict[str, int], error: type[Exception]) -> None:
    with pytest.raises(error):
        apply(replace(op, **change))


@each_op
def test_invalid_signed_op_on_an_empty_account(op: SignedOp) -> None:
    with pytest.raises(AccountNotOpen):
        apply(replace(op, epoch=8, cash_nonce=0), EMPTY)


@each_op
def test_invalid_signed_op_at_the_last_cash_nonce(op: SignedOp) -> None:
    apply(replace(op, cash_nonce=2**32 - 2), replace(OPEN, cash_nonce=2**32 - 2))
    with pytest.raises(NonceExhausted):
        apply(replace(op, cash_nonce=2**32 - 1), replace(OPEN, cash_nonce=2**32 - 1))


@pytest.mark.parametrize("op", [KEY_CHANGE, CANCEL_ALL])
def test_invalid_rise_of_the_last_epoch(op: SignedOp) -> None:
    assert apply(replace(op, epoch=2**32 - 2), replace(OPEN, epoch=2**32 - 2)).epoch == 2**32 - 1
    with pytest.raises(NonceExhausted):
        apply(replace(op, epoch=2**32 - 1), replace(OPEN, epoch=2**32 - 1))


@pytest.mark.parametrize("amount_e6", [0, 2**64])
@pytest.mark.parametrize("op", [WITHDRAW, TRANSFER])
def test_invalid_amount(op: SignedOp, amount_e6: int) -> None:
    with pytest.raises(ValueOutOfRange):
        apply(replace(op, amount_e6=amount_e6))


@pytest.mark.parametrize("op", [WITHDRAW, TRANSFER])
def test_cash_leaves_down_to_the_initial_requirement_and_not_one_unit_further(op: SignedOp) -> None:
    # rent is less than a unit, so that rent and fee together take FEE + 1 of what is free
    most_e6 = LONG_FREE_E6 - FEE - 1
    assert TICK.cash_fee_e6 == FEE
    assert apply(replace(op, amount_e6=most_e6), LONG).cash_nonce == 6
    with pytest.raises(BelowInitial):
        apply(replace(op, amount_e6=most_e6 + 1), LONG)


@pytest.mark.parametrize("op", [WITHDRAW, TRANSFER])
def test_without_fresh_prices_only_accounts_without_positions_are_paid_out(op: SignedOp) -> None:
    assert compute_effect(op, OPEN, STALE).after == apply(op)
    assert compute_effect(op, LONG, TICK).after == apply(op, LONG)
    with pytest.raises(PricesStale):
        compute_effect(op, LONG, STALE)


@pytest.mark.parametrize("op", [CANCEL, KEY_CHANGE, CANCEL_ALL])
def test_without_fresh_prices_nothing_else_waits(op: SignedOp) -> None:
    assert compute_effect(op, LONG, STALE).after == apply(op, LONG)


@pytest.mark.parametrize("recipient", [0, 1, 2**21])
def test_invalid_recipient(recipient: int) -> None:
    with pytest.raises(ValueOutOfRange):
        apply(replace(TRANSFER, recipient=recipient))


def test_incoming_leg_pays_rent_and_no_fee() -> None:
    effect = compute_effect(TransferIn(6, 7), OPEN, TICK)
    assert effect.after == replace(OPEN, cash_atoms=OPEN.cash_atoms + 7 * ONE - RENT, last_touched_s=NOW_S)
    assert effect.flows == Flows(rent_atoms=RENT)
    with pytest.raises(AccountNotOpen):
        compute_effect(TransferIn(6, 7), EMPTY, TICK)


@pytest.mark.parametrize("key", [(0, 0), (1, 1), (0, 1 + 2**254)])
def test_invalid_key_change_off_the_curve(key: tuple[int, int]) -> None:
    assert apply(replace(KEY_CHANGE, key=SMALL_ORDER_KEY)).key == SMALL_ORDER_KEY
    with pytest.raises(KeyInvalid):
        apply(replace(KEY_CHANGE, key=key))


@pytest.mark.parametrize(("nonce", "slot"), [(8, pack_slot(9, 0)), (8, pack_slot(9, 1)), (8, pack_slot(10, 0))])
def test_invalid_cancel_that_would_not_raise_the_slot(nonce: int, slot: int) -> None:
    account = replace(OPEN, orders=OPEN.orders.set(4, slot))
    assert apply(replace(CANCEL, nonce=nonce + 2), account).orders.get(4) == pack_slot(nonce + 3, 0)
    with pytest.raises(SlotNonceInvalid):
        apply(replace(CANCEL, nonce=nonce), account)


def test_invalid_cancel_of_the_last_nonce_or_slot() -> None:
    apply(replace(CANCEL, nonce=2**32 - 2, slot=511))
    with pytest.raises(NonceExhausted):
        apply(replace(CANCEL, nonce=2**32 - 1))
    with pytest.raises(ValueOutOfRange):
        apply(replace(CANCEL, slot=512))


def test_close_pays_cash_out_floored_and_the_dust_is_rent() -> None:
    effect = compute_effect(CLOSE, OPEN, TICK)
    assert effect.flows.rent_atoms == RENT + (OPEN.cash_atoms - RENT) % ONE
    assert effect.after.orders_root == Account().orders_root


@pytest.mark.parametrize("amount_e6", [995, 997, 0])
def test_invalid_close_with_another_amount(amount_e6: int) -> None:
    with pytest.raises(CloseAmountMismatch) as raised:
        apply(replace(CLOSE, amount_e6=amount_e6))
    assert raised.value.expected_e6 == 996


def test_close_of_an_account_with_nothing_left_and_not_of_one_in_debt() -> None:
    last = replace(OPEN, cash_atoms=RENT + FEE * ONE)
    assert compute_effect(replace(CLOSE, amount_e6=0), last, TICK).after.is_empty
    with pytest.raises(CloseAmountMismatch):
        apply(replace(CLOSE, amount_e6=0), replace(last, cash_atoms=last.cash_atoms - 1))


def test_invalid_close_with_positions() -> None:
    with pytest.raises(PositionsOpen):
        apply(replace(CLOSE, amount_e6=0), LONG)


def test_rent_may_take_cash_below_zero() -> None:
    poor = replace(OPEN, cash_atoms=0)
    assert apply(CANCEL_ALL, poor).cash_atoms == -RENT - FEE * ONE


def test_invalid_op_that_leaves_no_room_for_cash() -> None:
    with pytest.raises(ValueOutOfRange):
        apply(CANCEL_ALL, replace(OPEN, cash_atoms=1 - 2**120))


WORDS = {
    WITHDRAW: (2, 0, 7, 0),
    CANCEL: (3, 4, 9, 0),
    TRANSFER: (5, 0, 7, 6),
    KEY_CHANGE: (6, 0, *NEW_KEY),
    CANCEL_ALL: (7, 0, 0, 0),
    CLOSE: (8, 0, 996, 0),
}


@each_op
def test_words_are_those_of_the_format(op: SignedOp) -> None:
    kind, slot, *others = WORDS[op]
    word_1 = kind + 2 * 2**4 + 5 * 2**25 + 3 * 2**57 + slot * 2**89 + FEE * 2**98
    assert op.words() == (word_1, *others)


@each_op
def test_message_depends_on_every_field_and_the_domain(op: SignedOp) -> None:
    for field in fields(op):
        value = getattr(op, field.name)
        other = (value[0], value[1] ^ 1) if isinstance(value, tuple) else value ^ 1
        assert replace(op, **{field.name: other}).message(1) != op.message(1)
    assert op.message(2) != op.message(1)
    assert len({other.message(1) for other in SIGNED_OPS}) == len(SIGNED_OPS)


@each_op
def test_only_what_leaves_the_rollup_crosses_the_bridge(op: SignedOp) -> None:
    amount_e6 = {WITHDRAW: 7, CLOSE: 996}.get(op)
    crossing = (2 + 2 * 2**4 + (amount_e6 or 0) * 2**25 + 2**89, OWNER, 0, 0)
    assert compute_bridge_words(op, OWNER, True, amount_e6 or 0) == (crossing if amount_e6 else (0, 0, 0, 0))


def test_free_batches_charge_nothing() -> None:
    free = replace(make_tick(), cash_fee_e6=0, rent_rate=0)
    effect = compute_effect(replace(WITHDRAW, max_fee_e6=0), OPEN, free)
    assert effect.flows == Flows(vault_e6=-7)
    assert effect.after.cash_atoms == OPEN.cash_atoms - 7 * ONE
