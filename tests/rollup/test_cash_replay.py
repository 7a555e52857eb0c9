"""Nothing signed is good twice, and nothing signed for one life of an account is good in the next."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rollup.errors import TxRejected
from rollup.orders import SignedOrder
from rollup.rejections import AccountNotOpen, CashNonceMismatch, EpochMismatch, SignatureInvalid
from rollup.signature import derive_public_key
from rollup.txs import (
    CancelAll,
    CloseAccount,
    Evict,
    ForcedCancelAll,
    ForcedKeyChange,
    KeyChange,
    SignedCashOp,
    Transfer,
    Withdraw,
)
from tests.scenarios import AVAX_PRICE, USD, Exchange

OTHER_KEY = bytes(31) + b"\x77"


def refuse(ex: Exchange, sent: SignedCashOp | SignedOrder) -> TxRejected:
    """Return why the next batch refuses an operation or order that account 2 signed."""
    if isinstance(sent, SignedCashOp):
        result = ex.batch(cash=[sent])
    else:
        result = ex.batch(orders=[sent, ex.order(3, -(10**6), AVAX_PRICE)])
    assert not result.fills
    ((_, error),) = result.rejected
    return error


def fund() -> tuple[Exchange, SignedCashOp, SignedOrder]:
    """Return an exchange, and a withdrawal and an order that account 2 signed and did not send."""
    ex = Exchange()
    assert ex.batch(cash=[ex.deposit(2, 100), ex.deposit(3, 2_000)]).rejected == ()
    return ex, ex.withdraw(2, 1), ex.order(2, 10**6, AVAX_PRICE)


def close(ex: Exchange) -> list[SignedCashOp]:
    return [ex.request(CloseAccount, 2, amount_e6=100 * USD)]


def evict(ex: Exchange) -> list[SignedCashOp]:
    return [ex.withdraw(2, 100), SignedCashOp(Evict(2))]


def cancel_all(ex: Exchange) -> list[SignedCashOp]:
    return [ex.request(CancelAll, 2)]


def force_cancel_all(ex: Exchange) -> list[SignedCashOp]:
    return [SignedCashOp(ForcedCancelAll(2, ex.owner_of(2)))]


def change_key(ex: Exchange) -> list[SignedCashOp]:
    return [ex.request(KeyChange, 2, key=derive_public_key(OTHER_KEY))]


def force_key_change(ex: Exchange) -> list[SignedCashOp]:
    return [SignedCashOp(ForcedKeyChange(2, ex.owner_of(2), derive_public_key(OTHER_KEY)))]


Ending = Callable[[Exchange], list[SignedCashOp]]


@pytest.mark.parametrize("end", [cancel_all, force_cancel_all, change_key, force_key_change])
def test_invalid_messages_of_an_epoch_that_is_over(end: Ending) -> None:
    ex, withdrawal, order = fund()
    assert ex.batch(cash=end(ex)).rejected == ()
    for sent in (withdrawal, order):
        assert isinstance(refuse(ex, sent), EpochMismatch)


@pytest.mark.parametrize("end", [close, evict])
def test_invalid_messages_of_the_life_before_when_the_index_is_used_again(end: Ending) -> None:
    ex, withdrawal, order = fund()
    assert ex.batch(cash=end(ex)).rejected == ()
    emptied = ex.state.get_account(2)
    assert (emptied.is_empty, emptied.epoch, emptied.cash_nonce) == (True, 1, 0)
    for sent in (withdrawal, order):
        assert isinstance(refuse(ex, sent), AccountNotOpen)
    ex.batch(cash=[ex.deposit(2, 100)])  # the same owner and key again
    reborn = ex.state.get_account(2)
    assert (reborn.epoch, reborn.cash_nonce, reborn.orders_root) == (2, 0, emptied.orders_root)
    for sent in (withdrawal, order):  # nonces are as before, the epoch is not
        assert isinstance(refuse(ex, sent), EpochMismatch)


@pytest.mark.parametrize("kind", [Withdraw, CancelAll, Transfer])
def test_invalid_second_use_of_a_message(kind: type[Withdraw | CancelAll | Transfer]) -> None:
    ex, _, _ = fund()
    operands = {Withdraw: {"amount_e6": 1}, CancelAll: {}, Transfer: {"amount_e6": 1, "recipient": 3}}[kind]
    signed = ex.request(kind, 2, **operands)
    assert ex.batch(cash=[signed]).rejected == ()
    assert isinstance(refuse(ex, signed), EpochMismatch if kind is CancelAll else CashNonceMismatch)


@pytest.mark.parametrize("end", [change_key, force_key_change])
def test_only_the_new_key_signs_after_a_key_change(end: Ending) -> None:
    ex, _, _ = fund()
    ex.batch(cash=end(ex))
    assert isinstance(refuse(ex, ex.withdraw(2, 1)), SignatureInvalid)
    assert isinstance(refuse(ex, ex.order(2, 10**6, AVAX_PRICE)), SignatureInvalid)
    ex.new_keys[2] = OTHER_KEY
    result = ex.batch(
        cash=[ex.withdraw(2, 1)], orders=[ex.order(2, 10**6, AVAX_PRICE), ex.order(3, -(10**6), AVAX_PRICE)]
    )
    assert (result.rejected, len(result.fills)) == ((), 2)
