"""Forged charges: order fees skipped, taken twice or beyond the maximum, tips, rates, rent and units that are off."""

from __future__ import annotations

from collections.abc import Iterator

from tests.circuits.forging import Forged, Forger, tell
from tests.circuits.honest_lanes import get_scene
from tests.circuits.trade_scenes import (
    LOT,
    ORDER_FEE_E6,
    LaneKind,
    make_account,
    make_fill_case,
    make_order,
    make_venue,
)

UNTOUCHED = "order[*]/first_fill/is_untouched"


def forge_fees(forger: Forger, lane: LaneKind) -> Iterator[Forged]:
    """Yield the forgeries of a lane that concern what is paid."""
    yield from _forge_order_fees(forger, lane)
    yield from _forge_rates(forger, lane)
    yield from _forge_rent(forger, lane)
    yield from _forge_stale(forger, lane)


def _forge_order_fees(forger: Forger, lane: LaneKind) -> Iterator[Forged]:
    opening, later = get_scene("opening", lane).inputs, get_scene("resting", lane).inputs
    slack = opening["order[0]/fee_slack_e6"]
    unpaid = {"order[0]/fee_slack_e6": slack + ORDER_FEE_E6}
    lies = {"order[0]/first_fill/is_untouched/product": tell(1)}
    yield forger.forge("first fill as a later one", opening, [f"{UNTOUCHED}/product"], changes=unpaid, lies=lies)
    again = {"order[0]/fee_slack_e6": later["order[0]/fee_slack_e6"] - ORDER_FEE_E6}
    lies = {"order[0]/first_fill/is_untouched/inverse": tell(0)}
    yield forger.forge("order charged twice", later, [f"{UNTOUCHED}/annihilates"], changes=again, lies=lies)
    for part, told, changes in (("flag", 0, unpaid), ("base_fee", 0, unpaid), ("tip", 0, {}), ("tip", 10**6, {})):
        lies, rule = {f"order[0]/first_fill/{part}": tell(told)}, [f"order[*]/first_fill/{part}"]
        yield forger.forge(f"{part} of {told} at the first fill", opening, rule, changes=changes, lies=lies)
    dear = make_order(make_venue(), LOT, better_ticks=1, max_fee_e6=ORDER_FEE_E6 - 1)
    inputs = make_fill_case(make_account(usd=900), [(dear, LOT)], lane=lane).inputs
    lies = {"order[0]/fee_slack_e6": tell(-1)}
    yield forger.forge("order fee above its maximum", inputs, ["order[*]/fee_slack_e6/bit[*]"], lies=lies)
    # word_3 stays as it was signed: a tip of 2**16 more, a maximum of one less
    tip = opening["order[0]/tip_e6"]
    changes = {"order[0]/fee_slack_e6": slack - 1}
    lies = {"order[0]/tip_e6": tell(tip + 2**16)}
    yield forger.forge("tip out of the maximum fee", opening, ["order[*]/tip_e6/bit[*]"], changes=changes, lies=lies)


def _forge_rates(forger: Forger, lane: LaneKind) -> Iterator[Forged]:
    opening, rebate = get_scene("opening", lane).inputs, get_scene("rebate", lane).inputs
    yield forger.forge("fee omitted", opening, ["order[*]/fee"], lies={"order[0]/fee": tell(0)})
    for inputs, name in ((opening, "taker"), (rebate, "maker")):
        step = inputs[f"table/{name}_fee_ppm[3]"] - inputs[f"table/{name}_fee_ppm[2]"]
        lies = {f"{name}_ppm/level[0][1]": tell(step)}
        yield forger.forge(f"{name} fee of another tier", inputs, [f"{name}_ppm/level[*][*]"], lies=lies)
    if not lane.is_quote:
        waived = {"order[0]/fee_waived": tell(opening["table/taker_fee_ppm[2]"])}
        yield forger.forge("fee waived for an order", opening, ["order[*]/fee_waived"], lies=waived)


def _forge_rent(forger: Forger, lane: LaneKind) -> Iterator[Forged]:
    opening = get_scene("opening", lane).inputs
    for part in ("elapsed", "due"):
        yield forger.forge(f"rent skipped by a false {part}", opening, [f"rent/{part}"], lies={f"rent/{part}": tell(0)})
    lies = {"account/last_touched_after": tell(0)}
    yield forger.forge("time of last touch kept", opening, ["account/last_touched_after"], lies=lies)


def _forge_stale(forger: Forger, lane: LaneKind) -> Iterator[Forged]:
    scenes = ["opening", *([] if lane.is_quote else ["long liquidated"])]
    for scene in scenes:
        inputs = get_scene(scene, lane).inputs
        yield forger.forge(
            f"{scene} without fresh prices", inputs, ["fresh_prices_if_used"], changes={"table/stale": 1}
        )
