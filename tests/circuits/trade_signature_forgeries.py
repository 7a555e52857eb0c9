"""Forged keys and signatures in a TradeLane, and an order that is enabled minus once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rollup.babyjubjub import Point, multiply_base8
from rollup.field import R
from rollup.orders import pack_slot
from rollup.units import MARKET_COUNT
from tests.circuits.forging import Forged, Forger, path_inputs, sign_under
from tests.circuits.lane_cases import Values
from tests.circuits.signature_forgeries import SignedLane, forge_signature_parts
from tests.circuits.trade_cases import make_trade_case
from tests.circuits.trade_scenes import (
    FAR_MARKET,
    LOT,
    MARKETS,
    USER,
    get_scene,
    make_account,
    make_fill_case,
    make_order,
    make_venue,
    with_equity,
)

KEY_OF_AN_IDLE_SLOT = multiply_base8(8)  # 8 * B8, which the gadget takes where it is not enabled
GAP_BITS, N_GAPS = 92, 5  # gaps to the largest requirement that an idle order's bits hold
LARGEST = 2**GAP_BITS - 1


def forge_trade_signatures(forger: Forger, capacity: int) -> Iterator[Forged]:
    """Yield the forgeries of TradeLane(capacity) that one constraint of the EdDSA gadget, or of its flag, refuses."""
    venue, account = make_venue(), make_account(usd=3_000)
    order = make_order(venue, 40 * LOT, better_ticks=5)
    case = make_fill_case(account, [(order, 40 * LOT)], capacity=capacity)

    def open_with_key(key: Point) -> Values:
        tree = venue.tree({USER: replace(account, key=key)})
        opened = path_inputs("account_path", tree.path(USER)) | {"root_in": tree.root}
        return case.inputs | opened | {"account/key_x": key[0], "account/key_y": key[1]}

    idle = get_scene("unused", capacity).inputs
    message = order.message(MARKETS.domain)
    scope = "order[0]/signature"
    lane = SignedLane(forger, message, open_with_key, idle, "account/key_div_8", "order[0]/", scope)
    yield from forge_signature_parts(lane)
    yield _forge_minus_one(forger, capacity)


def _forge_minus_one(forger: Forger, capacity: int) -> Forged:
    """Return a liquidation of no lots beside an order counted -1 times: the two cancel, and the slot moves backwards.

    It needs a market whose initial fraction is below its maintenance fraction, and the order's bits to spell the gaps.
    """
    venue = make_venue(clearing_ticks=())
    sizes = dict.fromkeys((*range(N_GAPS), FAR_MARKET), 1)
    account = with_equity(venue, make_account(key=KEY_OF_AN_IDLE_SLOT, sizes=sizes), 1)
    order = make_order(venue, 3, market=FAR_MARKET)
    r8, s = sign_under(KEY_OF_AN_IDLE_SLOT, 8, order.message(MARKETS.domain))
    fields = {
        "s": (s, 250),
        "size": (order.size_lots, 48),
        "rest": (order.size_lots, 48),
        "limit_gap": (0, 48),
        "expiry_gap": (order.expiry_s - venue.timestamp_s, 40),
        "nonce": (order.nonce, 32),
        "nonce_step": (order.nonce, 8),
        "filled": (0, 48),
    }
    flags = {"order[0]/active": -1, "liquidation/flag": 1, "liquidation/penalty/full": 1, "margin/healthy": 1}
    named = {"market": order.market, "slot": order.slot, "word_3": order.words()[2], "r8_x": r8[0], "r8_y": r8[1]}
    named |= {name: value for name, (value, _) in fields.items()}
    changes = flags | {f"order[0]/{name}": value for name, value in named.items()}
    changes |= _make_tables(fields) | path_inputs("order[0]/slot_path", account.orders.path(order.slot))
    if capacity > 1:
        moved = account.orders.set(order.slot, -pack_slot(order.nonce, 0) % R)
        changes |= path_inputs("order[1]/slot_path", moved.path(0))
    inputs = make_trade_case(venue, USER, account, capacity=capacity).inputs
    rule = ["order[*]/active/boolean"]
    return forger.forge("order counted minus once in a liquidation", inputs, rule, changes=changes)


def _make_tables(fields: dict[str, tuple[int, int]]) -> Values:
    """Return weights under which the order's bits, in the circuit's order, are the gaps of five markets."""
    bits = "".join(format(value % 2**width, f"0{width}b")[::-1] for value, width in fields.values())
    gaps = [int(bits[GAP_BITS * m : GAP_BITS * (m + 1)][::-1], 2) for m in range(N_GAPS)]
    weights = {f"table/maintenance_weight[{m}]": LARGEST - gap for m, gap in enumerate(gaps)}
    initial = {f"table/initial_weight[{m}]": int(m == FAR_MARKET) for m in range(MARKET_COUNT)}
    return {**weights, **initial, f"table/maintenance_weight[{FAR_MARKET}]": LARGEST}
