"""Forged flags: immediate orders kept open, reduce-only ones that grow or ask for too much, post-only takers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rollup.orders import IOC, POST_ONLY, REDUCE_ONLY
from rollup.rationing import Rationing
from tests.circuits.forging import Forged, Forger, tell
from tests.circuits.honest_lanes import get_scene
from tests.circuits.order_forgeries import behind
from tests.circuits.trade_scenes import (
    CLEARING,
    LOT,
    MARKS,
    LaneKind,
    make_account,
    make_fill_case,
    make_order,
    make_venue,
    with_rationing,
    with_slot,
)

SHRINKS = "order[*]/shrinks_where_it_must"
GAP, SMALLER = "order[*]/reduce_gap/bit[*]", "order[*]/reduce_only/smaller"


def forge_flags(forger: Forger, lane: LaneKind) -> Iterator[Forged]:
    """Yield the forgeries of a lane that concern what an order's flags bind."""
    yield from _forge_immediate(forger, lane)
    yield from _forge_growth(forger, lane)
    yield from _forge_effective_rest(forger, lane)
    yield from _forge_post_only(forger, lane)


def _forge_immediate(forger: Forger, lane: LaneKind) -> Iterator[Forged]:
    market = get_scene("market buy", lane).inputs
    kept = {"order[0]/immediate/slot_word": tell(0)}
    yield forger.forge("immediate order kept open", market, ["order[*]/immediate/slot_word", *behind(lane)], lies=kept)
    last, account = make_order(make_venue(), LOT, nonce=2**32 - 1), with_slot(make_account(usd=900), 77, 2**32 - 2, 0)
    inputs = make_fill_case(account, [(last, LOT)], lane=lane, signed=[replace(last, flags=IOC)]).inputs
    broken, changes = ["order[*]/immediate/nonce_after_fits", *behind(lane)], {"order[0]/flags": IOC}
    yield forger.forge("slot moved on to a nonce of 33 bits", inputs, broken, changes=changes)
    # three times immediate and minus once reduce-only spell the flags of an immediate order
    sale = make_order(make_venue(), -30 * LOT, better_ticks=3)
    account = make_account(usd=3_000, sizes={0: 30 * LOT})
    inputs = make_fill_case(account, [(sale, 30 * LOT)], lane=lane, signed=[replace(sale, flags=IOC)]).inputs
    lies = {"order[0]/flags": tell(3, -1, 0)}
    yield forger.forge("flags that are no booleans", inputs, ["order[*]/flags/bit[*]", *behind(lane)], lies=lies)


def _forge_growth(forger: Forger, lane: LaneKind) -> Iterator[Forged]:
    """Yield reduce-only orders that open, grow or flip a position, at prices that any other order could trade at."""
    buy = make_order(make_venue(), 5 * LOT, better_ticks=1, flags=REDUCE_ONLY)
    for name, held in (("opens", 0), ("grows", 7 * LOT), ("flips", -2 * LOT)):
        account = make_account(usd=3_000, sizes={0: held})
        inputs = make_fill_case(account, [(buy, 5 * LOT)], lane=lane).inputs
        yield forger.forge(f"reduce-only order that {name} a position", inputs, [SHRINKS])


def _forge_effective_rest(forger: Forger, lane: LaneKind) -> Iterator[Forged]:
    """Yield orders that ask for more than their position, or leave less than they could fill."""
    third = Rationing(0, 1_000 * LOT, 3_000 * LOT, 0)
    venue = with_rationing(make_venue(), 0, third)
    order = make_order(venue, 90 * LOT, flags=REDUCE_ONLY)
    account = make_account(usd=3_000, sizes={0: -50 * LOT})
    # 30 lots are the share of 90; 50 could be filled
    inputs = make_fill_case(account, [(order, 30 * LOT)], lane=lane, venue=venue).inputs
    order_binds = {
        "order[0]/reduce_only/binds": 0,
        "order[0]/share_remainder": 0,
        "order[0]/share_gap": 3_000 * LOT - 1,
    }
    lies = {"order[0]/reduce_gap": tell(-40 * LOT)}
    yield forger.forge("share of more than the position, gap negative", inputs, [GAP], changes=order_binds, lies=lies)
    yield forger.forge("share of more than the position, gap denied", inputs, [SMALLER], changes=order_binds)
    whole = make_order(make_venue(), 90 * LOT, better_ticks=1)
    inputs = make_fill_case(account, [(whole, 50 * LOT)], lane=lane).inputs
    rule, binds = "order[*]/reduce_only/binds/is_zero_or_flag", {"order[0]/reduce_only/binds": 1}
    yield forger.forge("position binding any order", inputs, [rule], changes=binds)
    reducing = replace(whole, flags=REDUCE_ONLY)
    inputs = make_fill_case(account, [(reducing, 20 * LOT)], lane=lane).inputs
    # 70 of the order and 30 of the position are left; the excess told leaves nothing of either
    changes, lies = {"order[0]/reduce_gap": 100 * LOT}, {"order[0]/reduce_only/excess": tell(70 * LOT)}
    rule = "order[*]/reduce_only/excess"
    yield forger.forge("reduce-only order left open", inputs, [rule], changes=changes, lies=lies)


def _forge_post_only(forger: Forger, lane: LaneKind) -> Iterator[Forged]:
    """Yield post-only orders with a limit at the mark or beyond it, and maker rates of others."""
    account = make_account(usd=3_000)
    below = make_venue(clearing_ticks=(MARKS[0] - 3, *CLEARING[1:]))
    for name, venue, order in (
        ("buy at the mark", below, make_order(below, 4 * LOT, better_ticks=3, flags=POST_ONLY)),
        ("sale at the mark", make_venue(), make_order(make_venue(), -4 * LOT, better_ticks=10_000, flags=POST_ONLY)),
    ):
        assert order.limit_ticks == MARKS[0]
        inputs = make_fill_case(account, [(order, 4 * LOT)], lane=lane, venue=venue).inputs
        lies = {"order[0]/post_gap": tell(-1)}
        yield forger.forge(f"post-only {name}", inputs, ["order[*]/post_gap/bit[*]"], lies=lies)
        rule, changes = ["order[*]/post_only/inside_the_mark"], {"order[0]/post_gap": 0}
        yield forger.forge(f"post-only {name}, gap denied", inputs, rule, changes=changes)
    taker = make_order(make_venue(), -4 * LOT, better_ticks=20_000, flags=POST_ONLY)
    inputs = make_fill_case(account, [(taker, 4 * LOT)], lane=lane).inputs
    # the clearing price lies 10,000 ticks above the mark, the limit as many below it
    changes, lies = {"order[0]/post_gap": 9_999}, {"order[0]/edge_of_sale": tell(20_000)}
    yield forger.forge("taker posting by a false edge", inputs, ["order[*]/edge_of_sale"], changes=changes, lies=lies)
    maker = {"order[0]/fee_rate": tell(-(10**6))}
    yield forger.forge("taker at a maker's rate", get_scene("opening", lane).inputs, ["order[*]/fee_rate"], lies=maker)
