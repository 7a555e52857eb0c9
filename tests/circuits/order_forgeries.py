"""Forged orders: what was not signed, was signed otherwise, is spent, void, overfilled or badly priced."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rollup.accounts import Account
from rollup.babyjubjub import Point, multiply_base8, negate
from rollup.field import R
from rollup.orders import Order, pack_slot
from rollup.params import Params
from rollup.rationing import Rationing
from rollup.signature import divide_by_eight
from tests.circuits.forging import Forged, Forger, path_inputs, sign_under, tell
from tests.circuits.honest_lanes import get_scene
from tests.circuits.lane_cases import Values
from tests.circuits.trade_cases import TradeCase
from tests.circuits.trade_scenes import (
    LOT,
    MARKETS,
    ORDER_FEE_E6,
    USER,
    LaneKind,
    make_account,
    make_fill_case,
    make_order,
    make_quote,
    make_venue,
    with_rationing,
    with_slot,
)

OTHER_CHAIN = replace(MARKETS, chain_id=MARKETS.chain_id + 1)
SIZE = 40 * LOT
TAKEN = {  # as the lane takes it, where it was signed without
    "size": {"size_lots": SIZE + 1},
    "limit": {"limit_ticks": 25_010_006},
    "side": {"side": 1, "limit_ticks": 25_010_000},
    "market": {"market": 3, "limit_ticks": 3_000_005},
    "slot": {"slot": 78},
    "nonce": {"nonce": 13},
    "expiry": {"expiry_s": make_venue().timestamp_s + 61},
    "maximum fee": {"max_fee_e6": 61},
    "tip": {"tip_e6": 5},
}
SIGNED = {  # as it was signed, where the lane takes it without
    "epoch": {"epoch": 2},
    "account": {"account": 3},
    "flag to be immediate": {"flags": 1},
    "flag to reduce only": {"flags": 2},
    "flag to post only": {"flags": 4},
    "fourth flag": {"flags": 8},
    "fifth flag": {"flags": 16},
}
# any share is complete: V = T; and at the first place of the batch one lot more
ALL, ALL_AND_ONE = Rationing(0, SIZE, SIZE, 0), Rationing(0, SIZE, SIZE, 1)


def signature_rules(lane: LaneKind) -> list[str]:
    """Return the classes that refuse a message that was not signed."""
    return [f"{lane.scope}/r8/x", f"{lane.scope}/r8/y"]


def key_rules(lane: LaneKind) -> list[str]:
    """Return the classes that refuse a key that is not eight times what is shown."""
    return [f"{lane.scope}/key/is_eightfold_x", f"{lane.scope}/key/is_eightfold_y"]


def behind(lane: LaneKind) -> list[str]:
    """Return what else refuses a forged slot where an idle place behind it opens the honest tree."""
    return ["order[*]/orders_tree/root_in"] if lane.capacity > 1 else []


def get_message(lane: LaneKind, order: Order) -> int:
    """Return what is signed of one order in such a lane."""
    if lane.is_quote:
        return make_quote({0: order}).quote.message(MARKETS.domain)
    return order.message(MARKETS.domain)


def place_inputs_of(inputs: Values, place: int = 0) -> Values:
    """Return the inputs of an order place but for its slot before and the path to it."""
    slot = (f"order[{place}]/slot_before", f"order[{place}]/slot_path")
    return {
        name: value
        for name, value in inputs.items()
        if name.startswith(f"order[{place}]/") and not name.startswith(slot)
    }


def forge_orders(forger: Forger, lane: LaneKind) -> Iterator[Forged]:
    """Yield the forgeries of a lane that concern an order."""
    yield from _forge_signatures(forger, lane)
    yield from _forge_fields(forger, lane)
    yield from _forge_keys(forger, lane)
    yield from _forge_slots(forger, lane)
    yield from _forge_slot_values(forger, lane)
    yield from _forge_fills(forger, lane)
    yield from _forge_selectors(forger, lane)


def _forge_signatures(forger: Forger, lane: LaneKind) -> Iterator[Forged]:
    opening, refused_by = get_scene("opening", lane), signature_rules(lane)
    unsigned = {f"{lane.signature}{name}": value for name, value in (("r8_x", 0), ("r8_y", 1), ("s", 0))}
    yield forger.forge("unsigned order", opening.inputs, refused_by, changes=unsigned)
    order = make_order(make_venue(), SIZE, better_ticks=5)
    account = make_account(usd=3_000)
    other_key = make_fill_case(account, [(order, SIZE)], lane=lane, signer=3)
    yield forger.forge("signed by another key", other_key.inputs, refused_by)
    yield forger.forge("signed for another chain", _signed_for(OTHER_CHAIN, order, lane), refused_by)
    response = {f"{lane.signature}s": opening.inputs[f"{lane.signature}s"] + 1}
    yield forger.forge("response off by one", opening.inputs, refused_by, changes=response)


def _signed_for(params: Params, order: Order, lane: LaneKind) -> Values:
    """Return the lane of an order that was signed for a venue of other parameters."""
    there = make_fill_case(
        make_account(usd=3_000), [(order, order.size_lots)], lane=lane, venue=make_venue(params=params)
    )
    domain = make_fill_case(make_account(usd=3_000), [(order, order.size_lots)], lane=lane).inputs["table/domain"]
    return there.inputs | {"table/domain": domain}


def _forge_fields(forger: Forger, lane: LaneKind) -> Iterator[Forged]:
    """Yield an order altered after it was signed, in each field; epoch and account are the lane's."""
    account = make_account(usd=300_000, tier=0)
    order = make_order(make_venue(), SIZE, better_ticks=5)
    fields = [(field, order, replace(order, **changes)) for field, changes in TAKEN.items()]
    fields += [(field, replace(order, **changes), order) for field, changes in SIGNED.items()]
    for field, signed, taken in fields:
        case = make_fill_case(account, [(taken, taken.size_lots)], lane=lane, signed=[signed])
        yield forger.forge(f"order of another {field} than signed", case.inputs, signature_rules(lane))


