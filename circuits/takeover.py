"""Takeover: who may be rescued, and whether the fund bears it. Twin of rollup/takeover.py."""

from __future__ import annotations

from circuits.bits import assert_in_range
from circuits.linear import LC
from circuits.margin import Margin
from circuits.system import ConstraintSystem
from rollup.takeover import PROVABLE_BITS

# What can be proved, not what is sound: equities and requirements in a rescue below 2**108 atoms (3e14 USD), so that
# every difference taken here stays below 2**110. Whatever they are (an equity is below 2**125, the fund's below 2**136,
# a requirement below 2**120), a negative difference is r less something below 2**140: no 110 bits can hold it.
RESCUE_BITS = 110
assert RESCUE_BITS >= PROVABLE_BITS + 2  # what the model rescues can be proved


def assert_rescuable(cs: ConstraintSystem, emptied: LC, before: Margin) -> None:
    """Constrain equity_0 < 0 or 2 * equity_0 < maintenance_0 where `emptied` is 1. Constraints: 112, named rescuable...

    The second follows from the first: a requirement is not negative. So it is the whole condition.
    """
    lacking = cs.mul(emptied, before.maintenance - 2 * before.equity - 1, name="rescuable/lacking")
    assert_in_range(cs, lacking, RESCUE_BITS, name="rescuable")


def assert_fund_decides(cs: ConstraintSystem, takeover: LC, victim: LC, fund_equity: LC, equity: LC) -> None:
    """Constrain fund_equity + equity_0 >= 0 in a takeover, and < 0 for a victim. Constraints: 112, named fund_decides..

    At most one of the two booleans is 1; with neither there is nothing to hold.
    """
    surplus = cs.mul(takeover - victim, fund_equity + equity, name="fund_decides/surplus")
    assert_in_range(cs, surplus - victim, RESCUE_BITS, name="fund_decides")
