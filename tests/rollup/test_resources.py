"""Resources: fees of a batch, the base fees' steps, congestion, and the fund's budget."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollup.resources import (
    ACCOUNT_CREATION,
    CASH_OPERATION,
    LEAF,
    MAX_BASE_FEE,
    NOTHING,
    ORDER_FILL,
    RESCUE_OPERATION,
    compute_fee_e6,
    compute_rent_rate,
    compute_targets,
    compute_utilisation,
    refill_fund_budget,
    step_base_fee,
    step_congestion,
)

base_fees = st.integers(0, MAX_BASE_FEE)
targets = st.integers(1, 2**48)
used = st.integers(0, 2**32)
elapsed = st.integers(1, 65_535)
ppm = st.integers(0, 10**6)


def test_units_of_operations() -> None:
    assert (ORDER_FILL, CASH_OPERATION, ACCOUNT_CREATION) == ((1, 0, 14), (2, 0, 32), (2, 1, 32))
    assert RESCUE_OPERATION == CASH_OPERATION
    assert NOTHING.plus(ORDER_FILL).plus(ACCOUNT_CREATION) == (3, 1, 46)
    assert compute_targets((5, 6, 7), 10) == (50, 60, 70)


def test_fees_of_known_base_fees() -> None:
    fees = (2 * 10**15, 10**18, 10**13)  # 0.002 USD a proving unit, 1 USD a leaf, 0.00001 USD a byte
    assert compute_fee_e6(fees, ORDER_FILL) == 2_140
    assert compute_fee_e6(fees, CASH_OPERATION) == 4_320
    assert compute_fee_e6(fees, LEAF) == 10**6
    assert compute_rent_rate(10**18, 31_536_000) == 31_709_791_983


@pytest.mark.parametrize(("base_fee", "fee_e6"), [(0, 0), (1, 1), (10**12, 1), (10**12 + 1, 2)])
def test_fee_is_ceiled(base_fee: int, fee_e6: int) -> None:
    assert compute_fee_e6((base_fee, 0, 0), ORDER_FILL) == fee_e6


@given(st.tuples(base_fees, base_fees, base_fees))
def test_fee_covers_its_units_and_fits_its_place(fees: tuple[int, int, int]) -> None:
    for units in (ORDER_FILL, CASH_OPERATION, LEAF):
        atoms = sum(fee * count for fee, count in zip(fees, units, strict=True))
        assert compute_fee_e6(fees, units) == ceil(Fraction(atoms, 10**12)) < 2**48


@given(base_fees, used, targets, base_fees)
def test_base_fee_follows_eip_1559(base_fee: int, used: int, target: int, minimum: int) -> None:
    stepped = step_base_fee(base_fee, used, target, minimum)
    gap = Fraction(min(used, 2 * target) - target, 8 * target)
    if used > target:
        assert stepped == min(base_fee + max(1, floor(base_fee * gap)), MAX_BASE_FEE)
    else:
        assert stepped == max(base_fee - floor(base_fee * -gap), minimum)
    assert 0 <= stepped <= MAX_BASE_FEE


@pytest.mark.parametrize(
    ("used", "stepped"),
    [(0, 700), (99, 799), (100, 800), (101, 801), (110, 810), (200, 900), (201, 900), (10**9, 900)],
)
def test_base_fee_around_its_target(used: int, stepped: int) -> None:
    assert step_base_fee(800, used, 100, 0) == stepped


def test_base_fee_at_its_ends() -> None:
    assert step_base_fee(0, 101, 100, 0) == 1
    assert step_base_fee(MAX_BASE_FEE, 200, 100, 0) == MAX_BASE_FEE
    assert step_base_fee(MAX_BASE_FEE, 0, 100, MAX_BASE_FEE) == MAX_BASE_FEE
    assert step_base_fee(800, 0, 100, 750) == 750


@pytest.mark.parametrize(("used", "utilisation"), [(0, 0), (1, 5_000), (100, 500_000), (200, 10**6), (201, 10**6)])
def test_utilisation_is_of_twice_the_target(used: int, utilisation: int) -> None:
    assert compute_utilisation(used, 100) == utilisation


@given(ppm, ppm, elapsed, st.integers(1, 65_535))
def test_congestion_is_the_average(congestion: int, utilisation: int, elapsed_s: int, window_s: int) -> None:
    share = min(Fraction(elapsed_s, window_s), 1)
    stepped = step_congestion(congestion, utilisation, elapsed_s, window_s)
    assert stepped == floor(congestion * (1 - share) + utilisation * share)
    assert min(congestion, utilisation) <= stepped <= max(congestion, utilisation)


@pytest.mark.parametrize(
    ("budget", "elapsed_s", "after"),
    [(0, 1, 10**12), (0, 3_599, 3_599 * 10**12), (0, 3_600, 3_600 * 10**12), (7, 65_535, 3_600 * 10**12)],
)
def test_fund_budget_refills_in_an_hour(budget: int, elapsed_s: int, after: int) -> None:
    assert refill_fund_budget(budget, 3_600, elapsed_s) == after


@given(st.integers(0, 2**88 - 1), st.integers(0, 2**48 - 1), elapsed)
def test_fund_budget_never_exceeds_an_hours(budget: int, rate_usd: int, elapsed_s: int) -> None:
    refilled = refill_fund_budget(budget, rate_usd, elapsed_s)
    assert refilled == min(rate_usd * 10**12, floor(budget + Fraction(rate_usd * 10**12 * elapsed_s, 3_600)))
    assert refilled < 2**88
