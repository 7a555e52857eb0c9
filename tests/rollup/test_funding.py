"""Funding: the index, the average premium, and their bounds, against exact fractions."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollup.funding import (
    MAX_FUNDING_INDEX,
    clamp_rate,
    compute_sample,
    compute_sample_weight,
    step_funding_index,
    step_premium,
)
from rollup.units import PREMIUM_ONE

prices = st.integers(1, 2**48 - 1)
premiums = st.integers(-PREMIUM_ONE, PREMIUM_ONE)
elapsed = st.integers(1, 65_535)
windows = st.integers(1, 65_535)
ppm = st.integers(0, 10**6)
indices = st.integers(-MAX_FUNDING_INDEX, MAX_FUNDING_INDEX)


@pytest.mark.parametrize(
    ("premium", "rate"),
    [(7_499_999_999, 7_499_999_999), (7_500_000_000, 7_500_000_000), (7_500_000_001, 7_500_000_000), (0, 0)],
)
def test_rate_around_its_clamp(premium: int, rate: int) -> None:
    assert clamp_rate(premium, 7_500) == rate
    assert clamp_rate(-premium, 7_500) == -rate


def test_funding_of_a_known_hour() -> None:
    # 1 AVAX (10**6 lots) at 25 USD, premium 0.04 %: an hour costs 25 * 0.0004 / 8 = 0.00125 USD
    index = step_funding_index(0, 400_000_000, 7_500, 25_000_000, 3_600)
    assert index * 10**6 == 125 * 10**13
    assert step_funding_index(0, -400_000_000, 7_500, 25_000_000, 3_600) == -index


def test_funding_floors_towards_minus_infinity() -> None:
    assert step_funding_index(0, 1, 10**6, 1, 1) == 0
    assert step_funding_index(0, -1, 10**6, 1, 1) == -1


@given(indices, premiums, ppm, prices, elapsed)
def test_index_moves_by_rate_times_worth_times_time(
    index: int, premium: int, clamp_ppm: int, mark: int, elapsed_s: int
) -> None:
    rate = max(min(Fraction(premium, 10**12), Fraction(clamp_ppm, 10**6)), -Fraction(clamp_ppm, 10**6))
    due = floor(index + rate * mark * 10**6 * elapsed_s / 28_800)
    moved = step_funding_index(index, premium, clamp_ppm, mark, elapsed_s)
    assert moved == max(min(due, 2**72 - 1), 1 - 2**72)


def test_index_is_held_at_its_bounds() -> None:
    assert step_funding_index(MAX_FUNDING_INDEX, PREMIUM_ONE, 10**6, 2**47, 1) == MAX_FUNDING_INDEX
    assert step_funding_index(-MAX_FUNDING_INDEX, -PREMIUM_ONE, 10**6, 2**47, 1) == -MAX_FUNDING_INDEX
    assert step_funding_index(MAX_FUNDING_INDEX, -PREMIUM_ONE, 10**6, 2**47, 1) < MAX_FUNDING_INDEX


@given(prices, st.integers(0, 10**6))
def test_sample_is_the_premium_floored(mark: int, above_ppm: int) -> None:
    price = min(mark + mark * above_ppm // 10**6, 2**48 - 1)
    sample = compute_sample(price, mark)
    assert 0 <= Fraction(price - mark, mark) * 10**12 - sample < 1
    assert -PREMIUM_ONE <= sample <= PREMIUM_ONE


def test_sample_at_its_ends() -> None:
    assert compute_sample(25, 25) == 0
    assert compute_sample(50, 25) == PREMIUM_ONE
    assert compute_sample(1, 2**47) == -PREMIUM_ONE


@pytest.mark.parametrize(("volume", "weight"), [(0, 0), (1, 333_333), (2, 666_666), (3, 10**6), (2**53, 10**6)])
def test_weight_follows_volume_up_to_impact(volume: int, weight: int) -> None:
    assert compute_sample_weight(volume, 3) == weight


@given(premiums, premiums, ppm, elapsed, windows)
def test_premium_is_the_weighted_average(
    premium: int, sample: int, weight_ppm: int, elapsed_s: int, window_s: int
) -> None:
    share = Fraction(weight_ppm, 10**6) * min(Fraction(elapsed_s, window_s), 1)
    stepped = step_premium(premium, sample, weight_ppm, elapsed_s, window_s)
    assert stepped == floor(premium * (1 - share) + sample * share)
    assert min(premium, sample) <= stepped <= max(premium, sample)


@given(premiums, premiums, elapsed, windows)
def test_market_without_volume_keeps_its_premium(premium: int, sample: int, elapsed_s: int, window_s: int) -> None:
    assert step_premium(premium, sample, 0, elapsed_s, window_s) == premium


@given(premiums, premiums, windows)
def test_whole_window_at_full_weight_takes_the_sample(premium: int, sample: int, window_s: int) -> None:
    assert step_premium(premium, sample, 10**6, window_s, window_s) == sample
