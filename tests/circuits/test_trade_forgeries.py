"""Every forged TradeLane of the catalogue is refused, by the constraints meant to refuse it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.circuits.lane_cases import kernel_hashing
from tests.circuits.trade_cases import load_trade_lane
from tests.circuits.trade_forgeries import forge_trade_lanes
from tests.circuits.trade_mutants import run_trade_mutants
from tests.circuits.trade_scenes import get_scene, get_scene_names

SAMPLE = 40  # classes dropped in this suite; `make mutants` drops them all


@pytest.fixture(autouse=True, scope="module")
def hashing() -> Iterator[None]:
    """Hash and sign through the kernel."""
    with kernel_hashing():
        yield


@pytest.mark.parametrize("capacity", [1, 2])
def test_honest_scenes_are_accepted(capacity: int) -> None:
    broken = {name: get_scene(name, capacity).find_broken_classes() for name in get_scene_names(capacity)}
    assert not any(broken.values()), broken


@pytest.mark.parametrize("capacity", [1, 2])
def test_invalid_lanes_are_refused_by_the_rule_they_break(capacity: int) -> None:
    lane = load_trade_lane(capacity)
    forgeries = forge_trade_lanes(capacity)
    broken = {forged.name: lane.find_broken_classes(forged.inputs, forged.lies) for forged in forgeries}
    assert len(broken) == len(forgeries), "two forgeries share a name"
    assert broken == {forged.name: forged.refused_by for forged in forgeries}
    assert all(broken.values())


def test_mutation_run_of_a_sample_leaves_no_survivor() -> None:
    report = run_trade_mutants(1, SAMPLE)
    assert report.n_classes == SAMPLE
    assert report.is_clean, report.to_text()
