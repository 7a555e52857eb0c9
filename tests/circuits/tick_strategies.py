"""Random states, parameters and oracle messages for the tick and the close."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from rollup.activity import Activity
from rollup.params import MarketParams, Params
from rollup.resources import MAX_BASE_FEE, Units
from rollup.state import Resources, StateHeader
from rollup.units import MARKET_COUNT, PPM, PREMIUM_ONE
from tests.circuits.tick_cases import NOW, MarketCase, TickCase, make_header, make_params, say

__all__ = ["activities", "tick_cases"]

ppm = st.sampled_from([0, PPM]) | st.integers(0, PPM)
positive_ppm = st.sampled_from([1, PPM]) | st.integers(1, PPM)
usd = st.integers(0, 2**48 - 2) | st.integers(0, 10**7)
prices = st.integers(1, 2**48 - 1) | st.integers(10**5, 10**8)
seconds = st.sampled_from([1, 2, 65_535, 65_536]) | st.integers(1, 10**6)
factors = st.integers(PPM, 5 * PPM // 4)


@st.composite
def _rules(draw: st.DrawFn) -> MarketParams:
    initial_ppm = draw(positive_ppm)
    low = draw(usd)
    return MarketParams(
        "",
        6,
        6,
        initial_ppm,
        draw(st.integers(1, initial_ppm)),
        draw(ppm),
        draw(ppm),
        draw(ppm | st.integers(0, 2_000)),
        draw(ppm | st.integers(0, 10_000)),
        draw(st.integers(1, 2**48 - 1)),
        low,
        draw(st.integers(low + 1, 2**48 - 1)),
    )


@st.composite
def _markets(draw: st.DrawFn) -> MarketCase:
    mark = draw(prices)
    near = st.integers(max(1, mark - mark // 100), min(2**48 - 1, mark + mark // 100))
    said = draw(st.tuples(near, near, near) | st.tuples(prices, prices, prices) | st.just((mark,) * 3))
    top = 2**72 - 1
    return MarketCase(
        mark,
        said,
        0,
        draw(st.sampled_from([0, top, -top]) | st.integers(-top, top)),
        draw(st.sampled_from([0, PREMIUM_ONE, -PREMIUM_ONE]) | st.integers(-PREMIUM_ONE, PREMIUM_ONE)),
        draw(st.sampled_from([0, 1, 2**59]) | st.integers(0, 2**59)),
        draw(_rules()),
    )


def _with_totals(draw: st.DrawFn, params: Params) -> Params:
    triple = st.tuples(*[st.integers(1, 2**32 - 1) | st.integers(1, 100)] * 3)
    fees = st.tuples(*[st.integers(0, MAX_BASE_FEE)] * 3)
    return replace(
        params,
        target_per_s=draw(triple),
        min_base_fee=draw(fees),
        fund_rate_usd=draw(usd),
        funding_window_s=draw(st.integers(1, 2**16 - 1)),
        congestion_window_s=draw(st.integers(1, 2**16 - 1)),
        rent_period_s=draw(st.integers(1, 2**32 - 1)),
    )


def _header(draw: st.DrawFn, markets: list[MarketCase], before_s: int) -> StateHeader:
    fee = st.sampled_from([0, MAX_BASE_FEE]) | st.integers(0, MAX_BASE_FEE)
    resources = Resources(
        base_fees=draw(st.tuples(fee, fee, fee)),
        congestion_ppm=draw(ppm),
        maintenance_factor_ppm=draw(factors),
        pending_factor_ppm=draw(factors),
        pending_since_s=before_s - draw(st.sampled_from([0, 3_598, 3_599, 3_600]) | st.integers(0, 10**4)),
        fund_budget=draw(st.integers(0, 2**88 - 1)),
    )
    return replace(make_header(markets, before_s=before_s), resources=resources, signer_times_s=(0, 0, 0))


@st.composite
def tick_cases(draw: st.DrawFn) -> TickCase:
    """Return a state, what some of the signers say of it, and prices within the bands."""
    markets = [draw(_markets()) for _ in range(3)]
    markets += [MarketCase()] * (MARKET_COUNT - len(markets))
    params = _with_totals(draw, make_params(markets))
    before_s = NOW - draw(seconds)
    before = _header(draw, markets, before_s)
    ages = st.none() | st.integers(0, params.oracle_max_age_s)
    times_s = [None if age is None else NOW - age for age in draw(st.tuples(ages, ages, ages))]
    case = TickCase(before, say(params, markets, times_s), params=params, activity=draw(activities()))
    tick_marks = case_marks(case)
    off = [
        draw(st.integers(-reach, reach) | st.sampled_from([-reach, reach]))
        for reach in (
            min(mark * market.params.band_ppm // PPM, mark - 1, 2**48 - 1 - mark)
            for mark, market in zip(tick_marks, markets, strict=True)
        )
    ]
    return replace(case, off=off)


def case_marks(case: TickCase) -> tuple[int, ...]:
    """Return the marks that the tick of a case sets."""
    return replace(case, off=(0,) * MARKET_COUNT).trace.header_after.marks_ticks


@st.composite
def activities(draw: st.DrawFn) -> Activity:
    """Return what may have happened in a batch: volumes, changes of open interest, units used."""
    volume = st.integers(0, 2**50) | st.integers(0, 2**59 - 1)
    volumes = draw(st.lists(volume, min_size=3, max_size=3)) + [0] * (MARKET_COUNT - 3)
    changes = draw(st.lists(st.integers(0, 2**58), min_size=3, max_size=3)) + [0] * (MARKET_COUNT - 3)
    units = st.sampled_from([0, 2**32 - 1]) | st.integers(0, 2**32 - 1) | st.integers(0, 500)
    return Activity(tuple(volumes), tuple(changes), Units(*draw(st.tuples(units, units, units))))