def _forge_keys(forger: Forger, lane: LaneKind) -> Iterator[Forged]:
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
        yield _forge_key(forger, f"{name} trading", lane, shown_key, secret)
    order = make_order(make_venue(), LOT, epoch=0)
    empty = make_fill_case(Account(), [(order, LOT)], lane=lane)
    changes = {"margin/healthy": 1, **_show_key((0, 0), secret, order, lane)}
    broken = (*key_rules(lane), "margin/close/not_negative/sum")
    yield forger.forge("empty account trading without key or equity", empty.inputs, broken, changes=changes)


def _forge_key(forger: Forger, name: str, lane: LaneKind, shown_key: Point, secret: int) -> Forged:
    venue, account = make_venue(), make_account(usd=3_000)
    order = make_order(venue, SIZE, better_ticks=5)
    case = make_fill_case(account, [(order, SIZE)], lane=lane)
    tree = venue.tree({USER: replace(account, key=shown_key)})
    opened = path_inputs("account_path", tree.path(USER)) | {"root_in": tree.root}
    changes = _show_key(shown_key, secret, order, lane) | opened
    return forger.forge(name, case.inputs, key_rules(lane), changes=changes)


def _show_key(shown_key: Point, secret: int, order: Order, lane: LaneKind) -> Values:
    """Return the inputs by which an account with this key trades, signed and shown sound by the key of `secret`."""
    r8, s = sign_under(shown_key, secret, get_message(lane, order))
    eighth = divide_by_eight(multiply_base8(secret))
    return {
        "account/key_x": shown_key[0],
        "account/key_y": shown_key[1],
        "account/key_div_8_x": eighth[0],
        "account/key_div_8_y": eighth[1],
        f"{lane.signature}r8_x": r8[0],
        f"{lane.signature}r8_y": r8[1],
        f"{lane.signature}s": s,
    }


def _forge_slots(forger: Forger, lane: LaneKind) -> Iterator[Forged]:
    """Yield replays of an order filled before, shown as the fresh one that it once was."""
    spent, fresh = (_fill_slot(lane, ALL, 12, filled).inputs for filled in (SIZE, 0))
    wholly = place_inputs_of(fresh)
    rule = "order[*]/slot_before/is_nonce_and_filled"
    yield forger.forge("replayed order, fill denied", spent, [rule, *behind(lane)], changes=wholly)
    own = "order[*]/orders_tree/level[*]/children/own/chosen"
    empty_slot = {**wholly, "order[0]/slot_before": pack_slot(12, 0)}
    yield forger.forge("replayed order, slot denied", spent, [own], changes=empty_slot)
    child = empty_slot | path_inputs("order[0]/slot_path", _with_filled(0).orders.path(77))
    root_rule = "order[*]/orders_tree/root_in"
    yield forger.forge("replayed order, tree denied", spent, [root_rule], changes=child)
    nonce = {**wholly, "order[0]/filled": SIZE}
    rule, lies = "order[*]/same_nonce/product", {"order[0]/same_nonce/product": tell(1)}
    yield forger.forge("replayed order, nonce denied", spent, [rule, *behind(lane)], changes=nonce, lies=lies)
    raised = {**nonce, "order[0]/nonce": 13, "order[0]/nonce_step": 1}
    broken = [*signature_rules(lane), *behind(lane)]
    yield forger.forge("replayed order, nonce raised", spent, broken, changes=raised)
    yield _forge_slot_bits(forger, lane, spent | wholly)
    more = _fill_slot(lane, ALL_AND_ONE, 12, SIZE, fill_lots=1).inputs
    rest = {"order[0]/rest": tell(-1)}
    yield forger.forge("spent order, rest negative", more, ["order[*]/rest/bit[*]"], lies=rest)
    more = _fill_slot(lane, ALL, 12, SIZE, fill_lots=1).inputs
    rule = "order[*]/size/is_filled_and_rest"
    yield forger.forge("spent order, rest denied", more, [rule], changes={"order[0]/rest": 0, **_SHARE_OF_ONE})


