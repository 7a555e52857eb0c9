"""Forged fills: what was not signed, was signed otherwise, is spent, void, overfilled or badly priced."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rollup.accounts import Account
from rollup.babyjubjub import Point, multiply_base8, negate
from rollup.field import R
from rollup.orders import Order, SignedOrder, pack_slot
from rollup.params import Params
from rollup.signature import divide_by_eight, sign
from tests.circuits.forging import Forged, Forger, path_inputs, sign_under, tell
from tests.circuits.lane_cases import Values
from tests.circuits.trade_cases import TradeCase, make_trade_case
from tests.circuits.trade_scenes import (
    LOT,
    MARKETS,
    USER,
    get_scene,
    key_of,
    make_account,
    make_fill_case,
    make_order,
    make_venue,
    sign_order,
    with_slot,
)

SIGNATURE = ("order[*]/signature/r8/x", "order[*]/signature/r8/y")
KEY = ("order[*]/signature/key/is_eightfold_x", "order[*]/signature/key/is_eightfold_y")
OTHER_CHAIN = replace(MARKETS, chain_id=MARKETS.chain_id + 1)
FIELDS = {
    "size": {"size_lots": 40 * LOT + 1, "limit_ticks": 25_010_000},
    "limit": {"limit_ticks": 25_010_006},
    "side": {"side": 1, "limit_ticks": 25_010_000},
    "market": {"market": 3, "limit_ticks": 3_000_005},
    "slot": {"slot": 78},
    "nonce": {"nonce": 13},
    "expiry": {"expiry_s": make_venue().timestamp_s + 61},
    "maximum fee": {"max_fee_e6": 10},
    "tip": {"tip": 5},
    "epoch": {"epoch": 2},
    "flags": {"flags": 1},
    "account": {"account": 3},
}


def _behind(capacity: int) -> list[str]:
    """Return what else refuses a forged slot where an idle slot behind it opens the honest tree."""
    return ["order[*]/orders_tree/root_in"] if capacity > 1 else []


def forge_orders(forger: Forger, capacity: int) -> Iterator[Forged]:
    """Yield the forgeries of TradeLane(capacity) that concern an order."""
    yield from _forge_signatures(forger, capacity)
    yield from _forge_fields(forger, capacity)
    yield from _forge_keys(forger, capacity)
    yield from _forge_slots(forger, capacity)
    yield from _forge_fills(forger, capacity)


def _forge_signatures(forger: Forger, capacity: int) -> Iterator[Forged]:
    opening = get_scene("opening", capacity)
    unsigned = {"order[0]/r8_x": 0, "order[0]/r8_y": 1, "order[0]/s": 0}
    yield forger.forge("unsigned order", opening.inputs, SIGNATURE, changes=unsigned)
    venue = make_venue()
    order = make_order(venue, 40 * LOT, better_ticks=5)
    account = make_account(usd=3_000)
    other_key = make_fill_case(account, [(order, 40 * LOT)], capacity=capacity, signer=3)
    yield forger.forge("signed by another key", other_key.inputs, SIGNATURE)
    yield forger.forge("signed for another chain", _signed_for(OTHER_CHAIN, order, capacity).inputs, SIGNATURE)
    s_and_order = {"order[0]/s": opening.inputs["order[0]/s"] + 1}
    yield forger.forge("response off by one", opening.inputs, SIGNATURE, changes=s_and_order)


def _signed_for(params: Params, order: Order, capacity: int) -> TradeCase:
    venue = make_venue()
    signed = SignedOrder(order, sign(key_of(USER), order.message(params.domain)))
    return make_trade_case(venue, USER, make_account(usd=3_000), [(signed, order.size_lots)], capacity=capacity)


def _forge_fields(forger: Forger, capacity: int) -> Iterator[Forged]:
    """Yield an order altered after it was signed, in each field; epoch and account are the lane's, flags 0."""
    venue, account = make_venue(), make_account(usd=300_000, tier=0)
    order = make_order(venue, 40 * LOT, better_ticks=5)
    for field, changes in FIELDS.items():
        if field in ("epoch", "flags", "account"):
            signed, taken = replace(order, **changes), order
        else:
            signed, taken = order, replace(order, **changes)
        signature = sign(key_of(USER), signed.message(MARKETS.domain))
        fill_lots = taken.size_lots
        case = make_trade_case(venue, USER, account, [(SignedOrder(taken, signature), fill_lots)], capacity=capacity)
        yield forger.forge(f"order of another {field} than signed", case.inputs, SIGNATURE)


