"""Fractions in effect: congestion, the late maintenance factor, open interest, and the ceilings."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollup.fractions import (
    MaintenanceFactor,
    compute_factor,
    compute_fractions,
    raise_fraction,
    scale_initial,
    step_maintenance_factor,
)
from rollup.params import MarketParams, Params

factors = st.integers(10**6, 1_250_000)
fractions = st.integers(1, 10**6)
prices = st.integers(1, 2**48 - 1)
ONE = 10**6


@pytest.mark.parametrize(
    ("congestion", "factor"),
    [(0, ONE), (500_000, ONE), (500_001, ONE), (500_002, ONE + 1), (750_000, 1_125_000), (ONE, 1_250_000)],
)
def test_factor_rises_from_half_of_the_capacity(congestion: int, factor: int) -> None:
    assert compute_factor(congestion) == factor


def test_rise_reaches_maintenance_an_hour_late() -> None:
    calm = MaintenanceFactor(ONE, ONE, 0)
    waiting = step_maintenance_factor(calm, 1_200_000, 10_000)
    assert waiting == (ONE, 1_200_000, 10_000)
    assert step_maintenance_factor(waiting, 1_200_000, 13_599) == waiting
    assert step_maintenance_factor(waiting, 1_200_000, 13_600) == (1_200_000, 1_200_000, 13_600)


def test_rise_found_while_waiting_waits_an_hour_of_its_own() -> None:
    waiting = MaintenanceFactor(ONE, 1_100_000, 10_000)
    later = step_maintenance_factor(waiting, 1_250_000, 13_599)
    assert later == waiting
    risen = step_maintenance_factor(later, 1_250_000, 13_600)
    assert risen == (1_100_000, 1_250_000, 13_600)
    assert step_maintenance_factor(risen, 1_250_000, 17_199) == risen
    assert step_maintenance_factor(risen, 1_250_000, 17_200).factor_ppm == 1_250_000


def test_dip_while_waiting_lowers_what_is_waited_for() -> None:
    waiting = MaintenanceFactor(ONE, 1_200_000, 10_000)
    assert step_maintenance_factor(waiting, 1_050_000, 10_001) == (ONE, 1_050_000, 10_000)
    assert step_maintenance_factor(waiting, ONE, 10_001) == (ONE, ONE, 10_001)


def test_fall_counts_at_once() -> None:
    high = MaintenanceFactor(1_200_000, 1_200_000, 10_000)
    assert step_maintenance_factor(high, 1_100_000, 10_001) == (1_100_000, 1_100_000, 10_001)


@given(st.lists(st.tuples(factors, st.integers(1, 5_000)), min_size=1, max_size=40))
def test_maintenance_factor_is_what_was_in_force_all_the_hour_before_or_less(days: list[tuple[int, int]]) -> None:
    """No account meets a factor that was not already found, at least that high, an hour ago and ever since."""
    state, now, seen = MaintenanceFactor(ONE, ONE, 0), 0, [(0, ONE)]
    for factor, step_s in days:
        now += step_s
        seen.append((now, factor))
        before, state = state, step_maintenance_factor(state, factor, now)
        assert state.factor_ppm <= factor
        if state.factor_ppm > before.factor_ppm:
            last_hour = [found for at_s, found in seen if at_s > now - 3_600]
            began = [found for at_s, found in seen if at_s <= now - 3_600]
            assert began
            assert state.factor_ppm <= min(last_hour)


@given(st.integers(1, ONE), st.integers(0, 2**60 - 1), prices, st.integers(0, 2**48 - 2), st.data())
def test_open_interest_scales_linearly_between_its_bounds(
    initial: int, lots: int, mark: int, low: int, data: st.DataObject
) -> None:
    high = data.draw(st.integers(low + 1, 2**48 - 1))
    scaled = scale_initial(initial, lots, mark, low, high)
    share = min(max((Fraction(lots * mark, 10**12) - low) / (high - low), Fraction(0)), Fraction(1))
    assert scaled == initial + ceil((ONE - initial) * share)
    assert initial <= scaled <= ONE


@pytest.mark.parametrize(
    ("usd", "scaled"), [(0, 50_000), (10, 50_000), (15, 525_000), (20, ONE), (21, ONE), (10**6, ONE)]
)
def test_open_interest_at_its_bounds(usd: int, scaled: int) -> None:
    assert scale_initial(50_000, usd * 10**6, 10**6, 10, 20) == scaled


def test_open_interest_one_tick_above_its_lower_bound_ceils() -> None:
    assert scale_initial(50_000, 10 * 10**12 + 1, 1, 10, 20) == 50_001


@given(fractions, factors)
def test_raised_fraction_is_the_product_ceiled_and_at_most_one(fraction: int, factor: int) -> None:
    assert raise_fraction(fraction, factor) == min(ONE, ceil(Fraction(fraction * factor, 10**6)))
    assert raise_fraction(fraction, ONE) == fraction


@given(st.tuples(fractions, fractions), factors, factors, st.integers(0, 2**60 - 1), prices)
def test_maintenance_never_exceeds_initial(
    pair: tuple[int, int], factor: int, other: int, lots: int, mark: int
) -> None:
    market = MarketParams("A", 6, 6, max(pair), min(pair), 0, 0, oi_low_usd=5, oi_high_usd=10**9)
    params = Params(1, 2, 3, (0,) * 8, (market,))
    marks, held = (mark, *[1] * 15), (lots, *[0] * 15)
    found = compute_fractions(params, held, marks, max(factor, other), min(factor, other))
    assert all(0 < low <= high <= ONE for low, high in zip(found.maintenance_ppm, found.initial_ppm, strict=True))
    assert found.initial_ppm[1:] == found.maintenance_ppm[1:] == (ONE,) * 15
