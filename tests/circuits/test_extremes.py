"""Smaller, larger, held within bounds: against plain integers, at the edges, and each lie refused by its constraint."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circuits.extremes import clamp, maximum, minimum, saturate, sort_two, split_magnitude
from circuits.linear import LC
from circuits.system import ConstraintSystem, Lie
from rollup.field import R
from tests.circuits.forging import tell
from tests.circuits.gadget_cases import Ran, run_gadget

BITS = 12
TOP = 2**BITS - 1
small = st.sampled_from([0, 1, -1, TOP, -TOP]) | st.integers(-TOP, TOP)
sizes = st.sampled_from([0, 1, TOP]) | st.integers(0, TOP)


def run_minimum(a: int, b: int, **lies: Lie) -> Ran:
    return run_gadget(lambda cs, x, y: minimum(cs, x, y, BITS, name="x"), a, b, lies=spell(lies))


def run_clamp(a: int, limit: int, **lies: Lie) -> Ran:
    def gadget(cs: ConstraintSystem, x: LC, y: LC) -> LC:
        return clamp(cs, x, y, n_bits=BITS, limit_bits=BITS + 3, name="x")

    return run_gadget(gadget, a, limit, lies=spell(lies))


def run_saturate(a: int, **lies: Lie) -> Ran:
    return run_gadget(lambda cs, x: saturate(cs, x, BITS, name="x"), a, lies=spell(lies))


def spell(lies: dict[str, Lie]) -> dict[str, Lie]:
    """Return lies by full name: `within__is_first` is x/within/is_first."""
    return {f"x/{name.replace('__', '/')}" if name != "x" else "x": lie for name, lie in lies.items()}


@given(a=sizes, b=sizes)
def test_minimum_and_maximum_agree_with_the_integers(a: int, b: int) -> None:
    least = run_minimum(a, b)
    most = run_gadget(lambda cs, x, y: maximum(cs, x, y, BITS, name="x"), a, b)
    pair = run_gadget(lambda cs, x, y: sort_two(cs, x, y, BITS, name="x"), a, b)
    assert (least.value, most.value, pair.values) == (min(a, b), max(a, b), (min(a, b), max(a, b)))
    assert least.broken == most.broken == pair.broken == least.free == most.free == ()
    assert least.n_constraints == most.n_constraints == pair.n_constraints == BITS + 3


@given(a=small, b=small)
def test_minimum_of_negative_numbers(a: int, b: int) -> None:
    if abs(a - b) <= TOP:
        assert (run_minimum(a, b).value, run_minimum(a, b).broken) == (min(a, b), ())


@given(a=small, limit=st.integers(0, 8 * TOP))
def test_clamp_agrees_with_the_integers(a: int, limit: int) -> None:
    ran = run_clamp(a, limit)
    assert (ran.value, ran.broken, ran.free) == (min(max(a, -limit), limit), (), ())
    assert ran.n_constraints == BITS + BITS + 3 + 7


@given(a=st.integers(-2 * TOP - 1, 2 * TOP + 1))
def test_saturate_agrees_with_the_integers(a: int) -> None:
    ran = run_saturate(a)
    assert (ran.value, ran.broken, ran.free) == (min(max(a, -TOP), TOP), (), ())
    assert ran.n_constraints == BITS + 6


@pytest.mark.parametrize("a", [TOP - 1, TOP, TOP + 1, 2 * TOP + 1, -TOP + 1, -TOP, -TOP - 1, -2 * TOP - 1])
def test_saturate_at_its_edges(a: int) -> None:
    assert run_saturate(a).value == min(max(a, -TOP), TOP)


@pytest.mark.parametrize("a", [2 * TOP + 2, -2 * TOP - 2])
def test_invalid_operand_beyond_what_saturate_holds(a: int) -> None:
    assert run_saturate(a).broken == ("x/magnitude/sum",)


@pytest.mark.parametrize("a", [TOP + 1, -TOP - 1])
def test_invalid_operand_beyond_what_clamp_holds(a: int) -> None:
    assert run_clamp(a, 5).broken == ("x/magnitude/sum",)


def test_invalid_larger_of_two_told_as_the_smaller() -> None:
    assert run_minimum(5, 9, is_first__shifted=lambda bits: [*bits[:-1], 1 - bits[-1]]).broken == (
        "x/is_first/shifted/sum",
    )
    ran = run_minimum(5, 9, x=tell(0))
    assert (ran.value, ran.broken) == (9, ("x",))


@pytest.mark.parametrize("a", [-7, 7])
def test_invalid_sign_of_a_clamped_number(a: int) -> None:
    assert run_clamp(a, 9, negative=lambda flag: 1 - flag).broken == ("x/magnitude/sum",)
    assert "x/is_negative" in run_clamp(a, 9, negative=tell(2)).broken
    assert run_clamp(a, 9, x=tell(0)).broken == (("x",) if a < 0 else ())


def test_sign_of_zero_may_be_told_either_way() -> None:
    """A wrong sign of zero is no number but zero."""
    ran = run_clamp(0, 9, negative=tell(1))
    assert (ran.value, ran.broken) == (0, ())


def test_invalid_magnitude_told_to_be_within() -> None:
    assert run_saturate(TOP + 5, within=tell(0)).broken == ("x/within",)
    spread = run_saturate(TOP + 5, magnitude=lambda bits: [sum(b << i for i, b in enumerate(bits)), *[0] * BITS])
    assert spread.broken == ("x/magnitude/bit[0]",)


@given(a=small)
def test_magnitude_of_a_number_and_its_sign(a: int) -> None:
    ran = run_gadget(
        lambda cs, x: [split_magnitude(cs, x, BITS, name="x")[0], *split_magnitude(cs, x, BITS, name="y")[1]], a
    )
    assert ran.values == (int(a < 0), *(abs(a) >> i & 1 for i in range(BITS)))


def test_minimum_refuses_numbers_too_far_apart() -> None:
    assert run_minimum(R // 3, 0).broken == ("x/is_first/shifted/sum",)