_SHARE_OF_ONE = {"order[0]/share_remainder": 0, "order[0]/share_gap": SIZE - 1}


def _with_filled(filled: int, nonce: int = 12) -> Account:
    return with_slot(make_account(usd=3_000), 77, nonce, filled)


def _fill_slot(lane: LaneKind, rationing: Rationing, nonce: int, filled: int, *, fill_lots: int = SIZE) -> TradeCase:
    """Return a fill of an order for SIZE at its limit, of nonce 12, whose slot holds this."""
    venue = with_rationing(make_venue(), 0, rationing)
    return make_fill_case(_with_filled(filled, nonce), [(make_order(venue, SIZE), fill_lots)], lane=lane, venue=venue)


def _forge_slot_bits(forger: Forger, lane: LaneKind, inputs: Values) -> Forged:
    """Return a slot found between two others: a bit that is neither 0 nor 1 mixes two children into any value."""
    account = with_slot(_with_filled(SIZE), 76, 9, 5)
    tree = make_venue().tree({USER: account})
    opened = path_inputs("account_path", tree.path(USER)) | {"root_in": tree.root}
    opened |= path_inputs("order[0]/slot_path", account.orders.path(77))
    opened["account/orders_root"] = account.orders_root
    children = account.orders.path(77)[0][4:6]
    wanted = pack_slot(12, 0)
    bit = (wanted - children[0]) * pow(children[1] - children[0], -1, R) % R
    # 77 = 5 + 72: bit 0 takes the mix, and a bit of no level above can make up for it
    lies = {"order[0]/slot": tell(bit, 0, 1, 1, 0, 0, 1, 0, 0)}
    broken = ["order[*]/slot/bit[*]", *signature_rules(lane), *behind(lane)]
    changes = {**opened, "order[0]/slot_before": wanted}
    return forger.forge("slot mixed of two", inputs, broken, changes=changes, lies=lies)


def _forge_slot_values(forger: Forger, lane: LaneKind) -> Iterator[Forged]:
    """Yield nonces out of their bounds, and slots that forget."""
    old = {"order[0]/same_nonce/inverse": tell(0), "order[0]/rest": tell(-1)}
    broken = ["order[*]/same_nonce/annihilates", "order[*]/rest/bit[*]", *behind(lane)]
    older = _fill_slot(lane, ALL_AND_ONE, 11, 1, fill_lots=SIZE).inputs
    counted = {"order[0]/fee_slack_e6": older["order[0]/fee_slack_e6"] + ORDER_FEE_E6, **_AFTER_ONE}
    yield forger.forge("fill of an older nonce counted", older, broken, changes=counted, lies=old)
    for name, slot_nonce in (("below the slot's", 13), ("256 above the slot's", 12 - 256)):
        yield _forge_nonce(forger, f"nonce {name}", lane, slot_nonce)
    resting = get_scene("resting", lane).inputs
    kept = {"order[0]/slot_after": tell(0)}
    yield forger.forge("fill not remembered", resting, ["order[*]/slot_after", *behind(lane)], lies=kept)
    # 7 of 40 filled before; of all 40, as if they were fresh, a share of 33 in 40 is what is left
    venue = with_rationing(make_venue(), 0, Rationing(0, 33 * LOT, SIZE, 0))
    last = [(make_order(venue, SIZE), 33 * LOT)]
    case, fresh = (make_fill_case(_with_filled(lots), last, lane=lane, venue=venue) for lots in (7 * LOT, 0))
    forgotten = {**place_inputs_of(fresh.inputs), "order[0]/filled": 7 * LOT}
    lies, broken = {"order[0]/filled_before": tell(0)}, ["order[*]/filled_before", *behind(lane)]
    yield forger.forge("fills before forgotten", case.inputs, broken, changes=forgotten, lies=lies)


