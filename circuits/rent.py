"""Rent: what a leaf pays for its place in the state, charged first whenever a lane uses it. Twin of rollup/rent.py."""

from __future__ import annotations

from circuits.linear import LC
from circuits.system import ConstraintSystem


def compute_rent(cs: ConstraintSystem, used: LC, last_touched: LC, timestamp: LC, rent_rate: LC) -> LC:
    """Return what a used lane's leaf owes since it was last touched, in atoms; below 2**104.

    Assumes last_touched <= timestamp: whatever stored it took it from this batch's time or an earlier one.
    Constraints: 2, named rent/...
    """
    elapsed = cs.mul(used, timestamp - last_touched, name="rent/elapsed")
    return cs.mul(elapsed, rent_rate, name="rent/due")
