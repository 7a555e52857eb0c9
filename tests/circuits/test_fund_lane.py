"""FundLane: accounts 0 and 1 take what is due, no more and no less, and nothing else moves."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits.determinism import find_freedom
from rollup.accounts import Account
from rollup.errors import TxRejected
from tests.circuits.close_forgeries import FUND, TREASURY, forge_fund_lanes, get_honest_fund_lanes, make_funds
from tests.circuits.frame_cases import load_frame

MOST_CASH = 2**120 - 1


def check_agreement(fund: Account, treasury: Account, dues: tuple[int, int]) -> bool:
    """Return whether the model takes the accounts after, having asserted that the lane is satisfied just then."""
    lane, inputs = load_frame("FundLane"), make_funds(fund, treasury, dues)
    is_satisfied = lane.find_broken(inputs) == []
    try:
        for account, due in zip((fund, treasury), dues, strict=True):
            account.with_changes(cash_atoms=account.cash_atoms + due)
    except TxRejected:
        assert not is_satisfied
        return False
    assert is_satisfied
    assert lane.follow(inputs | {"root_out": 0}, {}, ["root_out"])["root_out"] == inputs["root_out"]
    return True


cash = st.sampled_from([0, MOST_CASH, -MOST_CASH]) | st.integers(-MOST_CASH, MOST_CASH)
dues = st.sampled_from([0, 1]) | st.integers(0, 2**116)


@settings(max_examples=30)
@given(fund=cash, treasury=cash, penalties=dues, fees=dues, touched_s=st.integers(0, 2**40 - 1))
def test_dues_agree_with_the_model(fund: int, treasury: int, penalties: int, fees: int, touched_s: int) -> None:
    accounts = replace(FUND, cash_atoms=fund, last_touched_s=touched_s), replace(TREASURY, cash_atoms=treasury)
    check_agreement(*accounts, (penalties, fees))


@pytest.mark.parametrize(("over_atoms", "accepted"), [(-1, True), (0, True), (1, False)])
@pytest.mark.parametrize("which", [0, 1])
def test_cash_up_to_its_edge(which: int, over_atoms: int, accepted: bool) -> None:
    accounts = [FUND, TREASURY]
    accounts[which] = replace(accounts[which], cash_atoms=MOST_CASH - 10 + over_atoms)
    assert check_agreement(accounts[0], accounts[1], (10, 10)) is accepted


def test_debt_down_to_one_atom_past_the_model() -> None:
    """The circuit's range is [-2**120, 2**120): on the negative side one atom wider than |cash| < 2**120."""
    lane = load_frame("FundLane")
    for cash_atoms, accepted in ((-MOST_CASH, True), (-MOST_CASH - 1, True), (-MOST_CASH - 2, False)):
        inputs = make_funds(replace(FUND, cash_atoms=cash_atoms), TREASURY, (0, 0))
        assert (lane.find_broken(inputs) == []) is accepted


def test_honest_fund_lanes_are_accepted() -> None:
    lane, honest = load_frame("FundLane"), get_honest_fund_lanes()
    assert {name: lane.find_broken(inputs) for name, inputs in honest.items()} == {name: [] for name in honest}


def test_invalid_fund_lanes_are_refused_by_the_rule_they_break() -> None:
    lane, forgeries = load_frame("FundLane"), forge_fund_lanes()
    broken = {forged.name: lane.find_broken_classes(forged.inputs, forged.lies) for forged in forgeries}
    assert len(broken) == len(forgeries), "two forgeries share a name"
    assert broken == {forged.name: forged.refused_by for forged in forgeries}
    assert all(broken.values())


def test_no_computed_wire_is_free() -> None:
    lane = load_frame("FundLane")
    freedom = find_freedom([lane.evaluate(inputs) for inputs in get_honest_fund_lanes().values()])
    assert freedom.free == freedom.harmless == ()
