"""Deposits and requests at DirectSettlement, with its token: what is served, and what a hostile token gains."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from tests.scenarios import START_S
from tests.verifier.direct_bank import (
    ALICE,
    ATOMS,
    BOB,
    CANCEL,
    CANCEL_ALL,
    CANCEL_ALL_FORCED,
    CLOSE,
    FEE,
    TRANSFER,
    USD,
    WITHDRAW,
    WITHDRAW_FREE,
    Bank,
    make_tick,
    open_bank,
    refuse,
)
from tests.verifier.direct_scenes import address_of
from verifier.base_layer import Reverted
from verifier.direct.calldata import pack_tick
from verifier.direct.messages import Request


@pytest.fixture
def bank() -> Bank:
    """Alice has 100 USD less the price of an account; Bob has none."""
    return open_bank()


def test_deposit_opens_an_account(bank: Bank) -> None:
    state = bank.read(ALICE)
    assert (state.is_open, state.epoch, state.touched_s) == (True, 1, START_S + 1)
    assert state.cash_atoms == (100 * USD - bank.tick.leaf_fee_e6) * ATOMS
    assert bank.balance(bank.deployment.exchange.address) == 100 * USD
    house, _ = bank.deployment.read_house()
    assert house.fund_atoms == bank.tick.leaf_fee_e6 * ATOMS


@pytest.mark.parametrize("short", [0, 1])
def test_deposit_of_the_leaf_fee(bank: Bank, short: int) -> None:
    amount_e6 = bank.tick.leaf_fee_e6 - short
    if short:
        with pytest.raises(Reverted, match="LeafFeeMissing"):
            bank.deposit(BOB, amount_e6)
    else:
        bank.deposit(BOB, amount_e6)
        assert bank.read(BOB).cash_atoms == 0


@pytest.mark.parametrize("account", [0, 1])
def test_invalid_deposit_to_nobody(bank: Bank, account: int) -> None:
    with pytest.raises(Reverted, match="AccountUnknown"):
        bank.deployment.exchange.transact("deposit", account.to_bytes(20, "big"), USD * 9)


def test_invalid_deposit_without_tokens(bank: Bank) -> None:
    bank.deployment.token.transact("fail")
    with pytest.raises(Reverted, match="TransferFailed"):
        bank.deposit(ALICE, USD)
    bank_cash = bank.read(ALICE).cash_atoms
    assert bank_cash == (100 * USD - bank.tick.leaf_fee_e6) * ATOMS
    with pytest.raises(Reverted, match="TransferFailed"):
        bank.request(ALICE, WITHDRAW, amount_e6=USD)


@pytest.mark.parametrize("above", [-1, 0, 1])
def test_withdrawal_of_everything(bank: Bank, above: int) -> None:
    fee_e6 = bank.tick.cash_fee_e6
    amount_e6 = bank.read(ALICE).cash_atoms // ATOMS - fee_e6 + above
    if above > 0:
        refuse("MarginBroken", bank, ALICE, WITHDRAW, amount_e6=amount_e6)
        return
    bank.request(ALICE, WITHDRAW, amount_e6=amount_e6)
    assert bank.read(ALICE).cash_atoms == -above * ATOMS
    assert bank.balance(address_of(ALICE)) == amount_e6
    assert bank.read(ALICE).nonce == 1


def test_invalid_withdrawal_twice(bank: Bank) -> None:
    request = Request(WITHDRAW, 0, 1, amount_e6=USD, max_fee_e6=FEE)
    signature = bank.sign(ALICE, request)
    bank.send(request, signature)
    with pytest.raises(Reverted, match=r"NonceWrong\(.*got=0, expected=1\)"):
        bank.send(request, signature)
    assert bank.balance(address_of(ALICE)) == USD


@pytest.mark.parametrize("field", ["kind", "nonce", "epoch", "amount_e6", "slot", "order_nonce", "max_fee_e6"])
def test_invalid_request_that_was_not_signed_so(bank: Bank, field: str) -> None:
    request = Request(WITHDRAW, 0, 1, amount_e6=USD, max_fee_e6=FEE)
    changed = replace(request, **{field: getattr(request, field) + 1})
    with pytest.raises(Reverted, match="AccountUnknown"):
        bank.send(changed, bank.sign(ALICE, request))
    with pytest.raises(Reverted, match="AccountUnknown"):
        bank.send(replace(request, recipient=address_of(BOB)), bank.sign(ALICE, request))


@pytest.mark.parametrize(
    ("reason", "fields"),
    [
        ("NonceWrong", {"nonce": 1}),
        ("RequestEpochWrong", {"epoch": 0}),
        ("CashFeeAboveMaximum", {"max_fee_e6": 0}),
        ("KindUnknown", {"kind": 4}),
        ("KindUnknown", {"kind": 20}),
        ("AccountUnknown", {"kind": TRANSFER, "recipient": address_of(BOB)}),
        ("CancelVoid", {"kind": CANCEL, "order_nonce": 2**32 - 1}),
    ],
)
def test_invalid_request(bank: Bank, reason: str, fields: dict[str, object]) -> None:
    kind = fields.pop("kind", WITHDRAW)
    refuse(reason, bank, ALICE, kind, amount_e6=1, **fields)


def test_transfer(bank: Bank) -> None:
    bank.deposit(BOB, 10 * USD)
    before = bank.read(BOB).cash_atoms
    bank.request(ALICE, TRANSFER, amount_e6=USD, recipient=address_of(BOB))
    assert bank.read(BOB).cash_atoms == before + USD * ATOMS
    spent = (USD + bank.tick.leaf_fee_e6 + bank.tick.cash_fee_e6) * ATOMS
    assert bank.read(ALICE).cash_atoms == 100 * USD * ATOMS - spent


def test_transfer_to_oneself_makes_nothing(bank: Bank) -> None:
    before = bank.read(ALICE).cash_atoms
    bank.request(ALICE, TRANSFER, amount_e6=USD, recipient=address_of(ALICE))
    assert bank.read(ALICE).cash_atoms == before - bank.tick.cash_fee_e6 * ATOMS


@pytest.mark.parametrize("slot", [0, 5, 6, 511])
def test_cancel_raises_a_slot(bank: Bank, slot: int) -> None:
    bank.request(ALICE, CANCEL, slot=slot, order_nonce=7)
    refuse("CancelVoid", bank, ALICE, CANCEL, slot=slot, order_nonce=7)
    bank.request(ALICE, CANCEL, slot=slot, order_nonce=8)


def test_cancel_all_and_its_forced_twin(bank: Bank) -> None:
    cash = bank.read(ALICE).cash_atoms
    bank.request(ALICE, CANCEL_ALL)
    assert (bank.read(ALICE).epoch, bank.read(ALICE).cash_atoms) == (2, cash - bank.tick.cash_fee_e6 * ATOMS)
    bank.request(ALICE, CANCEL_ALL_FORCED, max_fee_e6=0)
    assert (bank.read(ALICE).epoch, bank.read(ALICE).cash_atoms) == (3, cash - bank.tick.cash_fee_e6 * ATOMS)


@pytest.mark.parametrize("asked_e6", [USD, 10**15])
def test_forced_withdrawal_pays_what_is_free(bank: Bank, asked_e6: int) -> None:
    free_e6 = bank.read(ALICE).cash_atoms // ATOMS
    bank.request(ALICE, WITHDRAW_FREE, amount_e6=asked_e6, max_fee_e6=0)
    assert bank.balance(address_of(ALICE)) == min(asked_e6, free_e6)


def test_close_pays_out_and_keeps_the_epoch(bank: Bank) -> None:
    amount_e6 = bank.read(ALICE).cash_atoms // ATOMS - bank.tick.cash_fee_e6
    bank.request(ALICE, CLOSE)
    state = bank.read(ALICE)
    assert (state.is_open, state.cash_atoms, state.epoch, state.nonce) == (False, 0, 1, 1)
    assert bank.balance(address_of(ALICE)) == amount_e6
    with pytest.raises(Reverted, match="AccountUnknown"):
        bank.request(ALICE, WITHDRAW, amount_e6=0)
    bank.deposit(ALICE, 100 * USD)
    assert (bank.read(ALICE).epoch, bank.read(ALICE).nonce) == (2, 1)


def test_rent_and_eviction(bank: Bank) -> None:
    """Whoever has no more than the rent may be evicted; the rent is charged to all who are touched."""
    bank.deposit(BOB, bank.tick.leaf_fee_e6)
    with pytest.raises(Reverted, match="NotEvictable"):
        bank.deployment.exchange.transact("evict", address_of(ALICE))
    bank.deployment.exchange.transact("evict", address_of(BOB))
    assert not bank.read(BOB).is_open
    later = make_tick(START_S + 1_001, rent_rate=10**9)
    bank.deployment.exchange.transact("tick", pack_tick(later, ()))
    before = bank.read(ALICE).cash_atoms
    bank.request(ALICE, CANCEL_ALL_FORCED)
    assert bank.read(ALICE).cash_atoms == before - 1_000 * 10**9


def test_tier(bank: Bank) -> None:
    bank.deployment.exchange.transact("setTier", address_of(ALICE), 7)
    assert bank.read(ALICE).tier == 7
    with pytest.raises(Reverted, match="TierUnknown"):
        bank.deployment.exchange.transact("setTier", address_of(ALICE), 8)


# a token that calls back


def encode_request(bank: Bank, request: Request) -> bytes:
    """Return the calldata of a request by Alice."""
    signature = bank.sign(ALICE, request)
    types = ["(uint8,uint32,uint32,uint64,address,uint16,uint32,uint48)", "uint256", "uint256"]
    name = "request((uint8,uint32,uint32,uint64,address,uint16,uint32,uint48),uint256,uint256)"
    return keccak(text=name)[:4] + encode(
        types, [request.to_abi(), *(int.from_bytes(signature[i : i + 32], "big") for i in (0, 32))]
    )


@pytest.mark.parametrize("inner", ["request", "deposit"])
def test_invalid_reentry_from_a_withdrawal(bank: Bank, inner: str) -> None:
    """The token calls back in the middle of a payment, with the very next request of the account, or with a deposit."""
    exchange = bank.deployment.exchange
    again = Request(WITHDRAW, 1, 1, amount_e6=USD, max_fee_e6=FEE)
    deposit = keccak(text="deposit(address,uint64)")[:4] + encode(["address", "uint64"], [address_of(ALICE), 0])
    data = encode_request(bank, again) if inner == "request" else deposit
    bank.deployment.token.transact("setHook", exchange.address, data)
    before = bank.read(ALICE)
    with pytest.raises(Reverted, match="Reentered"):
        bank.request(ALICE, WITHDRAW, amount_e6=USD)
    assert (bank.read(ALICE), bank.balance(address_of(ALICE))) == (before, 0)
    bank.deployment.token.transact("setHook", bytes(20), b"")
    bank.request(ALICE, WITHDRAW, amount_e6=USD)
    bank.send(again, bank.sign(ALICE, again))  # one after the other they are two withdrawals
    assert bank.balance(address_of(ALICE)) == 2 * USD


def test_invalid_reentry_finds_the_books_moved_on(bank: Bank) -> None:
    """What is not locked, an eviction, sees the payment booked already."""
    exchange = bank.deployment.exchange
    evict = keccak(text="evict(address)")[:4] + encode(["address"], [address_of(ALICE)])
    bank.deployment.token.transact("setHook", exchange.address, evict)
    refuse("NotEvictable", bank, ALICE, WITHDRAW, amount_e6=USD)
