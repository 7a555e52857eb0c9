"""The Rollup's gas is as pinned, and within the figures that were promised."""

from __future__ import annotations

import json
from functools import cache

from rollup.shapes import BLOCK
from tests.verifier.rollup_gas import PATH, measure

TRANSACTION_CAP = 2**24  # EIP-7825
PINS = json.loads(PATH.read_text())


@cache
def get_measured() -> dict[str, int]:
    return {name.removeprefix("Rollup: "): gas for name, gas in measure().items()}


def test_gas_is_as_pinned() -> None:
    pinned = {name.removeprefix("Rollup: "): gas for name, gas in PINS.items() if name.startswith("Rollup: ")}
    assert get_measured() == pinned


def test_gas_is_within_what_was_promised() -> None:
    gas = get_measured()
    assert gas["settle 1 of block"] <= gas["settle 1 of block: a deposit, two withdrawals"] <= 420_000
    assert (gas["prove 13 of 16"] - gas["prove 2 of 16"]) / 11 <= 60_000
    assert gas["settle 64 of block"] < TRANSACTION_CAP
    assert gas["settle 16 of block"] / (16 * BLOCK.max_orders) <= 1_150
    users = [name for name in gas if name.startswith(("deposit", "forced", "claim", "approve"))]
    assert max(gas[name] for name in users if name != "deposit, the first ever") <= 120_000
