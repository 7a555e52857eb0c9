"""What DirectSettlement costs, pinned: it is the figure that the rollup is compared with."""

from __future__ import annotations

import json
from pathlib import Path

from tests.scenarios import AVAX_PRICE, START_S
from tests.verifier.direct_bank import ALICE, BOB, CANCEL, TRANSFER, USD, WITHDRAW, Bank, make_tick, open_bank
from tests.verifier.direct_scenes import address_of, key_of, make_order
from verifier.direct.calldata import SignedFill, pack_prices, pack_quote_turn, pack_tick, pack_turn
from verifier.direct.messages import Request, compute_domain, hash_order, hash_quote, sign_message

PREFIX = "direct: "
PINS = {
    name: gas
    for name, gas in json.loads((Path(__file__).parents[1] / "pins" / "gas.json").read_text()).items()
    if name.startswith(PREFIX)
}
GAS_AN_ORDER = 60_000  # the figure for the rival, batched
GAS_OF_A_DEPOSIT = 120_000
TRADERS = range(1, 17)
LOTS = 10**6


def settle_all(bank: Bank, nonce: int, traders: range = TRADERS) -> int:
    """Return the gas of an auction in which every other trader buys and the others sell, each by one order."""
    exchange = bank.deployment.exchange
    domain = compute_domain(exchange.layer.chain_id, exchange.address)
    turns = []
    for trader in traders:
        order = make_order(0, LOTS if trader % 2 else -LOTS, AVAX_PRICE, nonce=nonce)
        turns.append(pack_turn([SignedFill(order, LOTS, sign_message(key_of(trader), domain, hash_order(order)))]))
    return exchange.transact("settle", b"", pack_prices({0: AVAX_PRICE}), b"".join(turns)).gas_used


def settle_quotes(bank: Bank) -> int:
    """Return the gas of an auction between two quotes of sixteen orders."""
    exchange = bank.deployment.exchange
    domain = compute_domain(exchange.layer.chain_id, exchange.address)
    turns = []
    for trader in (ALICE, BOB):
        orders = [make_order(0, LOTS if trader % 2 else -LOTS, AVAX_PRICE, slot=6 + i) for i in range(16)]
        signature = sign_message(key_of(trader), domain, hash_quote(orders))
        turns.append(pack_quote_turn([(order, LOTS) for order in orders], signature))
    return exchange.transact("settle", b"", pack_prices({0: AVAX_PRICE}), b"".join(turns)).gas_used


def request(bank: Bank, kind: int, **fields: object) -> int:
    """Return the gas of a request by Alice."""
    state = bank.read(ALICE)
    made = Request(kind, state.nonce, state.epoch, max_fee_e6=USD, **fields)
    signature = bank.sign(ALICE, made)
    halves = (int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
    return bank.deployment.exchange.transact("request", made.to_abi(), *halves).gas_used


def measure() -> dict[str, int]:
    """Return what is pinned."""
    bank = open_bank()
    exchange = bank.deployment.exchange
    gas = {"deploy DirectSettlement": exchange.deployment.gas_used}
    for trader in TRADERS[1:]:
        opened = exchange.transact("deposit", address_of(trader), 50_000 * USD)
    gas["deposit that opens an account"] = opened.gas_used
    gas["deposit"] = exchange.transact("deposit", address_of(ALICE), 50_000 * USD).gas_used
    gas["settle 16 orders, all words new"] = settle_all(bank, 0)
    gas["settle 16 orders, all words used"] = settle_all(bank, 1)
    gas["settle 2 orders, all words used"] = settle_all(bank, 2, range(1, 3))
    gas["settle two quotes of 16 orders, slots new"] = settle_quotes(bank)
    gas["withdrawal"] = request(bank, WITHDRAW, amount_e6=USD)
    gas["transfer"] = request(bank, TRANSFER, amount_e6=USD, recipient=address_of(BOB))
    gas["cancel"] = request(bank, CANCEL, order_nonce=9)
    gas["tick, one market"] = exchange.transact("tick", pack_tick(make_tick(START_S + 2), (0,))).gas_used
    gas["tick, no market"] = exchange.transact("tick", pack_tick(make_tick(START_S + 3), ())).gas_used
    return {PREFIX + name: used for name, used in gas.items()}


def test_gas_is_as_pinned_and_within_the_limits() -> None:
    measured = measure()
    assert measured == PINS
    for words in ("new", "used"):
        assert measured[f"{PREFIX}settle 16 orders, all words {words}"] <= 16 * GAS_AN_ORDER
    assert measured[f"{PREFIX}deposit that opens an account"] <= GAS_OF_A_DEPOSIT
    assert measured[f"{PREFIX}withdrawal"] <= GAS_OF_A_DEPOSIT
