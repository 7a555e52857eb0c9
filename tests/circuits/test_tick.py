"""Tick: satisfied exactly where the model's audit passes; every forgery refused by the rule it breaks."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits.determinism import find_freedom
from rollup.audit import check_batch
from rollup.audit_lanes import BatchRuleBroken
from rollup.params import MarketParams, Params
from rollup.trace import BatchTrace
from tests.circuits.frame_cases import get_idle, load_frame, make_tick_case, with_funding
from tests.circuits.tick_forgeries import forge_ticks, get_honest_ticks
from tests.scenarios import AVAX_PRICE, ETH_PRICE, PARAMS

BAND_PPM = 50_000
FREE, FULL = (1, 1, 0, 0), (10**6,) * 4  # a market's fractions at their edges


def check_agreement(trace: BatchTrace) -> bool:
    """Return whether the model's audit passes, having asserted that the tick is satisfied just then."""
    broken = load_frame("Tick").find_broken(make_tick_case(trace))
    refusal = audit(trace)
    assert bool(broken) == bool(refusal), (broken, refusal)
    return not broken


def audit(trace: BatchTrace) -> str:
    """Return the rule that the model finds broken, or nothing."""
    try:
        check_batch(trace)
    except BatchRuleBroken as error:
        return str(error)
    return ""


def idle_at(
    *, mark: int = AVAX_PRICE, price: int | None = None, params: Params = PARAMS, time_s: int = 1_000, number: int = 7
) -> BatchTrace:
    """Return an idle batch with these prices in market 0; it follows the batch 7 of second 1,000."""
    trace = with_funding(get_idle())
    before = replace(trace.header_before, timestamp_s=1_000, batch_number=7)
    marks = (mark, *trace.header_after.marks_ticks[1:])
    after = replace(trace.header_after, timestamp_s=time_s + 1, batch_number=number + 1, marks_ticks=marks)
    prices = (mark if price is None else price, *marks[1:])
    return replace(trace, header_before=before, header_after=after, clearing_prices_ticks=prices, params=params)


def with_market(*fractions_ppm: int, fees_ppm: tuple[int, ...] = PARAMS.taker_fee_ppm) -> Params:
    """Return parameters with these four fractions in market 0."""
    return replace(
        PARAMS, markets=(MarketParams("AVAX-USD", 6, 6, *fractions_ppm), *PARAMS.markets[1:]), taker_fee_ppm=fees_ppm
    )


fractions = st.tuples(*[st.sampled_from([1, 10**6]) | st.integers(1, 10**6)] * 4)
marks = st.sampled_from([1, 2, 20, 2**48 - 1]) | st.integers(1, 2**48 - 1)


@settings(max_examples=60)
@given(mark=marks, band_ppm=st.integers(0, 10**6), beyond=st.integers(-2, 2), side=st.sampled_from([1, -1]))
def test_prices_around_the_band_agree_with_the_model(mark: int, band_ppm: int, beyond: int, side: int) -> None:
    price = mark + side * (mark * band_ppm // 10**6 + beyond)
    if price >= 0:
        check_agreement(idle_at(mark=mark, price=price, params=with_market(50_000, 30_000, 0, band_ppm)))


@settings(max_examples=20)
@given(four=fractions, fees=st.tuples(*[st.integers(0, 10**6)] * 8), chain_id=st.integers(0, 2**64 - 1))
def test_parameters_agree_with_the_model(four: tuple[int, int, int, int], fees: tuple[int, ...], chain_id: int) -> None:
    initial, maintenance, fee, band = four
    params = with_market(max(initial, maintenance), min(initial, maintenance), fee, band, fees_ppm=fees)
    assert check_agreement(idle_at(params=replace(params, chain_id=chain_id)))


@settings(max_examples=20)
@given(time_s=st.integers(995, 1_005) | st.integers(0, 2**40), number=st.integers(6, 8))
def test_clocks_agree_with_the_model(time_s: int, number: int) -> None:
    assert check_agreement(idle_at(time_s=time_s, number=number)) is (1_000 <= time_s < 2**40 - 1 and number == 7)


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize(("beyond", "accepted"), [(-1, True), (0, True), (1, False)])
@pytest.mark.parametrize("mark", [AVAX_PRICE, ETH_PRICE, 20, 40])
def test_price_at_the_edge_of_the_band(mark: int, beyond: int, accepted: bool, side: int) -> None:
    reach = mark * BAND_PPM // 10**6
    assert check_agreement(idle_at(mark=mark, price=mark + side * (reach + beyond))) is accepted


@pytest.mark.parametrize("mark", [1, 19])
def test_band_narrower_than_a_tick_holds_the_mark_alone(mark: int) -> None:
    assert check_agreement(idle_at(mark=mark))
    assert not check_agreement(idle_at(mark=mark, price=mark + 1))


@pytest.mark.parametrize("fractions_ppm", [FREE, FULL])
def test_parameters_at_their_edges(fractions_ppm: tuple[int, int, int, int]) -> None:
    assert check_agreement(idle_at(params=with_market(*fractions_ppm, fees_ppm=(0, 10**6) * 4)))


@pytest.mark.parametrize(("mark", "accepted"), [(0, False), (1, True), (2**48 - 1, True), (2**48, False)])
def test_marks_at_their_edges(mark: int, accepted: bool) -> None:
    assert check_agreement(idle_at(mark=mark)) is accepted


@pytest.mark.parametrize(
    ("time_s", "accepted"), [(998, False), (999, False), (1_000, True), (2**40 - 2, True), (2**40 - 1, False)]
)
def test_time_rises(time_s: int, accepted: bool) -> None:
    assert check_agreement(idle_at(time_s=time_s)) is accepted


def test_honest_ticks_are_accepted() -> None:
    lane, honest = load_frame("Tick"), get_honest_ticks()
    assert {name: lane.find_broken(inputs) for name, inputs in honest.items()} == {name: [] for name in honest}


def test_invalid_ticks_are_refused_by_the_rule_they_break() -> None:
    lane, forgeries = load_frame("Tick"), forge_ticks()
    broken = {forged.name: lane.find_broken_classes(forged.inputs, forged.lies) for forged in forgeries}
    assert len(broken) == len(forgeries), "two forgeries share a name"
    assert broken == {forged.name: forged.refused_by for forged in forgeries}
    assert all(broken.values())


def test_no_computed_wire_is_free() -> None:
    lane = load_frame("Tick")
    freedom = find_freedom([lane.evaluate(inputs) for inputs in get_honest_ticks().values()])
    assert freedom.free == freedom.harmless == ()
