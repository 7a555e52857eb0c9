"""Tick: satisfied by what the model makes of any state and messages; every forgery refused by the rule it breaks."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from circuits.determinism import find_freedom
from rollup.audit_tick import audit_tick
from rollup.params import Params
from rollup.trace import BatchTrace
from tests.circuits.forging import assert_refused_as_meant
from tests.circuits.frame_cases import load_frame, make_tick_case
from tests.circuits.tick_cases import NOW, STORM, TickCase, get_storms, make_header, make_params, say
from tests.circuits.tick_forgeries import forge_ticks, get_honest_ticks
from tests.circuits.tick_strategies import tick_cases


def find_broken(trace: BatchTrace) -> list[str]:
    """Return the constraints that a batch's tick breaks."""
    return load_frame("Tick").find_broken(make_tick_case(trace))


@settings(max_examples=60)
@given(case=tick_cases())
def test_any_tick_of_the_model_satisfies_the_circuit_and_the_audit(case: TickCase) -> None:
    trace = case.trace
    audit_tick(trace)
    assert find_broken(trace) == []


def test_storms_take_every_case() -> None:
    """What the fixed cases are for: without these, dropping a constraint could go unnoticed."""
    ticks = {name: case.trace.tick for name, case in get_storms().items()}
    before = {name: case.before for name, case in get_storms().items()}
    factors = [
        (header.resources.maintenance_factor_ppm, ticks[name].header.resources.maintenance_factor_ppm)
        for name, header in before.items()
    ]
    assert [(new > old) - (new < old) for old, new in factors] == [-1, 0, 1, 0]
    assert [tick.stale for tick in ticks.values()] == [False, False, True, True]
    first, last = ticks["a fall of congestion, all signers"], ticks["after a day, nobody"]
    assert last.elapsed_s == 65_535
    assert first.header.marks_ticks[:5] == (1_009_000, 991_000, 1_001, 998, 3_000)
    assert first.header.funding_index[5:7] == (2**72 - 1, -(2**72) + 1)
    assert {0 < ppm < 10**6 for ppm in first.fractions.initial_ppm} == {True, False}


# --- the clock --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("time_s", [0, 1, 2**40 - 2])
@pytest.mark.parametrize("elapsed_s", [1, 65_534, 65_535, 65_536])
def test_clocks_at_their_edges(time_s: int, elapsed_s: int) -> None:
    before_s = max(0, time_s - elapsed_s)
    before = replace(make_header(before_s=before_s, pending_since_s=0), signer_times_s=(0, 0, 0))
    case = TickCase(before, (None, None, None), before_s + elapsed_s)
    if before_s + elapsed_s < 2**40:
        assert find_broken(case.trace) == []


# --- the band ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize(("mark", "band_ppm"), [(10**6, 50_000), (999, 50_000), (19, 50_000), (20, 50_000), (1, 10**6)])
@pytest.mark.parametrize("beyond", [-2, -1, 0, 1])
def test_price_around_the_edge_of_the_band(mark: int, band_ppm: int, beyond: int, side: int) -> None:
    reach = mark * band_ppm // 10**6
    off = side * (reach + beyond)
    market = replace(STORM[0], mark=mark, said=(mark,) * 3, params=replace(STORM[0].params, band_ppm=band_ppm))
    markets = [market, *STORM[1:]]
    params = make_params(markets)
    times_s = (NOW, NOW, NOW)
    offs = (off, *(other.off for other in STORM[1:]))
    broken = find_broken(TickCase(make_header(markets), say(params, markets, times_s), params=params, off=offs).trace)
    is_accepted = abs(off) * 10**6 <= band_ppm * mark and mark + off > 0
    assert bool(broken) is not is_accepted
    refusals = tuple(f"market[0]/{rule}/" for rule in ("band", "clearing_price", "sample"))
    assert all(name.startswith(refusals) for name in broken)


# --- parameters -------------------------------------------------------------------------------------------------------
def test_parameters_at_their_edges() -> None:
    lowest = replace(
        make_params(),
        taker_fee_ppm=(0,) * 8,
        maker_fee_ppm=(-(10**6),) * 8,
        target_per_s=(1,) * 3,
        min_base_fee=(0,) * 3,
        fund_rate_usd=0,
        oracle_max_age_s=0,
        funding_window_s=1,
        congestion_window_s=1,
        rent_period_s=1,
    )
    highest = replace(
        make_params(),
        chain_id=2**64 - 1,
        contract=2**160 - 1,
        version=2**32 - 1,
        taker_fee_ppm=(10**6,) * 8,
        maker_fee_ppm=(10**6,) * 8,
        target_per_s=(2**32 - 1,) * 3,
        min_base_fee=(2**64 - 1,) * 3,
        fund_band_ppm=10**6,
        fund_rate_usd=2**48 - 1,
        oracle_max_age_s=2**32 - 1,
        funding_window_s=2**16 - 1,
        congestion_window_s=2**16 - 1,
        rent_period_s=2**32 - 1,
    )
    for params in (lowest, highest):
        assert find_broken(case_of(params).trace) == []


def case_of(params: Params) -> TickCase:
    """Return the storm under other parameters."""
    return TickCase(make_header(), say(params, STORM, (NOW, NOW, NOW)), params=params)


def test_invalid_parameters_that_no_governance_should_set() -> None:
    """Divisors of zero, and bounds that do not rise, leave no witness at all; `Params` refuses them."""
    honest = make_tick_case(case_of(make_params()).trace)
    lane = load_frame("Tick")
    for changes, broken in (
        ({"params/rent_period_s": 0}, "rent_rate/below/sum"),
        ({"params/market[0]/oi_high_usd": honest["params/market[0]/oi_low_usd"]}, "market[0]/scaled/rise/below/sum"),
    ):
        followed = lane.follow(honest | changes, {}, ["params_hash", "table/rent_rate", "table/initial_weight[0]"])
        assert broken in lane.find_broken(followed)


# --- forgeries and freedom --------------------------------------------------------------------------------------------
def test_honest_ticks_are_accepted() -> None:
    lane, honest = load_frame("Tick"), get_honest_ticks()
    assert {name: lane.find_broken(inputs) for name, inputs in honest.items()} == {name: [] for name in honest}


def test_invalid_ticks_are_refused_by_the_rule_they_break() -> None:
    assert_refused_as_meant(load_frame("Tick"), forge_ticks())


def test_no_computed_wire_is_free() -> None:
    lane = load_frame("Tick")
    freedom = find_freedom([lane.evaluate(inputs) for inputs in get_honest_ticks().values()])
    assert freedom.free == freedom.harmless == ()


def test_tick_stays_within_its_budget() -> None:
    assert load_frame("Tick").template.n_rows <= 60_000
