"""Forged lanes of several fills: one order spent twice, places out of order, growth hidden by the next fill."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rollup.rationing import Rationing
from tests.circuits.forging import Forged, Forger, path_inputs, tell
from tests.circuits.honest_lanes import get_scene
from tests.circuits.lane_cases import Values
from tests.circuits.order_forgeries import ALL, SIZE, place_inputs_of
from tests.circuits.trade_scenes import (
    LOT,
    LaneKind,
    make_account,
    make_fill_case,
    make_order,
    make_venue,
    with_equity,
    with_rationing,
)

ORDERS_ROOT = "order[*]/orders_tree/root_in"


def forge_pairs(forger: Forger, lane: LaneKind) -> Iterator[Forged]:
    """Yield the forgeries of a lane of two that one fill alone cannot make."""
    yield from _forge_twice(forger, lane)
    yield _forge_hidden_growth(forger, lane)
    both = get_scene("two fills", lane).inputs
    kept = {"order[1]/slot_before": both["order[0]/slot_before"]}
    own = ["order[*]/orders_tree/level[*]/children/own/chosen", "order[*]/slot_before/is_nonce_and_filled"]
    yield forger.forge("second fill from the first one's slot", both, own, changes=kept)
    shares = get_scene("two shares", lane).inputs
    counted = {"totals/order[1]/ration[0]": tell(0)}
    yield forger.forge("second share not counted", shares, ["totals/order[*]/ration[*]"], lies=counted)


def _fill(lane: LaneKind, rationing: Rationing, lots: list[int]) -> Values:
    """Return the lane in which one order of SIZE fills once or twice."""
    venue = with_rationing(make_venue(), 0, rationing)
    order = make_order(venue, SIZE)
    fills = [(order, fill_lots) for fill_lots in lots]
    return make_fill_case(make_account(usd=30_000), fills, lane=lane, venue=venue).inputs


def _forge_twice(forger: Forger, lane: LaneKind) -> Iterator[Forged]:
    """Yield one order filled at two places, the second as if it were the first; a quote may hold an order twice."""
    once, twice = _fill(lane, ALL, [SIZE]), _fill(lane, ALL, [SIZE, SIZE])
    first = {name.replace("[0]", "[1]", 1): value for name, value in place_inputs_of(once).items()}
    first["order[1]/cutoff_gap"] = 1  # the second place is one further behind the cutoff of 0
    fresh = first | {"order[1]/slot_before": 0, **path_inputs("order[1]/slot_path", make_account().orders.path(77))}
    yield forger.forge("one order twice, the first forgotten", twice, [ORDERS_ROOT], changes=fresh)
    rule = ["order[*]/slot_before/is_nonce_and_filled"]
    yield forger.forge("one order twice, its slot denied", twice, rule, changes=first)
    if not lane.is_quote:
        idle = {"order[0]/active": 0, "order[0]/fill": 0, "order[0]/slot": 1, "order[0]/slot_before": 0}
        idle |= path_inputs("order[0]/slot_path", make_account().orders.path(1))
        rule = ["order[*]/after_an_active_one"]
        yield forger.forge("second place without a first", once | fresh, rule, changes=idle)


def _forge_hidden_growth(forger: Forger, lane: LaneKind) -> Forged:
    """Return a buy that grows a long below its margin, followed by a larger sale: each fill must reduce by itself."""
    venue = make_venue(clearing_ticks=())
    account = with_equity(venue, replace(make_account(sizes={0: 100 * LOT}), tier=7), 60 * 10**18)
    fills = [(make_order(venue, 2 * LOT, better_ticks=1), 2 * LOT), (make_order(venue, -50 * LOT, nonce=13), 50 * LOT)]
    case = make_fill_case(account, fills, venue=venue, lane=lane)
    changes = {"margin/healthy": 0}
    rule = ["order[*]/shrinks_where_it_must"]
    return forger.forge("growth before a larger reduction", case.inputs, rule, changes=changes)