_AFTER_ONE = {"order[0]/share/extra": 1, "order[0]/share_remainder": 0, "order[0]/share_gap": SIZE - 1}


def _forge_nonce(forger: Forger, name: str, lane: LaneKind, slot_nonce: int) -> Forged:
    nonce, step = 300, 12 - slot_nonce
    order = make_order(make_venue(), SIZE, nonce=nonce)
    inputs = make_fill_case(_with_filled(0, nonce - step), [(order, SIZE)], lane=lane).inputs
    lies = {"order[0]/nonce_step": tell(step)}
    return forger.forge(name, inputs, ["order[*]/nonce_step/bit[*]"], lies=lies)


def _forge_fills(forger: Forger, lane: LaneKind) -> Iterator[Forged]:
    """Yield fills out of their bounds: size, limit, expiry, completeness, none at all."""
    venue, account = make_venue(), make_account(usd=3_000)

    def forge(name: str, order: Order, fill: int, refused_by: str, rationing: Rationing = ALL, **lies: int) -> Forged:
        at = with_rationing(venue, 0, rationing)
        inputs = make_fill_case(account, [(order, fill)], lane=lane, venue=at).inputs
        told = {f"order[0]/{hint}": tell(value) for hint, value in lies.items()}
        return forger.forge(name, inputs, [refused_by], lies=told)

    at_limit = make_order(venue, SIZE)
    yield forge("overfilled by one lot", at_limit, SIZE + 1, "order[*]/rest/bit[*]", ALL_AND_ONE, rest=-1)
    worse = replace(at_limit, limit_ticks=at_limit.limit_ticks - 1)
    yield forge("buy above its limit by one tick", worse, SIZE, "order[*]/limit_gap/bit[*]", limit_gap=-1)
    sell = replace(make_order(venue, -SIZE), limit_ticks=at_limit.limit_ticks + 1)
    yield forge("sell below its limit by one tick", sell, SIZE, "order[*]/limit_gap/bit[*]", limit_gap=-1)
    expired = replace(at_limit, expiry_s=venue.timestamp_s - 1)
    yield forge("expired by one second", expired, SIZE, "order[*]/expiry_gap/bit[*]", expiry_gap=-1)
    better = make_order(venue, SIZE, better_ticks=1)
    yield forge("better order left one lot short", better, SIZE - 1, "order[*]/full_unless_shared")
    none = Rationing(0, 0, SIZE, 0)
    yield forge("no lots", at_limit, 0, "order[*]/fill/at_least_one_lot", none)
    inputs = get_scene("opening", lane).inputs
    broken = ["order[*]/fill/none_if_idle", *behind(lane), *(["used/has_an_active_order"] if lane.is_quote else [])]
    idle = {"order[0]/active": 0}
    yield forger.forge("fill without order or liquidation", inputs, broken, changes=idle)


def _forge_selectors(forger: Forger, lane: LaneKind) -> Iterator[Forged]:
    """Yield sides and markets that are no booleans, though the signed word is the same."""
    venue, account = with_rationing(make_venue(), 0, ALL), make_account(usd=300_000)
    order = make_order(venue, 4 * LOT)
    flagged = replace(order, flags=1)  # flags follow the side in word_1: side 2
    case = make_fill_case(account, [(order, 4 * LOT)], lane=lane, venue=venue, signed=[flagged])
    rule, side = ["order[*]/side/boolean"], {"order[0]/side": 2}
    yield forger.forge("immediate buy as a sale of threefold size", case.inputs, rule, changes=side)
    sale = make_order(make_venue(), -4 * LOT, limit_ticks=0)
    inputs = make_fill_case(account, [(sale, 4 * LOT)], lane=lane).inputs
    # the side follows the market: a sale in market 0 is a buy in market 16
    price = sum(c * p for c, p in ((-1, venue.clearing[0]), (2, venue.clearing[8])))
    changes = {"order[0]/side": 0, "order[0]/limit_gap": -price}
    lies = {"order[0]/market": tell(0, 0, 0, 2), "order[0]/limit_gap": tell(-price)}
    broken = ["order[*]/market/bit[*]", "order[*]/limit_gap/bit[*]"]
    yield forger.forge("sale as a buy in market 16", inputs, broken, changes=changes, lies=lies)
    two_hot = {"order[0]/market/hot/and[1][0]": tell(1)}
    opening = get_scene("opening", lane).inputs
    broken = ["order[*]/market/hot/and[*][*]", *signature_rules(lane), "margin/close/not_negative/sum"]
    yield forger.forge("two markets at once", opening, broken, lies=two_hot)