def _forge_keys(forger: Forger, capacity: int) -> Iterator[Forged]:
    """Yield fills that the sequencer signs with a key of its own, on accounts whose key nobody could sign with."""
    secret = 0xC0FFEE
    own_key = multiply_base8(secret)
    torsion = (0, R - 1)  # order 2
    mixed = negate(own_key)[0], R - own_key[1]  # -(x, y) with y negated too is (x, y) + (0, -1), by the addition law
    keys = {
        "keyless account": (0, 0),
        "key of order 1": (0, 1),
        "key of order 2": torsion,
        "key with a part of order 2": mixed,
        "key off the curve": (5, 6),
    }
    for name, shown_key in keys.items():
        yield _forge_key(forger, f"{name} trading", capacity, shown_key, secret)
    empty = make_fill_case(Account(), [(make_order(make_venue(), LOT, epoch=0), LOT)], capacity=capacity)
    changes = {"margin/healthy": 1, **_show_key((0, 0), secret, make_order(make_venue(), LOT, epoch=0))}
    broken = (*KEY, "margin/close/not_negative/sum")
    yield forger.forge("empty account trading without key or equity", empty.inputs, broken, changes=changes)


def _forge_key(forger: Forger, name: str, capacity: int, shown_key: Point, secret: int) -> Forged:
    venue, account = make_venue(), make_account(usd=3_000)
    order = make_order(venue, 40 * LOT, better_ticks=5)
    case = make_fill_case(account, [(order, 40 * LOT)], capacity=capacity)
    tree = venue.tree({USER: replace(account, key=shown_key)})
    changes = (
        _show_key(shown_key, secret, order) | path_inputs("account_path", tree.path(USER)) | {"root_in": tree.root}
    )
    return forger.forge(name, case.inputs, KEY, changes=changes)


def _show_key(shown_key: Point, secret: int, order: Order) -> Values:
    """Return the inputs by which an account with this key trades, signed and shown sound by the key of `secret`."""
    r8, s = sign_under(shown_key, secret, order.message(MARKETS.domain))
    eighth = divide_by_eight(multiply_base8(secret))
    return {
        "account/key_x": shown_key[0],
        "account/key_y": shown_key[1],
        "account/key_div_8_x": eighth[0],
        "account/key_div_8_y": eighth[1],
        "order[0]/r8_x": r8[0],
        "order[0]/r8_y": r8[1],
        "order[0]/s": s,
    }


