"""Margin fractions as constraints agree with `rollup.fractions`; the delay's cases leave the prover no choice."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits import fractions as circuit
from circuits.linear import LC
from circuits.system import ConstraintSystem, Lie
from rollup import fractions as model
from rollup.units import PPM, USD_E12
from tests.circuits.forging import tell
from tests.circuits.gadget_cases import Ran, run_gadget

NOW = 1_760_130_000
FULL = 5 * PPM // 4
factors = st.sampled_from([PPM, PPM + 1, FULL]) | st.integers(PPM, FULL)
close_factors = st.sampled_from([PPM, PPM + 1, PPM + 2])
ages = st.sampled_from([1, 3_599, 3_600, 3_601]) | st.integers(0, NOW)


def run_factor(congestion_ppm: int, lies: dict[str, Lie] | None = None) -> Ran:
    return run_gadget(lambda cs, x: circuit.compute_factor(cs, x, name="x"), congestion_ppm, lies=lies)


def run_step(before: Sequence[int], found: int, timestamp_s: int = NOW, lies: dict[str, Lie] | None = None) -> Ran:
    def gadget(cs: ConstraintSystem, *wires: LC) -> list[LC]:
        after = circuit.step_maintenance_factor(cs, circuit.MaintenanceFactor(*wires[:3]), *wires[3:])
        return [after.factor, after.pending, after.since]

    return run_gadget(gadget, *before, found, timestamp_s, lies=lies)


def run_scale(*operands: int, lies: dict[str, Lie] | None = None) -> Ran:
    return run_gadget(lambda cs, *wires: circuit.scale_initial(cs, *wires, name="x"), *operands, lies=lies)


def run_raise(fraction_ppm: int, factor_ppm: int, lies: dict[str, Lie] | None = None) -> Ran:
    return run_gadget(lambda cs, x, y: circuit.raise_fraction(cs, x, y, name="x"), fraction_ppm, factor_ppm, lies=lies)


@given(st.sampled_from([0, 1, 499_999, 500_000, 500_001, 500_002, PPM]) | st.integers(0, PPM))
def test_factor_agrees_with_the_model(congestion_ppm: int) -> None:
    ran = run_factor(congestion_ppm)
    assert (ran.value, ran.broken, ran.free) == (model.compute_factor(congestion_ppm), (), ())


@settings(max_examples=300)
@given(
    before=st.tuples(factors, factors) | st.tuples(close_factors, close_factors),
    age_s=ages,
    found=factors | close_factors,
)
def test_maintenance_factor_agrees_with_the_model(before: tuple[int, int], age_s: int, found: int) -> None:
    state = model.MaintenanceFactor(*before, NOW - age_s)
    ran = run_step(state, found)
    assert ran.values == model.step_maintenance_factor(state, found, NOW)
    assert (ran.broken, ran.free) == ((), ())


LOW, HIGH = 20_000_000, 50_000_000
usd = st.tuples(st.integers(0, 2**48 - 2), st.integers(0, 2**48 - 2)).map(lambda pair: (min(pair), max(pair) + 1))


@given(
    initial_ppm=st.sampled_from([1, PPM]) | st.integers(1, PPM),
    lots=st.sampled_from([0, 2**60 - 1]) | st.integers(0, 2**60 - 1),
    mark=st.sampled_from([1, 2**48 - 1]) | st.integers(1, 2**48 - 1),
    bounds=usd,
)
def test_scaled_initial_agrees_with_the_model(initial_ppm: int, lots: int, mark: int, bounds: tuple[int, int]) -> None:
    ran = run_scale(initial_ppm, lots, mark, *bounds)
    assert (ran.value, ran.broken, ran.free) == (model.scale_initial(initial_ppm, lots, mark, *bounds), (), ())


@given(initial_ppm=st.integers(1, PPM), above=st.integers(-2, 30_000_002), rest=st.integers(-1, 1))
def test_scaled_initial_between_its_bounds(initial_ppm: int, above: int, rest: int) -> None:
    lots = (LOW + above) * USD_E12 + rest  # at a mark of one tick
    assert run_scale(initial_ppm, lots, 1, LOW, HIGH).value == model.scale_initial(initial_ppm, lots, 1, LOW, HIGH)


@given(
    fraction_ppm=st.sampled_from([1, 800_000, 800_001, PPM]) | st.integers(1, PPM),
    factor_ppm=factors,
)
def test_raised_fraction_agrees_with_the_model(fraction_ppm: int, factor_ppm: int) -> None:
    ran = run_raise(fraction_ppm, factor_ppm)
    assert (ran.value, ran.broken, ran.free) == (model.raise_fraction(fraction_ppm, factor_ppm), (), ())


RISEN = PPM + 100


@pytest.mark.parametrize(
    ("before", "found", "lies", "broken"),
    [
        # a rise told to be none, so that it counts at once
        ((PPM, PPM, NOW - 9_999), RISEN, {"rises/shifted": lambda bits: [*bits[:-1], 1]}, "rises/shifted/sum"),
        # a fall told to be a rise, so that it waits
        ((RISEN, RISEN, NOW - 9_999), PPM, {"rises/shifted": lambda bits: [*bits[:-1], 0]}, "rises/shifted/sum"),
        # nothing pending told to be so, so that the rise never begins to wait
        ((PPM, PPM, NOW - 5), RISEN, {"is_pending/shifted": lambda bits: [*bits[:-1], 0]}, "is_pending/shifted/sum"),
        # a rise an hour old told to be young, a second less told to be an hour
        ((PPM, RISEN, NOW - 3_600), RISEN, {"is_young/shifted": lambda bits: [*bits[:-1], 0]}, "is_young/shifted/sum"),
        ((PPM, RISEN, NOW - 3_599), RISEN, {"is_young/shifted": lambda bits: [*bits[:-1], 1]}, "is_young/shifted/sum"),
        # the larger of two told to be the least
        ((PPM, RISEN, NOW - 3_600), RISEN + 5, {"least": tell(0)}, "least"),
        ((PPM, RISEN, NOW - 3_600), RISEN + 5, {"factor/ripe": tell(0)}, "factor/ripe"),
        ((PPM, RISEN, NOW - 5), RISEN + 5, {"factor/kept": tell(0)}, "factor/kept"),
        ((PPM, RISEN, NOW - 5), RISEN + 5, {"pending": tell(0)}, "pending"),
        ((PPM, RISEN, NOW - 5), RISEN + 5, {"since": tell(0)}, "since"),
        ((PPM, RISEN, NOW - 5), RISEN + 5, {"waits": tell(0)}, "waits"),
        ((PPM, RISEN, NOW - 5), RISEN + 5, {"stays": tell(0)}, "stays"),
    ],
)
def test_invalid_maintenance_factor_from_a_lie(
    before: tuple[int, int, int], found: int, lies: dict[str, Lie], broken: str
) -> None:
    ran = run_step(before, found, lies=lies)
    assert ran.broken == (broken,)
    assert ran.values != model.step_maintenance_factor(model.MaintenanceFactor(*before), found, NOW)


def test_invalid_time_before_the_rise() -> None:
    assert run_step((PPM, RISEN, NOW + 2**40), RISEN).broken == ("is_young/shifted/sum",)


def test_invalid_initial_floored() -> None:
    whole = (HIGH - LOW) * USD_E12
    lots = LOW * USD_E12 + 1  # barely above: ceils to one ppm
    ran = run_scale(50_000, lots, 1, LOW, HIGH, lies={"x/rise": lambda said: [said[0] - 1, said[1] + whole]})
    assert (ran.value, ran.broken) == (50_000, ("x/rise/below/sum",))


@pytest.mark.parametrize("bounds", [(LOW, LOW), (HIGH, LOW)])
def test_invalid_bounds_that_do_not_rise(bounds: tuple[int, int]) -> None:
    assert any(name.startswith("x/rise") for name in run_scale(50_000, 0, 1, *bounds).broken)


@pytest.mark.parametrize(
    ("lies", "broken"),
    [
        ({"x/notional": tell(0)}, "x/notional"),
        ({"x/capped": tell(0)}, "x/capped"),
        ({"x/above": tell(1)}, "x/above"),
        ({"x/raise": tell(0)}, "x/raise"),
        ({"x/capped/is_first/shifted": lambda bits: [*bits[:-1], 1]}, "x/capped/is_first/shifted/sum"),
    ],
)
def test_invalid_scaled_initial_from_a_lie(lies: dict[str, Lie], broken: str) -> None:
    lots = (LOW + 7) * USD_E12
    assert run_scale(50_000, lots, 1, LOW, HIGH, lies=lies).broken == (broken,)


def test_counts() -> None:
    before = (PPM, PPM, NOW)
    counted = (run_factor(0), run_step(before, PPM), run_scale(1, 0, 1, 0, 1), run_raise(1, PPM))
    assert tuple(ran.n_constraints for ran in counted) == (23, 118, 404, 72)
