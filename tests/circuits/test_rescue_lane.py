"""RescueLane: satisfied exactly when the model's rules allow the operation, with the model's outputs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings

from rollup.field import R
from tests.circuits.lane_cases import kernel_hashing
from tests.circuits.rescue_cases import OUTPUTS, RescueCase, Scene, load_rescue_lane, make_rescue_case
from tests.circuits.rescue_strategies import Turn, counterparty_turns, forced_turns, rescue_turns


@pytest.fixture(autouse=True, scope="module")
def hashing() -> Iterator[None]:
    """Hash through the kernel."""
    with kernel_hashing():
        yield


def check_agreement(turn: Turn) -> bool:
    """Return whether the model allows the lane, having asserted that the circuit does the same, alike in effect."""
    case = make_rescue_case(turn.op, turn.account, account_id=turn.account_id, carry=turn.carry, venue=turn.venue)
    scene, after = Scene(turn.venue), case.lane.carry_out
    allowed = scene.is_allowed(turn.op, turn.account_id, turn.account, turn.carry, after)
    broken = case.find_broken_classes()
    assert (not broken) == allowed, broken
    if allowed:
        first = after.first_leg
        if first is None or first.is_valid or not first.is_applied:  # else the second leg cannot stand
            case.lane.after.check()
        check_outputs(case)
    return allowed


def check_outputs(case: RescueCase) -> None:
    """Assert that the outputs which the model gives are those that the circuit leads to from any others."""
    lane = load_rescue_lane()
    followed = lane.follow(case.inputs | dict.fromkeys(OUTPUTS, 0), {}, OUTPUTS)
    assert {name: followed[name] % R for name in OUTPUTS} == {name: case.inputs[name] % R for name in OUTPUTS}


relaxed = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@relaxed
@given(turn=rescue_turns())
def test_takeovers_and_victims_agree_with_the_model(turn: Turn) -> None:
    check_agreement(turn)


@relaxed
@given(turn=counterparty_turns())
def test_counterparties_agree_with_the_model(turn: Turn) -> None:
    check_agreement(turn)


@relaxed
@given(turn=forced_turns())
def test_forced_trades_agree_with_the_model(turn: Turn) -> None:
    check_agreement(turn)
