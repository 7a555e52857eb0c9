"""What scarce things cost: units of each operation, this batch's prices, and how the prices follow use.

Three resources: proving (lane places), state (leaves), bandwidth (bytes of data). Each has a base fee in atoms a unit,
stepped by the rule of EIP-1559 against a target of units a second, which is half of the capacity.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from rollup.packing import pack
from rollup.units import BASE_FEE_BITS, COUNTER_BITS, PPM, RESOURCE_COUNT, USD_E12

__all__ = [
    "ACCOUNT_CREATION",
    "BANDWIDTH",
    "BASE_FEE_STEP",
    "CASH_OPERATION",
    "FUND_PERIOD_S",
    "LEAF",
    "MAX_BASE_FEE",
    "NOTHING",
    "ORDER_FILL",
    "PROVING",
    "RESCUE_OPERATION",
    "STATE",
    "Units",
    "compute_fee_e6",
    "compute_fund_cap",
    "compute_rent_rate",
    "compute_targets",
    "compute_utilisation",
    "refill_fund_budget",
    "step_base_fee",
    "step_congestion",
]

PROVING, STATE, BANDWIDTH = range(RESOURCE_COUNT)  # places in every vector of resources
MAX_BASE_FEE: Final[int] = 2**BASE_FEE_BITS - 1
FUND_PERIOD_S: Final = 3_600
BASE_FEE_STEP: Final = 8  # a base fee moves by at most an eighth: EIP-1559, BASE_FEE_MAX_CHANGE_DENOMINATOR


class Units(NamedTuple):
    """Units of each resource."""

    proving: int
    state: int
    bandwidth: int

    def plus(self, other: Units) -> Units:
        """Return the sum."""
        return Units(*map(int.__add__, self, other))

    @property
    def packed(self) -> int:
        """The units as one number, 32 bits each: what lanes add up."""
        return pack(*((count, COUNTER_BITS) for count in self))


NOTHING: Final = Units(0, 0, 0)
ORDER_FILL: Final = Units(1, 0, 14)  # also of a liquidation and of the insurance fund
CASH_OPERATION: Final = Units(2, 0, 32)
ACCOUNT_CREATION: Final = Units(2, 1, 32)
RESCUE_OPERATION: Final = Units(2, 0, 32)
LEAF: Final = Units(0, 1, 0)  # what creating an account is charged for


def compute_fee_e6(base_fees: Sequence[int], units: Units) -> int:
    """Return what some units cost, in 1e-6 USD, ceiled."""
    atoms = sum(base_fee * count for base_fee, count in zip(base_fees, units, strict=True))
    return -(-atoms // USD_E12)  # an atom is 1e-18 USD


def compute_rent_rate(state_base_fee: int, rent_period_s: int) -> int:
    """Return the rent of a leaf, in atoms a second, floored."""
    return state_base_fee // rent_period_s


def compute_targets(target_per_s: Sequence[int], elapsed_s: int) -> Units:
    """Return the units of each resource that leave its base fee as it is, over elapsed_s (at most 65535)."""
    return Units(*(target * elapsed_s for target in target_per_s))


def step_base_fee(base_fee: int, used: int, target: int, min_base_fee: int) -> int:
    """Return a base fee after a batch: up by at most an eighth, and at least 1, above the target; else down.

    Assumes target >= 1. Never above 2**64 - 1; what falls does not fall below min_base_fee.
    """
    if used > target:
        rise = base_fee * min(used - target, target) // (BASE_FEE_STEP * target)
        return min(base_fee + max(1, rise), MAX_BASE_FEE)
    return max(base_fee - base_fee * (target - used) // (BASE_FEE_STEP * target), min_base_fee)


def compute_utilisation(used_proving: int, target_proving: int) -> int:
    """Return the use of the proving capacity, which is twice the target, ppm, floored, at most 1."""
    return min(PPM, used_proving * PPM // (2 * target_proving))


def step_congestion(congestion_ppm: int, utilisation_ppm: int, elapsed_s: int, window_s: int) -> int:
    """Return the average utilisation after a batch, ppm, floored: the batch counts for its share of the window."""
    w = min(elapsed_s, window_s)
    return (congestion_ppm * (window_s - w) + utilisation_ppm * w) // window_s


def compute_fund_cap(fund_rate_usd: int) -> int:
    """Return the notional that the insurance fund may trade an hour, 1e-12 USD."""
    return fund_rate_usd * USD_E12


def refill_fund_budget(budget: int, fund_rate_usd: int, elapsed_s: int) -> int:
    """Return the fund's budget after elapsed_s (at most 65535), 1e-12 USD of notional, at most an hour's."""
    cap = compute_fund_cap(fund_rate_usd)
    return min(cap, budget + cap * elapsed_s // FUND_PERIOD_S)
