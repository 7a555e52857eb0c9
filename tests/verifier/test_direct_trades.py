"""Trades that two accounts sign, and what an operator may say in a tick."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.scenarios import AVAX_PRICE, PARAMS, START_S
from tests.verifier.direct_bank import (
    ALICE,
    ATOMS,
    BOB,
    USD,
    Bank,
    make_tick,
    open_bank,
)
from tests.verifier.direct_scenes import NOW_S, address_of, key_of
from verifier.base_layer import EmbeddedEvm, Reverted
from verifier.direct.calldata import pack_tick
from verifier.direct.deployment import deploy_direct
from verifier.direct.messages import TradeDeal, compute_domain, hash_trade, sign_message


@pytest.fixture
def bank() -> Bank:
    """Alice has 100 USD less the price of an account; Bob has none."""
    return open_bank()


# trades between two


def make_deal(bank: Bank, **changes: object) -> TradeDeal:
    first, second = bank.read(ALICE), bank.read(BOB)
    fields = (address_of(ALICE), address_of(BOB), 0, 0, 10**6, AVAX_PRICE)
    deal = TradeDeal(*fields, first.nonce, first.epoch, second.nonce, second.epoch)
    return replace(deal, **changes)


def send_deal(bank: Bank, deal: TradeDeal, signers: tuple[int, int] = (ALICE, BOB)) -> None:
    exchange = bank.deployment.exchange
    domain = compute_domain(exchange.layer.chain_id, exchange.address)
    signatures = [sign_message(key_of(who), domain, hash_trade(deal)) for who in signers]
    halves = [[int.from_bytes(signature[i : i + 32], "big") for signature in signatures] for i in (0, 32)]
    exchange.transact("trade", deal.to_abi(), *halves)


def test_trade_between_two(bank: Bank) -> None:
    bank.deposit(BOB, 100 * USD)
    deal = make_deal(bank)
    send_deal(bank, deal)
    assert (bank.read(ALICE).sizes_lots[0], bank.read(BOB).sizes_lots[0]) == (10**6, -(10**6))
    with pytest.raises(Reverted, match="NonceWrong"):
        send_deal(bank, deal)


@pytest.mark.parametrize(
    ("reason", "changes", "signers"),
    [
        ("TradeRefused", {}, (ALICE, ALICE)),
        ("TradeRefused", {}, (BOB, ALICE)),
        ("TradeRefused", {"second": address_of(ALICE)}, (ALICE, ALICE)),
        ("TradeRefused", {"price_ticks": 0}, (ALICE, BOB)),
        ("TradeRefused", {"market": 16}, (ALICE, BOB)),
        ("MarketUnknown", {"market": 2}, (ALICE, BOB)),
        ("MarginBroken", {"lots": 10**9}, (ALICE, BOB)),
        ("NonceWrong", {"second_nonce": 1}, (ALICE, BOB)),
        ("RequestEpochWrong", {"first_epoch": 2}, (ALICE, BOB)),
    ],
)
def test_invalid_trade_between_two(
    bank: Bank, reason: str, changes: dict[str, object], signers: tuple[int, int]
) -> None:
    bank.deposit(BOB, 100 * USD)
    before = bank.read(ALICE)
    with pytest.raises(Reverted, match=reason):
        send_deal(bank, make_deal(bank, **changes), signers)
    assert bank.read(ALICE) == before


# ticks


def test_invalid_tick(bank: Bank) -> None:
    exchange = bank.deployment.exchange
    good = pack_tick(make_tick(START_S + 2), (0, 1))
    for data, reason in (
        (pack_tick(make_tick(START_S + 1), ()), "TimeWrong"),
        (good[:-1], "Malformed"),
        (good[:42], "Malformed"),
        (good[:43] + b"\x10" + good[44:], "TickMalformed"),
        (good[:44] + bytes(6) + good[50:], "TickMalformed"),
        (good[:43] + b"\2" + good[44:], "MarketUnknown"),
        (b"\xff" + good[1:], "TimeWrong"),
    ):
        with pytest.raises(Reverted, match=reason):
            exchange.transact("tick", data)
    exchange.transact("tick", good)


def test_invalid_tick_older_than_its_block_allows() -> None:
    deployment = deploy_direct(EmbeddedEvm(NOW_S), PARAMS, max_lag_s=60)
    with pytest.raises(Reverted, match="TimeWrong"):
        deployment.exchange.transact("tick", pack_tick(make_tick(), ()))


def test_tick_gives_the_fund_what_is_due(bank: Bank) -> None:
    words = bank.deployment.exchange.call("getHouse")
    due_atoms = bank.tick.leaf_fee_e6 * ATOMS
    assert words[1] == due_atoms << 128
    bank.deployment.exchange.transact("tick", pack_tick(make_tick(START_S + 2), ()))
    assert bank.deployment.exchange.call("getHouse")[1] == due_atoms
