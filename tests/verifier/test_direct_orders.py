"""What DirectSettlement refuses of an auction, each beside the case that it takes; and how an order's state goes on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_utils.crypto import keccak

from rollup.orders import ANY_BUY_TICKS, IOC, POST_ONLY, REDUCE_ONLY, Order
from rollup.units import MARKET_COUNT
from tests.scenarios import START_S
from tests.verifier.direct_scenes import (
    ORDER_FEE_E6,
    SIXTEEN,
    Outcome,
    Scene,
    address_of,
    base_of,
    get_deployment,
    key_of,
    make_order,
    pack_liquidation,
    pack_settle,
    pack_turn,
    sign_fill,
)
from verifier.base_layer import Reverted
from verifier.direct.calldata import pack_fund_fill, pack_quote_turn
from verifier.direct.messages import compute_domain, hash_order, hash_quote, sign_message

BUYER, SELLER, STRANGER = 1, 2, 3
MARK, LOTS = 10**6, 5_000
RICH = 10**24
NO_LOTS = [0] * MARKET_COUNT


def make_scene(buyer_lots: int = 0, **changes: bool) -> Scene:
    """A quiet market of mark 1 USD, a buyer and a seller with a million each."""
    count = MARKET_COUNT
    scene = Scene([MARK] * count, [0] * count, [50_000] * count, [30_000] * count, **changes)
    scene.put(address_of(BUYER), RICH, [buyer_lots, *NO_LOTS[1:]])
    scene.put(address_of(SELLER), RICH, NO_LOTS)
    return scene


def sell(lots: int = LOTS, limit: int = MARK) -> bytes:
    return pack_turn([sign_fill(SELLER, make_order(0, -lots, limit), lots)])


def buy(
    lots: int = LOTS, size: int = LOTS, limit: int = MARK, wrong: dict[str, int] | None = None, **terms: int
) -> bytes:
    return pack_turn([sign_fill(BUYER, make_order(0, size, limit, **terms), lots, **(wrong or {}))])


def settle(scene: Scene, *turns: bytes, price: int = MARK) -> Outcome:
    return scene.run("settle", *pack_settle({0: price}, *turns), accounts=[address_of(BUYER), address_of(SELLER)])


def slot_of(scene: Scene, *turns: bytes) -> tuple[int, int]:
    """Return (nonce, filled) of the buyer's slot 0 after an auction."""
    word = scene.run("settle", *pack_settle({0: MARK}, *turns), words=[base_of(address_of(BUYER)) + 1]).words[0]
    return word >> 216 & 2**32 - 1, word >> 168 & 2**48 - 1


def refuse(reason: str, scene: Scene, *turns: bytes, price: int = MARK) -> None:
    with pytest.raises(Reverted) as caught:
        settle(scene, *turns, price=price)
    assert caught.value.reason.startswith(reason), caught.value.reason


def test_two_orders_trade() -> None:
    done = settle(make_scene(), buy(), sell())
    assert [account.sizes_lots[0] for account in done.accounts] == [LOTS, -LOTS]


@pytest.mark.parametrize(
    "field",
    [
        "market",
        "side",
        "flags",
        "slot",
        "nonce",
        "epoch",
        "expiry_s",
        "size_lots",
        "limit_ticks",
        "tip_e6",
        "max_fee_e6",
    ],
)
def test_invalid_signature_of_another_order(field: str) -> None:
    """Whoever signed something else is an address that has no account."""
    order = make_order(0, LOTS, MARK)
    changed = {field: getattr(order, field) + 1}
    refuse("AccountUnknown", make_scene(), buy(wrong=changed), sell())


def test_invalid_signature_for_another_contract() -> None:
    order = make_order(0, LOTS, MARK)
    elsewhere = compute_domain(get_deployment().exchange.layer.chain_id, b"\1" * 20)
    fill = replace(sign_fill(BUYER, order, LOTS), signature=sign_message(key_of(BUYER), elsewhere, hash_order(order)))
    refuse("AccountUnknown", make_scene(), pack_turn([fill]), sell())


def test_invalid_signature_that_nobody_can_have_made() -> None:
    fill = replace(sign_fill(BUYER, make_order(0, LOTS, MARK), LOTS), signature=bytes(64))
    refuse(f"AccountUnknown(account=0x{'0' * 40})", make_scene(), pack_turn([fill]), sell())


def test_invalid_turn_of_two_signers() -> None:
    fills = [sign_fill(who, make_order(0, LOTS, MARK, slot=who), LOTS) for who in (BUYER, SELLER)]
    refuse("SignerDiffers", make_scene(), pack_turn(fills), sell(2 * LOTS))


