"""Quotes, the fund's fill, order slots, and who may settle."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from eth_utils.crypto import keccak

from rollup.orders import Order
from tests.scenarios import PARAMS, START_S
from tests.verifier.direct_auction import (
    BUYER,
    LOTS,
    MARK,
    NO_LOTS,
    RICH,
    buy,
    make_scene,
    refuse,
    sell,
    settle,
)
from tests.verifier.direct_scenes import (
    FUND_SLOT,
    Scene,
    address_of,
    base_of,
    get_deployment,
    key_of,
    make_order,
    pack_settle,
    pack_turn,
    sign_fill,
)
from verifier.artifacts import load_artifact
from verifier.base_layer import EmbeddedEvm, Reverted, deploy_contract
from verifier.direct.calldata import pack_fund_fill, pack_quote_turn
from verifier.direct.messages import Request, compute_domain, hash_quote, hash_request, sign_message
from verifier.direct.words import pack_risk

# quotes


def quote(*fills: tuple[Order, int], signed: tuple[Order, ...] | None = None) -> bytes:
    exchange = get_deployment().exchange
    domain = compute_domain(exchange.layer.chain_id, exchange.address)
    orders = signed or tuple(order for order, _ in fills)
    return pack_quote_turn(fills, sign_message(key_of(BUYER), domain, hash_quote(orders)))


def make_quote() -> list[Order]:
    return [make_order(0, LOTS, MARK + step, slot=step) for step in range(3)]


def test_quote_fills_some_of_its_orders() -> None:
    first, second, third = make_quote()
    done = settle(make_scene(), quote((first, 7), (second, 0), (third, 5)), sell(12))
    assert done.accounts[0].sizes_lots[0] == 12


def test_invalid_quote_of_other_orders() -> None:
    first, second, third = make_quote()
    changed = replace(third, size_lots=third.size_lots - 1)
    for signed in ((first, second, changed), (second, first, third), (first, second)):
        refuse("AccountUnknown", make_scene(), quote((first, 7), (second, 0), (third, 5), signed=signed), sell(12))


def test_invalid_quote_signed_as_an_order() -> None:
    order = make_quote()[0]
    turn = pack_quote_turn([(order, 7)], sign_fill(BUYER, order, 7).signature)
    refuse("AccountUnknown", make_scene(), turn, sell(7))


# the fund's fill


@pytest.mark.parametrize("lots", [LOTS, LOTS + 1])
def test_fund_only_shrinks(lots: int) -> None:
    scene = make_scene()
    scene.put_house(RICH, [LOTS, *NO_LOTS[1:]], budget=2 * LOTS * MARK)
    turns = (buy(lots=lots, size=lots), pack_fund_fill(0, lots))
    if lots <= LOTS:
        done = settle(scene, *turns)
        assert done.house >> 144 == LOTS * MARK  # of the budget
        assert done.house >> 128 & 0xFFFF == 0  # it holds nothing any more
    else:
        refuse("FundFillRefused", scene, *turns)


@pytest.mark.parametrize("spare", [-1, 0])
def test_fund_keeps_to_its_budget(spare: int) -> None:
    scene = make_scene()
    scene.put_house(RICH, [LOTS, *NO_LOTS[1:]], budget=LOTS * MARK + spare)
    if spare < 0:
        refuse("FundFillRefused", scene, buy(), pack_fund_fill(0, LOTS))
    else:
        settle(scene, buy(), pack_fund_fill(0, LOTS))


@pytest.mark.parametrize("below", [20_000, 20_001])
def test_fund_keeps_to_its_band(below: int) -> None:
    scene = make_scene()
    scene.put_house(RICH, [LOTS, *NO_LOTS[1:]], budget=LOTS * MARK)
    if below > 20_000:
        refuse("FundFillRefused", scene, buy(), pack_fund_fill(0, LOTS), price=MARK - below)
    else:
        settle(scene, buy(), pack_fund_fill(0, LOTS), price=MARK - below)


@pytest.mark.parametrize("slot", [5, 6, 7, 8, 9, 2**16 - 1])
def test_slots_stand_apart(slot: int) -> None:
    """From slot 6 on three share a word, and none another's."""
    fills = [sign_fill(BUYER, make_order(0, LOTS, MARK, slot=s, nonce=9), 1) for s in (slot, slot)]
    place = base_of(address_of(BUYER))
    if slot < 6:
        words = [place + 1 + slot]
    else:
        words = [int.from_bytes(keccak((slot // 3).to_bytes(32, "big") + (place + 7).to_bytes(32, "big")), "big")]
    done = make_scene().run("settle", *pack_settle({0: MARK}, pack_turn(fills), sell(2)), words=words)
    shift = 168 if slot < 6 else 80 * (slot % 3)
    assert done.words[0] >> shift & 2**80 - 1 == 9 << 48 | 2
    if slot >= 6:
        assert done.words[0] == (9 << 48 | 2) << shift


# who may


def test_invalid_stranger_as_operator() -> None:
    layer = EmbeddedEvm()
    fees = (PARAMS.taker_packed, PARAMS.maker_packed, PARAMS.fund_band_ppm, pack_risk(PARAMS))
    operator, token = b"\1" * 20, b"\2" * 20
    exchange = deploy_contract(layer, load_artifact("DirectSettlement"), operator, token, 60, *fees)
    for function, *args in (
        ("tick", b""),
        ("settle", b"", b"", b""),
        ("takeOver", address_of(BUYER)),
        ("deleverage", address_of(BUYER), b""),
        ("setTier", address_of(BUYER), 1),
    ):
        with pytest.raises(Reverted, match="OnlyOperator"):
            exchange.transact(function, *args)


# what is left of the errors


def request(scene: Scene, kind: int) -> None:
    """Ask for something in the buyer's name."""
    exchange = get_deployment().exchange
    made = Request(kind, nonce=0, epoch=1, max_fee_e6=10**6)
    domain = compute_domain(exchange.layer.chain_id, exchange.address)
    signature = sign_message(key_of(BUYER), domain, hash_request(made))
    scene.run("request", made.to_abi(), int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))


@pytest.mark.parametrize("lots", [0, 1])
def test_close_with_positions(lots: int) -> None:
    scene = make_scene(lots)
    scene.put(address_of(BUYER), 10**18 // 20, [lots, *NO_LOTS[1:]])  # the base fee, and not an atom more
    if lots:
        with pytest.raises(Reverted, match="PositionsOpen"):
            request(scene, 8)
    else:
        request(scene, 8)


def test_invalid_close_of_a_debt() -> None:
    scene = make_scene()
    scene.put(address_of(BUYER), 10**18 // 20 - 1, NO_LOTS)
    with pytest.raises(Reverted, match=r"CashNegative\(.*cash=-1\)"):
        request(scene, 8)


@pytest.mark.parametrize("above", [0, 1])
def test_fund_beyond_its_bits(above: int) -> None:
    scene, tick = make_scene(), (START_S + 1).to_bytes(5, "big") + bytes(38)
    scene.storage[FUND_SLOT] = 2**127 - 2 | (1 + above) << 128
    if above:
        with pytest.raises(Reverted, match="HouseOverflow"):
            scene.run("tick", tick)
    else:
        assert scene.run("tick", tick).fund == 2**127 - 1


def test_every_error_of_the_contract_is_met() -> None:
    sources = "".join(path.read_text() for path in Path(__file__).parent.glob("test_direct_*.py"))
    names = {entry["name"] for entry in load_artifact("DirectSettlement").abi if entry["type"] == "error"}
    assert len(names) > 40
    assert {name for name in names if name not in sources} == set()
