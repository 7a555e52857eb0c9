"""What scarce things cost: this batch's prices, and how base fees follow use. Twin of rollup/resources.py."""

from __future__ import annotations

from collections.abc import Sequence

from circuits.bits import is_zero
from circuits.compare import divide, is_less_than
from circuits.division import ceil_divide, compute_share, floor_divide
from circuits.extremes import maximum, minimum
from circuits.linear import LC, sum_lc
from circuits.select import select
from circuits.system import ConstraintSystem
from rollup.resources import BASE_FEE_STEP, FUND_PERIOD_S, MAX_BASE_FEE, Units
from rollup.units import (
    BASE_FEE_BITS,
    COUNTER_BITS,
    PPM_BITS,
    USD_E12,
    WINDOW_BITS,
)

# an operation costs at most 2**6 units of 64 bits, over 10**12 > 2**39
FEE_E6_BITS = BASE_FEE_BITS + 6 - 39
# cap 88 bits * seconds 16 = 104 bits, over 3600 > 2**11
REFILL_BITS = 93
TARGET_BITS = COUNTER_BITS + WINDOW_BITS  # units a second 32 bits * seconds 16; what is used has 32 bits


def compute_fee_e6(cs: ConstraintSystem, base_fees: Sequence[LC], units: Units, *, name: str) -> LC:
    """Return what some units cost, in 1e-6 USD, ceiled. Assumes base fees in 64 bits and fewer than 64 units.

    Constraints: 82 or so, named {name}/...
    """
    assert sum(units) < 64, f"{name}: {units} exceed the quotient's bits"
    atoms = sum_lc([base_fee * count for base_fee, count in zip(base_fees, units, strict=True)])
    return ceil_divide(cs, atoms, USD_E12, FEE_E6_BITS, name=name)


def compute_rent_rate(cs: ConstraintSystem, state_base_fee: LC, rent_period: LC, *, name: str) -> LC:
    """Return the rent of a leaf, in atoms a second, floored. Assumes 64 and 32 bits, and proves a period of at least 1.

    Constraints: 132, named {name}/...
    """
    return divide(cs, state_base_fee, rent_period, quotient_bits=BASE_FEE_BITS, divisor_bits=COUNTER_BITS, name=name)[0]


def refill_fund_budget(cs: ConstraintSystem, budget: LC, fund_rate_usd: LC, elapsed: LC, *, name: str) -> LC:
    """Return the fund's budget after `elapsed` seconds, at most an hour's. Assumes 88, 48 and 16 bits.

    Constraints: 207, named {name}/..
    """
    cap = fund_rate_usd * USD_E12
    due = cs.mul(cap, elapsed, name=f"{name}/due")
    added = floor_divide(cs, due, FUND_PERIOD_S, REFILL_BITS, name=f"{name}/added")
    return minimum(cs, cap, budget + added, REFILL_BITS + 1, name=name)


def step_base_fee(cs: ConstraintSystem, base_fee: LC, used: LC, target: LC, min_base_fee: LC) -> LC:
    """Return a base fee after a batch: up by at most an eighth, at least 1, above the target; else down (EIP-1559).

    Assumes base fees in 64 bits, used in 32, target in 48; proves a target of at least 1. Constraints: 407; named
    is_above/.., distance, counted/.., step/.., at_least_one/.., up/.., down/.., base_fee.
    """
    is_above = is_less_than(cs, target, used, TARGET_BITS, name="is_above")
    distance = select(cs, is_above, used - target, target - used, name="distance")
    counted = minimum(cs, distance, target, TARGET_BITS, name="counted")  # below the target it is at most that already
    # base_fee * counted / (8 * target) <= base_fee / 8
    step, _ = divide(
        cs,
        cs.mul(base_fee, counted, name="step/dividend"),
        target * BASE_FEE_STEP,
        quotient_bits=BASE_FEE_BITS - 3,
        divisor_bits=TARGET_BITS + 3,
        name="step",
    )
    at_least_one = step + is_zero(cs, step, name="at_least_one")
    up = minimum(cs, base_fee + at_least_one, MAX_BASE_FEE, BASE_FEE_BITS, name="up")
    down = maximum(cs, base_fee - step, min_base_fee, BASE_FEE_BITS, name="down")
    return select(cs, is_above, up, down, name="base_fee")


def step_congestion(
    cs: ConstraintSystem, congestion_ppm: LC, used: LC, target: LC, *, seconds: LC, window: LC, name: str
) -> LC:
    """Return the average utilisation after a batch, ppm, floored: the batch counts for `seconds` of the window.

    Assumes congestion_ppm <= 10**6, used in 32 bits, target > 0 in 48, window > 0 in 16, seconds at most the window.
    Constraints: 232, named {name}/...
    """
    utilised = compute_share(
        cs, used, target * 2, part_bits=COUNTER_BITS, whole_bits=TARGET_BITS + 1, name=f"{name}/utilised"
    )
    kept = cs.mul(congestion_ppm, window, name=f"{name}/kept")
    moved = cs.mul(utilised - congestion_ppm, seconds, name=f"{name}/moved")
    average, _ = divide(
        cs, kept + moved, window, quotient_bits=PPM_BITS, divisor_bits=WINDOW_BITS, name=f"{name}/average"
    )
    return average