@pytest.mark.parametrize("filled", [LOTS - 2, LOTS - 1, LOTS])
def test_order_is_filled_to_its_size(filled: int) -> None:
    """One more lot of an order of LOTS: with two and with one left it is taken, with none refused."""
    scene = make_scene()
    scene.put_slot(address_of(BUYER), 0, nonce=5, filled=filled)
    if filled < LOTS:
        assert slot_of(scene, buy(lots=1), sell(1)) == (5, filled + 1)
        assert settle(scene, buy(lots=1), sell(1)).due_atoms == ORDER_FEE_E6 * 10**12  # the seller's: a first fill only
    else:
        refuse("FillTooLarge", scene, buy(lots=1), sell(1))


def test_invalid_overfill_in_one_batch() -> None:
    fills = [sign_fill(BUYER, make_order(0, LOTS, MARK), lots) for lots in (LOTS - 1, 1)]
    assert settle(make_scene(), pack_turn(fills), sell()).accounts[0].sizes_lots[0] == LOTS
    fills = [sign_fill(BUYER, make_order(0, LOTS, MARK), lots) for lots in (LOTS - 1, 2)]
    refuse("FillTooLarge", make_scene(), pack_turn(fills), sell(LOTS + 1))


def test_invalid_fill_of_nothing() -> None:
    refuse("FillTooLarge", make_scene(), buy(lots=0))


@pytest.mark.parametrize("nonce", [4, 5, 6])
def test_nonce_against_the_slot(nonce: int) -> None:
    """A slot that stands at nonce 5, all filled: lower is void, the same has nothing left, higher is fresh."""
    scene = make_scene()
    scene.put_slot(address_of(BUYER), 0, nonce=5, filled=LOTS)
    if nonce == 6:
        assert slot_of(scene, buy(nonce=6), sell()) == (6, LOTS)
    else:
        refuse("OrderVoid" if nonce == 4 else "FillTooLarge", scene, buy(nonce=nonce), sell())


def test_ioc_voids_what_it_leaves() -> None:
    assert slot_of(make_scene(), buy(lots=1, flags=IOC), sell(1)) == (6, 0)


@pytest.mark.parametrize("nonce", [2**32 - 2, 2**32 - 1])
def test_ioc_at_the_last_nonces(nonce: int) -> None:
    if nonce < 2**32 - 1:
        assert slot_of(make_scene(), buy(flags=IOC, nonce=nonce), sell()) == (nonce + 1, 0)
    else:
        refuse("OrderVoid", make_scene(), buy(flags=IOC, nonce=nonce), sell())


@pytest.mark.parametrize("expiry_s", [START_S - 1, START_S, START_S + 1])
def test_expiry(expiry_s: int) -> None:
    if expiry_s >= START_S:
        settle(make_scene(), buy(expiry_s=expiry_s), sell())
    else:
        refuse("OrderExpired", make_scene(), buy(expiry_s=expiry_s), sell())


@pytest.mark.parametrize("epoch", [0, 2])
def test_invalid_epoch(epoch: int) -> None:
    refuse("EpochWrong", make_scene(), buy(epoch=epoch), sell())


@pytest.mark.parametrize("limit", [MARK - 1, MARK, MARK + 1])
def test_limit_of_a_buy_and_of_a_sell(limit: int) -> None:
    turns = {"buy": (buy(limit=limit), sell()), "sell": (buy(), sell(limit=limit))}
    for side, broken in (("buy", limit < MARK), ("sell", limit > MARK)):
        if broken:
            refuse("LimitBroken", make_scene(), *turns[side])
        else:
            settle(make_scene(), *turns[side])


@pytest.mark.parametrize("limit", [MARK - 1, MARK, MARK + 1])
def test_post_only_waits_below_the_mark(limit: int) -> None:
    turns = (buy(limit=limit, flags=POST_ONLY), sell(limit=MARK - 1))
    if limit < MARK:
        done = settle(make_scene(), *turns, price=MARK - 1)
        maker, taker = SIXTEEN.maker_fee_ppm[0], SIXTEEN.taker_fee_ppm[0]
        assert done.treasury_atoms == LOTS * (MARK - 1) * (maker + taker)
    else:
        refuse("PostOnlyCrosses", make_scene(), *turns, price=MARK - 1)


@pytest.mark.parametrize("held", [-LOTS - 1, -LOTS, -LOTS + 1, 0, LOTS])
def test_reduce_only_only_reduces(held: int) -> None:
    turns = (buy(flags=REDUCE_ONLY), sell())
    if held <= -LOTS:
        assert settle(make_scene(held), *turns).accounts[0].sizes_lots[0] == held + LOTS
    else:
        refuse("FillTooLarge", make_scene(held), *turns)


