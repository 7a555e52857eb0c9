"""Every forged TradeLane and QuoteLane of the catalogue is refused, by the constraints meant to refuse it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.circuits.forging import assert_refused_as_meant
from tests.circuits.honest_lanes import get_scene, get_scene_names
from tests.circuits.lane_cases import kernel_hashing
from tests.circuits.trade_forgeries import forge_lanes
from tests.circuits.trade_mutants import KINDS, run_trade_mutants
from tests.circuits.trade_scenes import LaneKind

SAMPLE = 40  # classes dropped in this suite; `make mutants` drops them all

every_kind = pytest.mark.parametrize("lane", KINDS, ids=lambda lane: lane.name)


@pytest.fixture(autouse=True, scope="module")
def hashing() -> Iterator[None]:
    """Hash and sign through the kernel."""
    with kernel_hashing():
        yield


@every_kind
def test_honest_scenes_are_accepted(lane: LaneKind) -> None:
    broken = {name: get_scene(name, lane).find_broken_classes() for name in get_scene_names(lane)}
    assert not any(broken.values()), broken


@every_kind
def test_invalid_lanes_are_refused_by_the_rule_they_break(lane: LaneKind) -> None:
    assert_refused_as_meant(lane.load(), forge_lanes(lane))


@pytest.mark.parametrize("lane", [LaneKind(1), LaneKind(2, is_quote=True)], ids=lambda lane: lane.name)
def test_mutation_run_of_a_sample_leaves_no_survivor(lane: LaneKind) -> None:
    report = run_trade_mutants(lane, SAMPLE)
    assert report.n_classes == SAMPLE
    assert report.is_clean, report.to_text()
