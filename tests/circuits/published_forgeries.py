"""Lanes that publish something else than they did: every word of every kind of lane, told otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rollup.field import R
from rollup.records import CASH_WORDS, FILL_WORDS, KEY_PART_BITS, KEY_PARTS, TURN_WORDS
from tests.circuits.cash_cases import make_case
from tests.circuits.cash_scenes import CANCEL, KEY_CHANGE, TRADER, TRANSFER, TRANSFER_IN, WITHDRAW, deposit, trader
from tests.circuits.forging import Forged, Forger, tell
from tests.circuits.honest_lanes import get_scene
from tests.circuits.lane_cases import Values
from tests.circuits.trade_scenes import LaneKind

__all__ = ["forge_cash_words", "forge_turn_words", "forge_words"]

N_KEY_BITS = KEY_PARTS * KEY_PART_BITS


def forge_words(forger: Forger, scenes: Mapping[str, Values], refused_by: Mapping[str, str]) -> Iterator[Forged]:
    """Yield each scene with each of its words one higher, and in turn 0 where it is something."""
    for scene, inputs in scenes.items():
        for port, rule in refused_by.items():
            others = {"one higher": inputs[port] + 1} | ({"left out": 0} if inputs[port] % R else {})
            for how, word in others.items():
                yield forger.forge(f"{scene}: {port} {how} in the data", inputs, [rule], changes={port: word})


def forge_cash_words(forger: Forger) -> Iterator[Forged]:
    """Yield CashLanes of every way to fill the words: signed, an entry, half a transfer, a new key, unused."""
    ops = {"withdrawal": WITHDRAW, "deposit": deposit(), "cancel": CANCEL, "transfer": TRANSFER, "key": KEY_CHANGE}
    scenes = {name: make_case(op, trader()).inputs for name, op in {**ops, "incoming transfer": TRANSFER_IN}.items()}
    scenes["unused"] = make_case(None, trader(), account_id=TRADER).inputs
    names = ["operation", "operand_low", "operand_high", *(f"key_{axis}/part[*]" for axis in "xy" for _ in range(5))]
    assert len(names) == len(CASH_WORDS)
    yield from forge_words(forger, scenes, {f"data[{i}]": f"data/{name}" for i, name in enumerate(names)})
    for axis, first in (("x", 3), ("y", 3 + KEY_PARTS)):
        spelled = sum(scenes["key"][f"data[{first + i}]"] << i * KEY_PART_BITS for i in range(KEY_PARTS)) ^ 1
        lies = {f"data/key_{axis}/spelled": tell(*(spelled >> i & 1 for i in range(N_KEY_BITS)))}
        yield forger.forge(f"another key {axis} spelled", scenes["key"], [f"data/key_{axis}/sum"], lies=lies)
        # the same sum in digits that are no bits: each part says what it said
        digits = {f"data/key_{axis}/spelled": lambda bits: [bits[0] + 2, bits[1] - 1, *bits[2:]]}
        yield forger.forge(f"key {axis} in digits", scenes["key"], [f"data/key_{axis}/bit[*]"], lies=digits)


def forge_turn_words(forger: Forger, lane: LaneKind) -> Iterator[Forged]:
    """Yield turns with orders, with a liquidation, and unused, each word told otherwise."""
    names = ["opening", "reducing", "unused", *([] if lane.is_quote else ["long liquidated"])]
    scenes = {name: get_scene(name, lane).inputs for name in names}
    refused_by = {"data[0]": "data/account"}
    for k in range(lane.capacity):
        first = len(TURN_WORDS) + k * len(FILL_WORDS)
        refused_by |= {f"data[{first}]": "data/order[*]/terms", f"data[{first + 1}]": "data/order[*]/order"}
    yield from forge_words(forger, scenes, refused_by)
