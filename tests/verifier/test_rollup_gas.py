"""The Rollup's gas is as pinned, and within the figures that were promised."""

from __future__ import annotations

import json
from functools import cache

from rollup.shapes import BLOCK
from sequencer.gas_model import measure_rollup_gas, read_figures
from sequencer.gas_scene import RollupScene, make_chain
from sequencer.simulated_groups import record
from tests.verifier.rollup_gas import PATH, measure

USD = 10**6
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


def test_record_holds_what_was_measured() -> None:
    gas = get_measured()
    rollup = measure_rollup_gas()
    assert rollup == read_figures(gas)
    assert rollup.settle_gas == {n: gas[f"settle {n} of block"] for n in (1, 2, 16, 64)}
    assert rollup.forced_gas == max(gas[name] for name in gas if name.startswith("forced"))
    assert rollup.marginal_proof_gas * 11 == gas["prove 13 of 16"] - gas["prove 2 of 16"]
    assert rollup.exit_gas == gas["register an exit"] + gas["pay an exit"]


def test_gas_of_a_group_hardly_depends_on_how_much_data_it_has() -> None:
    """What the curve over orders a proof rests on: sixteen times the elements, and a few hundred gas."""
    few, many = (settle_pair(n_elements) for n_elements in (16, 256))
    assert abs(many - few) < 0.005 * few


def settle_pair(n_elements: int) -> int:
    scene = RollupScene(make_chain(), n_elements, n_lanes=9)
    scene.deposit(3, 5, 90 * USD)
    scene.settle(scene.make_group(record(0, 1)))
    return scene.settle(scene.make_group(b"", b"")).gas_used
