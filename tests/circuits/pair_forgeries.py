"""Forged lanes of several fills: one order spent twice, slots out of order, growth hidden by the next fill."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tests.circuits.forging import Forged, Forger, path_inputs, tell
from tests.circuits.honest_lanes import get_scene
from tests.circuits.trade_scenes import (
    LOT,
    LaneKind,
    make_account,
    make_fill_case,
    make_order,
    make_venue,
    with_equity,
)

ORDERS_ROOT = "order[*]/orders_tree/root_in"


def forge_pairs(forger: Forger, lane: LaneKind) -> Iterator[Forged]:
    """Yield the forgeries of TradeLane(2) that one fill alone cannot make."""
    venue, account = make_venue(), make_account(usd=30_000)
    order = make_order(venue, 40 * LOT)
    once = make_fill_case(account, [(order, 40 * LOT)], lane=lane)
    twice = make_fill_case(account, [(order, 40 * LOT), (order, 40 * LOT)], lane=lane)
    rest = {"order[1]/rest": tell(-40 * LOT)}
    yield forger.forge("one order twice, rest negative", twice.inputs, ["order[*]/rest/bit[*]"], lies=rest)
    fresh = {f"order[1]/{name}": once.inputs[f"order[0]/{name}"] for name in ("filled", "rest", "slot_before")}
    fresh |= {"order[1]/nonce_step": 12, **path_inputs("order[1]/slot_path", account.orders.path(77))}
    yield forger.forge("one order twice, the first forgotten", twice.inputs, [ORDERS_ROOT], changes=fresh)
    second = {name.replace("[0]", "[1]", 1): v for name, v in once.inputs.items() if name.startswith("order[0]/")}
    late = (
        once.inputs | second | {"order[0]/active": 0, "order[0]/fill": 0, "order[0]/slot": 1, "order[0]/slot_before": 0}
    )
    late |= path_inputs("order[0]/slot_path", account.orders.path(1))
    rule = ["order[*]/after_an_active_one"]
    yield forger.forge("second slot without a first", late, rule)
    yield _forge_hidden_growth(forger, lane)
    both = get_scene("two fills", lane).inputs
    kept = {"order[1]/slot_before": both["order[0]/slot_before"]}
    own = ["order[*]/orders_tree/level[*]/children/own/chosen", "order[*]/slot_before/is_nonce_and_filled"]
    yield forger.forge("second fill from the first one's slot", both, own, changes=kept)


def _forge_hidden_growth(forger: Forger, lane: LaneKind) -> Forged:
    """Return a buy that grows a long below its margin, followed by a larger sale: each fill must reduce by itself."""
    venue = make_venue(clearing_ticks=())
    account = with_equity(venue, replace(make_account(sizes={0: 100 * LOT}), tier=7), 60 * 10**18)
    fills = [(make_order(venue, 2 * LOT), 2 * LOT), (make_order(venue, -50 * LOT, nonce=13), 50 * LOT)]
    case = make_fill_case(account, fills, venue=venue, lane=lane)
    changes = {"margin/healthy": 0}
    rule = ["order[*]/shrinks_where_it_must"]
    return forger.forge("growth before a larger reduction", case.inputs, rule, changes=changes)