@pytest.mark.parametrize("max_fee_e6", [ORDER_FEE_E6 - 1, ORDER_FEE_E6])
def test_order_fee_within_its_maximum(max_fee_e6: int) -> None:
    if max_fee_e6 < ORDER_FEE_E6:
        refuse("FeeAboveMaximum", make_scene(), buy(max_fee_e6=max_fee_e6), sell())
    else:
        settle(make_scene(), buy(max_fee_e6=max_fee_e6), sell())


@pytest.mark.parametrize("away", [49_999, 50_000, 50_001])
@pytest.mark.parametrize("sign", [-1, 1])
def test_price_within_the_band(away: int, sign: int) -> None:
    price = MARK + sign * away
    turns = (buy(limit=ANY_BUY_TICKS), sell(limit=1))
    if away > 50_000:
        refuse("PriceOutsideBand", make_scene(), *turns, price=price)
    else:
        settle(make_scene(), *turns, price=price)


def test_invalid_sum_of_lots() -> None:
    refuse("LotsNotZero(market=0, net=1)", make_scene(), buy(), sell(LOTS - 1))


def test_invalid_market_without_a_price() -> None:
    fill = sign_fill(BUYER, make_order(1, LOTS, MARK), LOTS)
    refuse("PriceMissing(market=1)", make_scene(), buy(), sell(), pack_turn([fill]))
    refuse("PriceMissing(market=1)", make_scene(), pack_fund_fill(1, 1))


def test_invalid_size_beyond_its_bits() -> None:
    scene = make_scene(buyer_lots=2**48 - 1)
    scene.put(address_of(BUYER), 2**119, [2**48 - 1, *NO_LOTS[1:]])
    refuse("SizeTooLarge", scene, buy(lots=1), sell(1))


def test_invalid_cash_beyond_its_bits() -> None:
    scene = make_scene()
    scene.put(address_of(SELLER), 2**120 - 1, NO_LOTS)
    refuse("CashTooLarge", scene, buy(), sell())


def test_invalid_fees_that_pay_out() -> None:
    scene = make_scene()
    makers = [
        pack_turn([sign_fill(who, make_order(0, lots, MARK - lots // LOTS, flags=POST_ONLY), LOTS)])
        for who, lots in ((BUYER, LOTS), (SELLER, -LOTS))
    ]
    refuse("LimitBroken", scene, *makers)  # two that wait on their sides of the mark do not meet
    rebate = Scene(scene.marks, scene.funding, scene.initial_ppm, scene.maintenance_ppm)
    rebate.put(address_of(BUYER), RICH, [-LOTS, *NO_LOTS[1:]], tier=7)
    rebate.put(address_of(SELLER), RICH, NO_LOTS, tier=7)
    waits = pack_turn([sign_fill(BUYER, make_order(0, LOTS, MARK - 1, flags=POST_ONLY), LOTS)])
    refuse("FeesNegative", rebate, waits, sell(limit=1), price=MARK - 1)  # tier 7: a taker pays less than a maker gets


def test_invalid_stale_prices() -> None:
    refuse("PricesStale", make_scene(stale=True), buy(), sell())


@pytest.mark.parametrize("cut", [1, 64, 100])
def test_invalid_turns_cut_off(cut: int) -> None:
    turns = buy() + sell()
    with pytest.raises(Reverted):
        make_scene().run("settle", *pack_settle({0: MARK}, turns[:-cut]))


@pytest.mark.parametrize(("kind", "reason"), [(0x41, "TurnUnknown(kind=65)"), (0x80, "TurnUnknown(kind=128)")])
def test_invalid_kind_of_turn(kind: int, reason: str) -> None:
    refuse(reason, make_scene(), bytes([kind]) + bytes(40))


def test_invalid_prices_cut_off() -> None:
    with pytest.raises(Reverted, match="Malformed"):
        make_scene().run("settle", b"", b"\0" * 6, b"")
    with pytest.raises(Reverted, match="MarketUnknown"):
        make_scene().run("settle", b"", b"\x10" + b"\0" * 6, b"")


def test_invalid_liquidation_of_a_healthy_account() -> None:
    refuse("NotLiquidatable", make_scene(LOTS), pack_liquidation(address_of(BUYER), 0, 1), buy(lots=1))
    refuse("AccountUnknown", make_scene(), pack_liquidation(address_of(STRANGER), 0, 1))


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
