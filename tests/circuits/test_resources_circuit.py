"""Prices of resources as constraints agree with `rollup.resources`; each lie is refused by its constraint."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circuits import resources as circuit
from circuits.linear import LC
from circuits.system import ConstraintSystem, Lie
from rollup import resources as model
from rollup.units import MAX_ELAPSED_S, PPM
from tests.circuits.forging import tell
from tests.circuits.gadget_cases import Ran, run_gadget

TOP = model.MAX_BASE_FEE
base_fees = st.sampled_from([0, 1, 7, 8, TOP - 1, TOP]) | st.integers(0, TOP)
targets = st.sampled_from([1, 2**48 - 1]) | st.integers(1, 2**48 - 1) | st.integers(1, 2**20)
used_units = st.sampled_from([0, 2**32 - 1]) | st.integers(0, 2**32 - 1)
seconds = st.sampled_from([1, MAX_ELAPSED_S]) | st.integers(1, MAX_ELAPSED_S)
budgets = st.sampled_from([0, 2**88 - 1]) | st.integers(0, 2**88 - 1)
usd = st.sampled_from([0, 1, 2**48 - 1]) | st.integers(0, 2**48 - 1)


def run_base_fee(*operands: int, lies: dict[str, Lie] | None = None) -> Ran:
    return run_gadget(circuit.step_base_fee, *operands, lies=lies)


def run_congestion(congestion_ppm: int, used: int, target: int, elapsed_s: int, window_s: int) -> Ran:
    def gadget(cs: ConstraintSystem, *wires: LC) -> LC:
        return circuit.step_congestion(cs, *wires[:3], seconds=wires[3], window=wires[4], name="x")

    return run_gadget(gadget, congestion_ppm, used, target, min(elapsed_s, window_s), window_s)


def named(gadget: Callable[..., LC]) -> Callable[..., LC]:
    """Return the gadget under the name x."""
    return lambda cs, *wires: gadget(cs, *wires, name="x")


@given(fees=st.tuples(base_fees, base_fees, base_fees))
@pytest.mark.parametrize("units", [model.ORDER_FILL, model.CASH_OPERATION, model.LEAF])
def test_fees_agree_with_the_model(units: model.Units, fees: tuple[int, int, int]) -> None:
    def gadget(cs: ConstraintSystem, *wires: LC) -> LC:
        return circuit.compute_fee_e6(cs, wires, units, name="x")

    ran = run_gadget(gadget, *fees)
    assert (ran.value, ran.broken, ran.free) == (model.compute_fee_e6(fees, units), (), ())


@given(base_fee=base_fees, period_s=st.integers(1, 2**32 - 1))
def test_rent_agrees_with_the_model(base_fee: int, period_s: int) -> None:
    ran = run_gadget(named(circuit.compute_rent_rate), base_fee, period_s)
    assert (ran.value, ran.broken, ran.free) == (model.compute_rent_rate(base_fee, period_s), (), ())


@given(budget=budgets, rate_usd=usd, elapsed_s=seconds)
def test_fund_budget_agrees_with_the_model(budget: int, rate_usd: int, elapsed_s: int) -> None:
    ran = run_gadget(named(circuit.refill_fund_budget), budget, rate_usd, elapsed_s)
    assert (ran.value, ran.broken, ran.free) == (model.refill_fund_budget(budget, rate_usd, elapsed_s), (), ())


@given(base_fee=base_fees, used=used_units, target=targets, least=base_fees)
def test_base_fee_agrees_with_the_model(base_fee: int, used: int, target: int, least: int) -> None:
    ran = run_base_fee(base_fee, used, target, least)
    assert (ran.value, ran.broken, ran.free) == (model.step_base_fee(base_fee, used, target, least), (), ())


@given(base_fee=base_fees, target=st.integers(1, 1000), more=st.integers(-2, 2), times=st.integers(0, 3))
def test_base_fee_around_its_target(base_fee: int, target: int, more: int, times: int) -> None:
    used = max(0, times * target + more)
    assert run_base_fee(base_fee, used, target, 0).value == model.step_base_fee(base_fee, used, target, 0)


@given(
    congestion_ppm=st.sampled_from([0, PPM]) | st.integers(0, PPM),
    used=used_units,
    target=targets,
    elapsed_s=seconds,
    window_s=st.integers(1, 2**16 - 1),
)
def test_congestion_agrees_with_the_model(
    congestion_ppm: int, used: int, target: int, elapsed_s: int, window_s: int
) -> None:
    ran = run_congestion(congestion_ppm, used, target, elapsed_s, window_s)
    utilised = model.compute_utilisation(used, target)
    expected = model.step_congestion(congestion_ppm, utilised, elapsed_s, window_s)
    assert (ran.value, ran.broken, ran.free) == (expected, (), ())


@pytest.mark.parametrize(
    ("used", "expected"),
    [(100, 8_000), (101, 8_010), (150, 8_500), (200, 9_000), (900, 9_000), (50, 7_500), (0, 7_000)],
)
def test_base_fee_moves_by_an_eighth_at_most(used: int, expected: int) -> None:
    assert run_base_fee(8_000, used, 100, 0).value == expected


def test_base_fee_rises_by_at_least_one_and_stops_at_its_bounds() -> None:
    assert run_base_fee(0, 101, 100, 0).value == 1
    assert run_base_fee(TOP, 101, 100, 0).value == TOP
    assert run_base_fee(8_000, 0, 100, 7_900).value == 7_900
    assert run_base_fee(8_000, 101, 100, 9_000).value == 8_010  # a minimum raised since binds at the next fall


ABOVE, BELOW = (8_000, 150, 100, 0), (8_000, 50, 100, 0)


@pytest.mark.parametrize(
    ("operands", "lies", "broken"),
    [
        (ABOVE, {"distance": tell(60)}, "distance"),
        ((8_000, 900, 100, 0), {"counted": tell(1)}, "counted"),
        (ABOVE, {"step/dividend": tell(0)}, "step/dividend"),
        (ABOVE, {"step": lambda said: [said[0] - 1, said[1] + 800]}, "step/below/sum"),
        (ABOVE, {"step": lambda said: [said[0] + 1, said[1] - 800]}, "step/remainder/sum"),
        ((0, 150, 100, 0), {"at_least_one/product": tell(1)}, "at_least_one/product"),
        ((TOP, 150, 100, 0), {"up": tell(1)}, "up"),
        ((8_000, 0, 100, 7_900), {"down": tell(0)}, "down"),
        (BELOW, {"base_fee": tell(9)}, "base_fee"),
    ],
)
def test_invalid_base_fee_from_a_lie(operands: tuple[int, ...], lies: dict[str, Lie], broken: str) -> None:
    ran = run_base_fee(*operands, lies=lies)
    assert ran.broken == (broken,)
    assert ran.value != model.step_base_fee(*operands)


@pytest.mark.parametrize(("operands", "top"), [(ABOVE, 1), (BELOW, 0)])
def test_invalid_side_of_the_target(operands: tuple[int, ...], top: int) -> None:
    ran = run_base_fee(*operands, lies={"is_above/shifted": lambda bits: [*bits[:-1], top]})
    assert ran.broken[0] == "is_above/shifted/sum"


def test_invalid_base_fee_against_no_target() -> None:
    assert any(name.startswith("step/") for name in run_base_fee(8_000, 5, 0, 0).broken)


def test_invalid_fee_floored() -> None:
    def gadget(cs: ConstraintSystem, *wires: LC) -> LC:
        return circuit.compute_fee_e6(cs, wires, model.LEAF, name="x")

    ran = run_gadget(gadget, 0, 1, 0, lies={"x": lambda said: [said[0] - 1, said[1] + 10**12]})
    assert ran.value == 0
    assert ran.broken
    assert all(name.startswith("x/below/") for name in ran.broken)


def test_invalid_budget_beyond_an_hour() -> None:
    ran = run_gadget(named(circuit.refill_fund_budget), 5, 1, 7_200, lies={"x": tell(0)})
    assert (ran.value, ran.broken) == (5 + 2 * 10**12, ("x",))


def test_counts() -> None:
    counts = (
        run_base_fee(*ABOVE),
        run_congestion(0, 0, 1, 1, 1),
        run_gadget(named(circuit.refill_fund_budget), 0, 0, 1),
        run_gadget(named(circuit.compute_rent_rate), 0, 1),
    )
    assert tuple(ran.n_constraints for ran in counts) == (407, 232, 207, 132)
