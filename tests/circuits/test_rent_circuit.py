"""Rent as constraints agrees with `rollup.rent`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circuits.rent import compute_rent
from circuits.system import ConstraintSystem
from rollup import rent as model
from tests.circuits.forging import tell
from tests.circuits.lane_cases import Venue
from tests.circuits.trade_scenes import FEES, make_account

VENUE = Venue(resources=FEES)


@given(used=st.integers(0, 1), wait=st.integers(0, VENUE.timestamp_s))
def test_rent_agrees_with_the_model(used: int, wait: int) -> None:
    account, tick, cs = make_account(last_touched_s=VENUE.timestamp_s - wait), VENUE.tick, ConstraintSystem()
    times = cs.witness(account.last_touched_s), cs.witness(VENUE.timestamp_s)
    rent = compute_rent(cs, cs.witness(used), *times, cs.witness(tick.rent_rate))
    assert cs.first_unsatisfied() is None
    assert tick.rent_rate > 0
    assert cs.value(rent) == used * model.compute_rent(account, tick)


@pytest.mark.parametrize("part", ["elapsed", "due"])
def test_invalid_rent_by_a_lie(part: str) -> None:
    cs = ConstraintSystem(lies={f"rent/{part}": tell(0)})
    compute_rent(cs, cs.witness(1), cs.witness(5), cs.witness(9), cs.witness(3))
    assert cs.unsatisfied() == [f"rent/{part}"]
