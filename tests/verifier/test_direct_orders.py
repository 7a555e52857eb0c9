"""What DirectSettlement refuses of an auction, each beside the case that it takes; and how an order's state goes on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rollup.orders import ANY_BUY_TICKS, IOC, POST_ONLY, REDUCE_ONLY
from tests.scenarios import START_S
from tests.verifier.direct_auction import (
    BUYER,
    LOTS,
    MARK,
    NO_LOTS,
    RICH,
    SELLER,
    STRANGER,
    buy,
    make_scene,
    refuse,
    sell,
    settle,
    slot_of,
)
from tests.verifier.direct_scenes import (
    ORDER_FEE_E6,
    SIXTEEN,
    Scene,
    address_of,
    get_deployment,
    key_of,
    make_order,
    pack_liquidation,
    pack_settle,
    pack_turn,
    sign_fill,
)
from verifier.base_layer import Reverted
from verifier.direct.calldata import pack_fund_fill
from verifier.direct.messages import compute_domain, hash_order, sign_message


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