def _forge_slots(forger: Forger, capacity: int) -> Iterator[Forged]:
    """Yield replays: orders filled before, void by nonce, or read from another slot."""
    venue, size = make_venue(), 40 * LOT
    order = make_order(venue, size)
    account = make_account(usd=3_000)

    def case_of(nonce: int, filled: int) -> Values:
        return make_fill_case(with_slot(account, 77, nonce, filled), [(order, size)], capacity=capacity).inputs

    spent = case_of(12, size)
    rest = {"order[0]/rest": tell(-size)}
    yield forger.forge("replayed order, rest negative", spent, ["order[*]/rest/bit[*]"], lies=rest)
    yield forger.forge("replayed order, rest denied", spent, ["order[*]/size/is_filled_and_rest"])
    denied = {"order[0]/filled": 0, "order[0]/rest": 0}
    slot_rule = "order[*]/slot_before/is_nonce_and_filled"
    yield forger.forge("replayed order, fill denied", spent, [slot_rule, *_behind(capacity)], changes=denied)
    own = "order[*]/orders_tree/level[*]/children/own/chosen"
    empty_slot = {**denied, "order[0]/slot_before": pack_slot(12, 0)}
    yield forger.forge("replayed order, slot denied", spent, [own], changes=empty_slot)
    child = empty_slot | path_inputs("order[0]/slot_path", with_slot(account, 77, 12, 0).orders.path(77))
    root_rule = "order[*]/orders_tree/root_in"
    yield forger.forge("replayed order, tree denied", spent, [root_rule], changes=child)
    fresh = {"order[0]/same_nonce/product": tell(1)}
    yield forger.forge(
        "replayed order, nonce denied",
        spent,
        ["order[*]/same_nonce/product", *_behind(capacity)],
        changes={"order[0]/rest": 0},
        lies=fresh,
    )
    raised = {"order[0]/nonce": 13, "order[0]/nonce_step": 1, "order[0]/rest": 0}
    yield forger.forge("replayed order, nonce raised", spent, [*SIGNATURE, *_behind(capacity)], changes=raised)
    old = {"order[0]/same_nonce/inverse": tell(0), "order[0]/rest": tell(-1)}
    broken = ["order[*]/same_nonce/annihilates", "order[*]/rest/bit[*]", *_behind(capacity)]
    yield forger.forge("fill of an older nonce counted", case_of(11, 1), broken, lies=old)
    for name, slot_nonce in (("below the slot's", 13), ("256 above the slot's", 12 - 256)):
        yield _forge_nonce(forger, f"nonce {name}", capacity, slot_nonce)
    yield _forge_slot_bits(forger, capacity)
    resting = get_scene("resting", capacity).inputs
    kept = {"order[0]/slot_after": tell(0)}
    yield forger.forge("fill not remembered", resting, ["order[*]/slot_after", *_behind(capacity)], lies=kept)
    less = {"order[0]/filled_before": tell(0), "order[0]/rest": tell(30 * LOT)}
    broken = ["order[*]/filled_before", "order[*]/rest/bit[*]", *_behind(capacity)]
    yield forger.forge("fills before forgotten", resting, broken, lies=less)


def _forge_nonce(forger: Forger, name: str, capacity: int, slot_nonce: int) -> Forged:
    venue, nonce = make_venue(), 300
    order = make_order(venue, 40 * LOT, nonce=nonce)
    step = 12 - slot_nonce
    account = with_slot(make_account(usd=3_000), 77, nonce - step, 0)
    inputs = make_fill_case(account, [(order, 40 * LOT)], capacity=capacity).inputs
    lies = {"order[0]/nonce_step": tell(step)}
    return forger.forge(name, inputs, ["order[*]/nonce_step/bit[*]"], lies=lies)


def _forge_slot_bits(forger: Forger, capacity: int) -> Forged:
    """Return a slot found between two others: a bit that is neither 0 nor 1 mixes two children into any value."""
    account = with_slot(with_slot(make_account(usd=3_000), 77, 12, 40 * LOT), 76, 9, 5)
    order = make_order(make_venue(), 40 * LOT)
    inputs = make_fill_case(account, [(order, 40 * LOT)], capacity=capacity).inputs
    children = [inputs[f"order[0]/slot_path[0][{k}]"] for k in (4, 5)]
    wanted = pack_slot(12, 0)
    bit = (wanted - children[0]) * pow(children[1] - children[0], -1, R) % R
    changes = {"order[0]/filled": 0, "order[0]/rest": 0, "order[0]/slot_before": wanted}
    # 77 = 5 + 72: bit 0 takes the mix, and a bit of no level above can make up for it
    lies = {"order[0]/slot": tell(bit, 0, 1, 1, 0, 0, 1, 0, 0)}
    return forger.forge(
        "slot mixed of two",
        inputs,
        ["order[*]/slot/bit[*]", *SIGNATURE, *_behind(capacity)],
        changes=changes,
        lies=lies,
    )


