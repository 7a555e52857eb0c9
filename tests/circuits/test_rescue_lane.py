"""RescueLane: satisfied exactly when the model's rules allow the operation, with the model's outputs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from circuits.determinism import find_freedom
from rollup.accounts import NO_POSITIONS, Account
from rollup.deleverage import open_deleveraging
from rollup.field import R
from rollup.rescue import Carry, Counterparty, RescueOp, Takeover, Victim
from rollup.takeover import PROVABLE_BITS
from tests.circuits.forging import assert_refused_as_meant
from tests.circuits.lane_cases import kernel_hashing
from tests.circuits.rescue_cases import OUTPUTS, RescueCase, Scene, idle_carry, load_rescue_lane, make_rescue_case
from tests.circuits.rescue_forgeries import forge_rescues
from tests.circuits.rescue_scenes import SCENE, get_rescue_scenes
from tests.circuits.rescue_strategies import Turn, counterparty_turns, forced_turns, rescue_turns
from tests.circuits.trade_scenes import make_account


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


def test_honest_lanes_are_accepted_and_allowed() -> None:
    for name, case in get_rescue_scenes().items():
        lane = case.lane
        assert case.find_broken_classes() == set(), name
        assert SCENE.is_allowed(lane.op, lane.account_id, lane.before, lane.carry_in, lane.carry_out), name


def test_who_takes_the_last_bears_the_rest_of_the_deficit() -> None:
    case = get_rescue_scenes()["counterparty that takes the last"]
    before, after = case.lane.carry_in.deleveraging, case.lane.carry_out.deleveraging
    assert (before.deficit_atoms > 0, after.deficit_atoms, after.notional) == (True, 0, 0)
    assert after.left_lots == NO_POSITIONS


def test_largest_figures_that_the_model_rescues_can_be_proved() -> None:
    most = 2**PROVABLE_BITS - 1
    debtor = SCENE.with_equity(make_account(sizes={0: 5}), -most)
    rich = SCENE.with_equity(make_account(sizes={0: -5}), most)
    rest = open_deleveraging((9, *NO_POSITIONS[1:]), -most, SCENE.venue.marks)
    follower = replace(rest, last_notional=2**96 - 1, last_equity_atoms=most)
    turns: tuple[tuple[RescueOp, Account, Carry], ...] = (
        (Takeover(), debtor, idle_carry(most)),
        (Victim(), debtor, idle_carry(-most)),
        (Counterparty(0, 5), rich, idle_carry(most, rest)),
        (Counterparty(0, 5), rich, idle_carry(-most, follower)),
    )
    for op, account, carry in turns:
        assert make_rescue_case(op, account, carry=carry).find_broken_classes() == set()


def test_invalid_lanes_are_refused_by_the_rule_they_break() -> None:
    assert_refused_as_meant(load_rescue_lane(), forge_rescues())


def test_no_computed_wire_is_free() -> None:
    lane = load_rescue_lane()
    freedom = find_freedom([lane.evaluate(case.inputs) for case in get_rescue_scenes().values()])
    assert freedom.free == freedom.harmless == ()
