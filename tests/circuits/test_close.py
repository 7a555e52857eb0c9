"""Close: every total closed by its own kind, records stepped by what lanes did, the new state and data committed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits.determinism import find_freedom
from circuits.market_totals import CHANGE_SHIFT, FILLS_SHIFT, split_lots
from rollup.field import R
from tests.circuits.close_forgeries import CLOSE, forge_closes, get_honest_closes, make_settled
from tests.circuits.forging import assert_refused_as_meant
from tests.circuits.frame_cases import get_day, load_frame, make_close_case
from tests.circuits.gadget_cases import run_gadget
from tests.circuits.tick_cases import TickCase
from tests.circuits.tick_strategies import tick_cases

elements = st.sampled_from([0, 1, R - 1]) | st.integers(0, R - 1)
lots = st.sampled_from([0, 1, 2**58]) | st.integers(0, 2**59 - 1)


@settings(max_examples=50)
@given(case=tick_cases())
def test_any_close_of_the_model_satisfies_the_circuit(case: TickCase) -> None:
    """Whatever happened in the lanes, premiums, open interest, base fees and congestion are the model's."""
    settled = make_settled(case)
    assert load_frame(CLOSE).find_broken(settled) == []
    # and the state root is bound to them
    followed = load_frame(CLOSE).follow(settled | {"new_state_root": 0}, {}, ["new_state_root"])
    assert followed["new_state_root"] == case.trace.header_after.state_root


@given(volume=lots, before=lots, after=lots)
def test_market_totals_are_taken_apart(volume: int, before: int, after: int) -> None:
    total = (volume << FILLS_SHIFT + 1) + (after - before << CHANGE_SHIFT + 1)
    ran = run_gadget(lambda cs, x, y: split_lots(cs, x, y, name="x"), total, before)
    assert (ran.values, ran.broken, ran.free, ran.n_constraints) == ((volume, after), (), (), 121)


@pytest.mark.parametrize("net", [1, -1, 2**59, -(2**59)])
def test_invalid_market_total_that_does_not_balance(net: int) -> None:
    total = (7 << FILLS_SHIFT + 1) + (5 << CHANGE_SHIFT + 1) + net
    assert run_gadget(lambda cs, x, y: split_lots(cs, x, y, name="x"), total, 9).broken == ("x/sum",)


@settings(max_examples=25)
@given(accounts_root=elements, vault_e6=st.integers(0, 2**96 - 1))
def test_new_state_root_agrees_with_the_model(accounts_root: int, vault_e6: int) -> None:
    """Whatever the records are, the public output is the model's."""
    header = replace(get_day()["liquidation"].header_after, accounts_root=accounts_root, vault_e6=vault_e6)
    trace = replace(get_day()["liquidation"], header_after=header)
    inputs = make_close_case(trace) | {"accounts_root": accounts_root, "vault": vault_e6}
    followed = load_frame(CLOSE).follow(inputs | {"new_state_root": 0}, {}, ["new_state_root"])
    assert followed["new_state_root"] == header.state_root
    assert load_frame(CLOSE).find_broken(followed) == []


@pytest.mark.parametrize(("vault_e6", "accepted"), [(-1, False), (0, True), (2**96 - 1, True), (2**96, False)])
def test_vault_at_its_edges(vault_e6: int, accepted: bool) -> None:
    lane = load_frame(CLOSE)
    inputs = make_close_case(get_day()["liquidation"]) | {"vault": vault_e6}
    followed = lane.follow(inputs, {}, ["new_state_root"])
    assert lane.find_broken(followed) == ([] if accepted else ["totals/vault/sum"])


@pytest.mark.parametrize(("fees", "accepted"), [(-1, False), (0, True), (2**126 - 1, True), (2**126, False)])
def test_trading_fees_at_their_edges(fees: int, accepted: bool) -> None:
    inputs = make_close_case(get_day()["liquidation"]) | {"fees_end": fees}
    assert load_frame(CLOSE).find_broken(inputs) == ([] if accepted else ["totals/fees_end/sum"])


def test_honest_closes_are_accepted() -> None:
    lane, honest = load_frame(CLOSE), get_honest_closes()
    assert {name: lane.find_broken(inputs) for name, inputs in honest.items()} == {name: [] for name in honest}


def test_invalid_closes_are_refused_by_the_rule_they_break() -> None:
    assert_refused_as_meant(load_frame(CLOSE), forge_closes())


def test_no_computed_wire_is_free() -> None:
    lane = load_frame(CLOSE)
    freedom = find_freedom([lane.evaluate(inputs) for inputs in get_honest_closes().values()])
    assert freedom.free == freedom.harmless == ()
