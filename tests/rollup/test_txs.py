"""Deposits, withdrawals and cancels: each accepted case beside what is refused one step away."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rollup.accounts import EMPTY_ACCOUNT, Account
from rollup.babyjubjub import IDENTITY
from rollup.errors import ValueOutOfRange
from rollup.orders import pack_slot
from rollup.rejections import (
    AccountNotOpen,
    BelowInitial,
    CashNonceMismatch,
    DepositMismatch,
    EpochMismatch,
    KeyInvalid,
    NonceExhausted,
    SignatureInvalid,
    SlotNonceInvalid,
    VaultShort,
)
from rollup.signature import derive_public_key, sign
from rollup.state import State
from rollup.txs import Cancel, Deposit, SignedCashOp, Withdraw, compute_bridge_words
from rollup.units import ATOMS_PER_E6
from tests.scenarios import AVAX_PRICE, PARAMS, USD, Exchange

KEY = derive_public_key(bytes(32))
OPEN = Account(key=KEY, owner=0xA, epoch=3, cash_nonce=5, cash_atoms=10**18)
DEPOSIT = Deposit(2, 7, 0xA, KEY)


def get_refusal(ex: Exchange, signed: SignedCashOp) -> Exception:
    """Return why the only operation of the next batch is refused; the batch itself changes nothing."""
    before = ex.state
    result = ex.batch(cash=[signed])
    assert (result.state.accounts, result.is_idle) == (before.accounts, True)
    ((_, error),) = result.rejected
    return error


def fund(usd: int = 2_000) -> Exchange:
    ex = Exchange()
    assert ex.batch(cash=[ex.deposit(2, usd), ex.deposit(3, usd)]).rejected == ()
    return ex


def test_deposit_creates_an_empty_account_and_raises_its_epoch() -> None:
    DEPOSIT.check(EMPTY_ACCOUNT)
    after = DEPOSIT.apply(replace(EMPTY_ACCOUNT, epoch=8))
    assert (after.key, after.owner, after.epoch, after.cash_atoms) == (KEY, 0xA, 9, 7 * ATOMS_PER_E6)


def test_deposit_to_its_own_account_keeps_the_epoch() -> None:
    DEPOSIT.check(OPEN)
    assert DEPOSIT.apply(OPEN) == replace(OPEN, cash_atoms=10**18 + 7 * ATOMS_PER_E6)


@pytest.mark.parametrize("change", [{"owner": 0xB}, {"key": derive_public_key(bytes(31) + b"1")}])
def test_invalid_deposit_naming_another_owner_or_key(change: dict[str, object]) -> None:
    with pytest.raises(DepositMismatch):
        replace(DEPOSIT, **change).check(OPEN)


@pytest.mark.parametrize("change", [{"owner": 0}, {"key": (0, 0)}, {"key": (1, 1)}, {"key": IDENTITY}])
def test_invalid_deposit_that_nobody_could_own(change: dict[str, object]) -> None:
    with pytest.raises(KeyInvalid):
        replace(DEPOSIT, **change).check(EMPTY_ACCOUNT)


@pytest.mark.parametrize("change", [{"account": 1}, {"account": 2**21}, {"amount_e6": 0}, {"amount_e6": 2**64}])
def test_invalid_deposit_out_of_range(change: dict[str, int]) -> None:
    with pytest.raises(ValueOutOfRange):
        replace(DEPOSIT, **change).check(EMPTY_ACCOUNT)


def test_deposits_at_the_ends_of_their_range() -> None:
    for change in ({"amount_e6": 1}, {"amount_e6": 2**64 - 1}, {"account": 2**21 - 1}):
        replace(DEPOSIT, **change).check(EMPTY_ACCOUNT)


def test_invalid_deposit_to_an_account_at_its_last_epoch() -> None:
    DEPOSIT.check(replace(EMPTY_ACCOUNT, epoch=2**32 - 2))
    with pytest.raises(NonceExhausted):
        DEPOSIT.check(replace(EMPTY_ACCOUNT, epoch=2**32 - 1))


def test_deposit_up_to_the_most_cash_an_account_holds() -> None:
    most = replace(OPEN, cash_atoms=2**120 - 1 - 7 * ATOMS_PER_E6)
    assert DEPOSIT.apply(most).cash_atoms == 2**120 - 1
    with pytest.raises(ValueOutOfRange):
        DEPOSIT.apply(replace(most, cash_atoms=most.cash_atoms + 1))


WITHDRAW = Withdraw(2, 5, 3, 7)
CANCEL = Cancel(2, 5, 3, 4, 9)
SLOTTED = replace(OPEN, orders=OPEN.orders.set(4, pack_slot(9, 1)))


@pytest.mark.parametrize("op", [WITHDRAW, CANCEL])
def test_signed_op_in_turn_is_taken(op: Withdraw | Cancel) -> None:
    op.check(OPEN)
    assert op.apply(OPEN).cash_nonce == 6


@pytest.mark.parametrize("op", [WITHDRAW, CANCEL])
@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"cash_nonce": 4}, CashNonceMismatch),
        ({"cash_nonce": 6}, CashNonceMismatch),
        ({"epoch": 2}, EpochMismatch),
        ({"epoch": 4}, EpochMismatch),
        ({"account": 1}, ValueOutOfRange),
        ({"cash_nonce": 2**32}, ValueOutOfRange),
        ({"epoch": -1}, ValueOutOfRange),
    ],
)
def test_invalid_signed_op_out_of_turn(op: Withdraw | Cancel, change: dict[str, int], error: type[Exception]) -> None:
    with pytest.raises(error):
        replace(op, **change).check(OPEN)


@pytest.mark.parametrize("op", [WITHDRAW, CANCEL])
def test_invalid_signed_op_on_an_empty_account(op: Withdraw | Cancel) -> None:
    with pytest.raises(AccountNotOpen):
        op.check(replace(OPEN, key=(0, 0), owner=0))


@pytest.mark.parametrize("op", [WITHDRAW, CANCEL])
def test_invalid_signed_op_at_the_last_cash_nonce(op: Withdraw | Cancel) -> None:
    replace(op, cash_nonce=2**32 - 2).check(replace(OPEN, cash_nonce=2**32 - 2))
    with pytest.raises(NonceExhausted):
        replace(op, cash_nonce=2**32 - 1).check(replace(OPEN, cash_nonce=2**32 - 1))


@pytest.mark.parametrize("amount_e6", [0, 2**64])
def test_invalid_withdraw_amount(amount_e6: int) -> None:
    with pytest.raises(ValueOutOfRange):
        replace(WITHDRAW, amount_e6=amount_e6).check(OPEN)


def test_cancel_sets_the_slot_to_the_next_nonce_with_nothing_filled() -> None:
    CANCEL.check(SLOTTED)
    assert CANCEL.apply(SLOTTED).orders.get(4) == pack_slot(10, 0)


@pytest.mark.parametrize(("nonce", "slot"), [(8, pack_slot(9, 0)), (8, pack_slot(9, 1)), (8, pack_slot(10, 0))])
def test_invalid_cancel_that_would_not_raise_the_slot(nonce: int, slot: int) -> None:
    account = replace(OPEN, orders=OPEN.orders.set(4, slot))
    replace(CANCEL, nonce=nonce + 2).check(account)
    with pytest.raises(SlotNonceInvalid):
        replace(CANCEL, nonce=nonce).check(account)


def test_invalid_cancel_of_the_last_nonce() -> None:
    replace(CANCEL, nonce=2**32 - 2).check(OPEN)
    with pytest.raises(NonceExhausted):
        replace(CANCEL, nonce=2**32 - 1).check(OPEN)


def test_bridge_words_say_what_the_base_layer_sees() -> None:
    deposit, withdraw = compute_bridge_words(DEPOSIT, 0), compute_bridge_words(WITHDRAW, 0xA)
    assert deposit == (1 + 2 * 2**4 + 7 * 2**25, 0xA, *KEY)
    assert withdraw == (2 + 2 * 2**4 + 7 * 2**25, 0xA, 0, 0)
    assert compute_bridge_words(CANCEL, 0xA) == compute_bridge_words(None, 0xA) == (0, 0, 0, 0)


def test_withdraw_all_cash_of_a_flat_account() -> None:
    ex = fund()
    result = ex.batch(cash=[ex.withdraw(2, 2_000)])
    assert result.rejected == ()
    assert (result.state.get_account(2).cash_atoms, result.state.header.vault_e6) == (0, 2_000 * USD)


def test_invalid_withdraw_of_more_than_there_is() -> None:
    ex = fund()
    error = get_refusal(ex, ex.withdraw(2, 2_001))
    assert isinstance(error, BelowInitial)
    assert (error.equity_atoms, error.required_atoms) == (-(10**18), 0)


def sign_withdraw(ex: Exchange, amount_e6: int) -> SignedCashOp:
    account = ex.state.get_account(2)
    op = Withdraw(2, account.cash_nonce, account.epoch, amount_e6)
    return SignedCashOp(op, sign(ex.key_of(2), op.message(PARAMS.domain)))


def test_withdraw_to_exactly_the_initial_requirement_and_one_unit_below() -> None:
    ex = fund()
    ex.batch(orders=[ex.order(2, 10**8, AVAX_PRICE), ex.order(3, -(10**8), AVAX_PRICE)])
    margin = ex.state.get_margin(2, PARAMS)
    free_e6 = (margin.equity - margin.initial) // ATOMS_PER_E6
    error = get_refusal(ex, sign_withdraw(ex, free_e6 + 1))
    assert isinstance(error, BelowInitial)
    assert ex.batch(cash=[sign_withdraw(ex, free_e6)]).rejected == ()


@pytest.mark.parametrize("kind", ["withdraw", "cancel"])
def test_invalid_op_signed_by_another_key_or_not_at_all(kind: str) -> None:
    ex = fund()
    signed = ex.withdraw(2, 1) if kind == "withdraw" else ex.cancel(2, 0, 1)
    other = replace(signed, signature=sign(ex.key_of(3), signed.op.message(PARAMS.domain)))
    assert isinstance(get_refusal(ex, other), SignatureInvalid)
    assert isinstance(get_refusal(ex, replace(signed, signature=None)), SignatureInvalid)
    assert ex.batch(cash=[signed]).rejected == ()


def test_invalid_op_signed_for_another_deployment() -> None:
    ex = fund()
    signed = ex.withdraw(2, 1)
    other = replace(signed, signature=sign(ex.key_of(2), signed.op.message(replace(PARAMS, version=2).domain)))
    assert isinstance(get_refusal(ex, other), SignatureInvalid)


def test_invalid_replay_of_a_withdrawal() -> None:
    ex = fund()
    signed = ex.withdraw(2, 1)
    ex.batch(cash=[signed])
    assert isinstance(get_refusal(ex, signed), CashNonceMismatch)


def test_invalid_withdraw_of_what_the_vault_lacks() -> None:
    ex = fund()
    ex.state = State(replace(ex.state.header, vault_e6=USD - 1), ex.state.tree, ex.state.accounts)
    error = get_refusal(ex, ex.withdraw(2, 1))
    assert isinstance(error, VaultShort)
    assert (error.amount_e6, error.vault_e6) == (USD, USD - 1)


def test_cash_ops_beyond_the_lanes_wait_in_order() -> None:
    ex = Exchange()
    ops = [ex.deposit(account, 1) for account in (2, 3, 4, 5)]
    result = ex.batch(cash=ops)
    assert result.waiting_cash == tuple(ops[2:])
    assert result.state.header.queue_consumed == 2
    assert ex.batch(cash=list(result.waiting_cash)).state.header.queue_consumed == 4


def test_refused_op_leaves_its_lane_to_the_next() -> None:
    ex = Exchange()
    bad = SignedCashOp(Deposit(1, 1, 1, KEY))
    result = ex.batch(cash=[bad, ex.deposit(2, 1), ex.deposit(3, 1)])
    assert [op for op, _ in result.rejected] == [bad]
    assert result.state.header.queue_consumed == 2
