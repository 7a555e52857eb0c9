"""Forged quotes: orders that are not in it or elsewhere in it, other places altered, lanes used without an order."""

from __future__ import annotations

from collections.abc import Iterator

from rollup.quotes import QUOTE_ORDERS
from tests.circuits.forging import Forged, Forger
from tests.circuits.honest_lanes import get_scene, make_quoted_orders
from tests.circuits.order_forgeries import signature_rules
from tests.circuits.trade_cases import make_quote_case
from tests.circuits.trade_scenes import (
    LOT,
    USER,
    LaneKind,
    make_account,
    make_fill_case,
    make_quote,
    make_venue,
    sign_order,
)

ZERO_OR_USED = "order[*]/active/is_zero_or_used"


def forge_quotes(forger: Forger, lane: LaneKind) -> Iterator[Forged]:
    """Yield the forgeries of a QuoteLane that concern its quote."""
    yield from _forge_places(forger, lane)
    yield from _forge_use(forger, lane)


def forge_reuse(forger: Forger, lane: LaneKind) -> Iterator[Forged]:
    """Yield an order's signature in a QuoteLane, or a quote's in a TradeLane."""
    order = make_quoted_orders()[0]
    quote = make_quote({0: order})
    other = sign_order(make_venue(), order).signature if lane.is_quote else quote.signature
    inputs = make_fill_case(make_account(usd=50_000), [(order, order.size_lots)], lane=lane).inputs
    values = {"r8_x": other.r8[0], "r8_y": other.r8[1], "s": other.s}
    changes = {f"{lane.signature}{name}": value for name, value in values.items()}
    kind = "an order's signature under a quote" if lane.is_quote else "a quote's signature under an order"
    yield forger.forge(kind, inputs, signature_rules(lane), changes=changes)


def _forge_places(forger: Forger, lane: LaneKind) -> Iterator[Forged]:
    whole, refused_by = get_scene("whole quote", lane).inputs, signature_rules(lane)
    for place in (lane.capacity, 9, QUOTE_ORDERS - 1):
        changes = {f"message[{place}]": whole[f"message[{place}]"] + 1}
        yield forger.forge(f"quote of another order at place {place}", whole, refused_by, changes=changes)
    first_alone = get_scene("first alone", lane).inputs
    dropped = {"message[1]": 0}
    yield forger.forge("quote less an order that does not fill", first_alone, refused_by, changes=dropped)
    orders, account, venue = make_quoted_orders(), make_account(usd=50_000), make_venue()
    elsewhere = {0: (orders[2], 7 * LOT)}
    case = make_quote_case(venue, USER, account, make_quote(orders), elsewhere, capacity=lane.capacity)
    yield forger.forge("order of another place of the quote", case.inputs, refused_by)
    own = {0: (orders[0], 5 * LOT)}
    quote = make_quote(orders, account_id=3)
    case = make_quote_case(venue, USER, account, quote, own, capacity=lane.capacity)
    yield forger.forge("quote of another account under the same key", case.inputs, refused_by)


def _forge_use(forger: Forger, lane: LaneKind) -> Iterator[Forged]:
    """Yield lanes that fill without being used, or are used without a fill: rent could then be charged at will."""
    case = get_scene("first alone", lane)
    unsigned = {"used": 0, "r8_x": 0, "r8_y": 1, "s": 0}
    yield forger.forge("fill in an unused lane", case.inputs, [ZERO_OR_USED], changes=unsigned)
    quote, account = make_quote(make_quoted_orders()), make_account(usd=50_000)
    idle = make_quote_case(make_venue(), USER, account, quote, {}, capacity=lane.capacity)
    yield forger.forge("quote without a fill", idle.inputs, ["used/has_an_active_order"])