def _forge_fills(forger: Forger, capacity: int) -> Iterator[Forged]:
    """Yield fills out of their bounds: size, limit, expiry, completeness, none at all."""
    venue, account = make_venue(), make_account(usd=3_000)

    def forge(name: str, order: Order, fill: int, refused_by: list[str], **lies: int) -> Forged:
        inputs = make_fill_case(account, [(order, fill)], capacity=capacity).inputs
        told = {f"order[0]/{hint}": tell(value) for hint, value in lies.items()}
        return forger.forge(name, inputs, refused_by, lies=told)

    at_limit = make_order(venue, 40 * LOT)
    yield forge("overfilled by one lot", at_limit, 40 * LOT + 1, ["order[*]/rest/bit[*]"], rest=-1)
    yield forge("overfilled, rest wrapped", at_limit, 40 * LOT + 1, ["order[*]/size/is_filled_and_rest"])
    worse = replace(at_limit, limit_ticks=at_limit.limit_ticks - 1)
    limit_rules = ["order[*]/limit_gap/bit[*]"]
    yield forge("buy above its limit by one tick", worse, 40 * LOT, limit_rules, limit_gap=-1)
    sell = replace(make_order(venue, -40 * LOT), limit_ticks=at_limit.limit_ticks + 1)
    yield forge("sell below its limit by one tick", sell, 40 * LOT, limit_rules, limit_gap=-1)
    expired = replace(at_limit, expiry_s=venue.timestamp_s - 1)
    yield forge("expired by one second", expired, 40 * LOT, ["order[*]/expiry_gap/bit[*]"], expiry_gap=-1)
    better = make_order(venue, 40 * LOT, better_ticks=1)
    yield forge("better order left one lot short", better, 40 * LOT - 1, ["order[*]/better_order_is_full"])
    yield forge("no lots", at_limit, 0, ["order[*]/fill/at_least_one_lot"])
    inputs = get_scene("opening", capacity).inputs
    idle = {"order[0]/active": 0}
    yield forger.forge(
        "fill without order or liquidation", inputs, ["order[*]/fill/none_if_idle", *_behind(capacity)], changes=idle
    )
    yield from _forge_selectors(forger, capacity)


def _forge_selectors(forger: Forger, capacity: int) -> Iterator[Forged]:
    """Yield sides and markets that are no booleans, though the signed word is the same."""
    venue, account = make_venue(), make_account(usd=300_000)
    flagged = make_order(venue, 4 * LOT, flags=1)  # flags follow the side in word_1: side 2
    signed = sign_order(venue, flagged)
    case = make_trade_case(venue, USER, account, [(signed, 4 * LOT)], capacity=capacity)
    side = {"order[0]/side": 2}
    yield forger.forge(
        "buy of flags 1 as a sale of threefold size", case.inputs, ["order[*]/side/boolean"], changes=side
    )
    sale = sign_order(venue, make_order(venue, -4 * LOT, limit_ticks=0))
    case = make_trade_case(venue, USER, account, [(sale, 4 * LOT)], capacity=capacity)
    # the side follows the market: a sale in market 0 is a buy in market 16
    price = sum(c * p for c, p in ((-1, venue.clearing[0]), (2, venue.clearing[8])))
    changes = {"order[0]/side": 0, "order[0]/limit_gap": -price}
    lies = {"order[0]/market": tell(0, 0, 0, 2), "order[0]/limit_gap": tell(-price)}
    broken = ["order[*]/market/bit[*]", "order[*]/limit_gap/bit[*]"]
    yield forger.forge("sale as a buy in market 16", case.inputs, broken, changes=changes, lies=lies)
    two_hot = {"order[0]/market/hot/and[1][0]": tell(1)}
    opening = get_scene("opening", capacity).inputs
    broken = ["order[*]/market/hot/and[*][*]", *SIGNATURE, "margin/close/not_negative/sum"]
    yield forger.forge("two markets at once", opening, broken, lies=two_hot)
