"""Forged keys and signatures in a lane with orders, and an order that is enabled minus once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from circuits.fixed_base import SCALAR_BITS
from circuits.liquidation import GAP_BITS
from circuits.order_fields import LENT_FIELDS
from rollup.babyjubjub import Point, multiply_base8
from rollup.field import R
from rollup.orders import pack_slot
from rollup.rationing import Rationing
from rollup.state import Resources
from rollup.units import MARKET_COUNT
from tests.circuits.forging import Forged, Forger, path_inputs, sign_under
from tests.circuits.honest_lanes import get_scene
from tests.circuits.lane_cases import Values
from tests.circuits.lending import spell_numbers
from tests.circuits.order_forgeries import get_message
from tests.circuits.signature_forgeries import SignedLane, forge_signature_parts
from tests.circuits.trade_scenes import (
    LOT,
    MARKETS,
    USER,
    LaneKind,
    make_account,
    make_fill_case,
    make_idle_case,
    make_order,
    make_venue,
    with_equity,
    with_rationing,
)

KEY_OF_AN_IDLE_SLOT = multiply_base8(8)  # 8 * B8, which the gadget takes where it is not enabled
FAR_MARKET = 12  # behind those whose gaps an order's bits hold
LARGEST = 2**GAP_BITS - 1


def forge_trade_signatures(forger: Forger, lane: LaneKind) -> Iterator[Forged]:
    """Yield the forgeries of a lane that one constraint of the EdDSA gadget, or of its flag, refuses."""
    venue, account = make_venue(), make_account(usd=3_000)
    order = make_order(venue, 40 * LOT, better_ticks=5)
    case = make_fill_case(account, [(order, 40 * LOT)], lane=lane)

    def open_with_key(key: Point) -> Values:
        tree = venue.tree({USER: replace(account, key=key)})
        opened = path_inputs("account_path", tree.path(USER)) | {"root_in": tree.root}
        return case.inputs | opened | {"account/key_x": key[0], "account/key_y": key[1]}

    idle = get_scene("unused", lane).inputs
    parts = (open_with_key, idle, "account/key_div_8", lane.signature, lane.scope)
    yield from forge_signature_parts(SignedLane(forger, get_message(lane, order), *parts))
    if not lane.is_quote:
        yield _forge_minus_one(forger, lane)


def _forge_minus_one(forger: Forger, lane: LaneKind) -> Forged:
    """Return a liquidation of no lots beside an order counted -1 times: the two cancel, and the slot moves backwards.

    It needs a market whose initial fraction is below its maintenance fraction, and the order's bits to spell the gaps.
    """
    # its side is to share no lots: an order counted -1 times leaves its rest open, and there are no fees to earn
    venue = with_rationing(make_venue(clearing_ticks=(), resources=Resources()), FAR_MARKET, Rationing(0, 0, 1, 0))
    account = with_equity(
        venue, make_account(key=KEY_OF_AN_IDLE_SLOT, sizes=dict.fromkeys(range(FAR_MARKET + 1), 1)), 1
    )
    order = make_order(venue, 3, market=FAR_MARKET, tip_e6=0)
    r8, s = sign_under(KEY_OF_AN_IDLE_SLOT, 8, order.message(MARKETS.domain))
    filled = make_fill_case(account, [(order, 0)], lane=lane, venue=venue).inputs
    fields = {name: filled[name] for name in (f"order[0]/{field}" for field, _ in LENT_FIELDS)}
    flags = {"order[0]/active": -1, "liquidation/flag": 1, "liquidation/penalty/full": 1, "margin/healthy": 1}
    named = {"market": order.market, "slot": order.slot, "r8_x": r8[0], "r8_y": r8[1], "s": s}
    changes = flags | fields | {f"order[0]/{name}": value for name, value in named.items()}
    changes |= _make_tables([s, *fields.values()]) | path_inputs("order[0]/slot_path", account.orders.path(order.slot))
    if lane.capacity > 1:
        moved = account.orders.set(order.slot, -pack_slot(order.nonce, 0) % R)
        changes |= path_inputs("order[1]/slot_path", moved.path(0))
    inputs = spell_numbers(forger.lane, lane.capacity, make_idle_case(venue, USER, account, lane).inputs | changes, {})
    rule = ["order[*]/active/boolean"]
    return forger.forge("order counted minus once in a liquidation", inputs, rule)


def _make_tables(values: list[int]) -> Values:
    """Return weights under which an order's bits, in the circuit's order, are the gaps of the first markets."""
    widths = [SCALAR_BITS, *(n_bits for _, n_bits in LENT_FIELDS)]
    word = shift = 0
    for value, n_bits in zip(values, widths, strict=True):
        word |= value << shift
        shift += n_bits
    gaps = [word >> (GAP_BITS * m) & LARGEST for m in range(-(-shift // GAP_BITS))]
    weights = {f"table/maintenance_weight[{m}]": LARGEST - gap for m, gap in enumerate(gaps)}
    initial = {f"table/initial_weight[{m}]": int(m == FAR_MARKET) for m in range(MARKET_COUNT)}
    return {**weights, **initial, f"table/maintenance_weight[{FAR_MARKET}]": LARGEST}
