"""S * B8 for every kind of bits, with no exception."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits.fixed_base import SCALAR_BITS, multiply_base8
from circuits.system import ConstraintSystem
from rollup.babyjubjub import BASE8, JUBJUB_SUBORDER, Point, multiply

ALL_ONES = 2**SCALAR_BITS - 1


def _multiply(scalar: int, lies: dict[str, int] | None = None) -> tuple[ConstraintSystem, Point]:
    told = {name: (lambda honest, shift=shift: honest + shift) for name, shift in (lies or {}).items()}
    cs = ConstraintSystem(lies=told)
    bits = [cs.witness(scalar >> i & 1) for i in range(SCALAR_BITS)]
    x, y = multiply_base8(cs, bits, name="fixed")
    return cs, (cs.value(x), cs.value(y))


@settings(max_examples=10, deadline=None)
@given(scalar=st.integers(0, ALL_ONES))
def test_product_agrees_with_model(scalar: int) -> None:
    cs, product = _multiply(scalar)
    assert cs.first_unsatisfied() is None
    assert product == multiply(BASE8, scalar)


@pytest.mark.parametrize(
    "scalar",
    [0, 1, 2, 3, JUBJUB_SUBORDER - 1, JUBJUB_SUBORDER, JUBJUB_SUBORDER + 1, 2**249, 2**250 - 1, 2**250, ALL_ONES],
)
def test_no_bits_are_an_exception(scalar: int) -> None:
    cs, product = _multiply(scalar)
    assert cs.first_unsatisfied() is None
    assert product == multiply(BASE8, scalar)


@pytest.mark.parametrize(
    "step",
    [
        "window[0]/both",
        "window[124]/both",
        "sum/level[0][0]/slope",
        "sum/level[0][61]/u",
        "sum/level[3][2]/v",
        "sum/level[6][0]/slope",
        "edwards/x",
        "edwards/y",
        "rest/mixed",
    ],
)
def test_invalid_step_is_refused_where_it_lies(step: str) -> None:
    assert _multiply(2**250 // 7, {f"fixed/{step}": 1})[0].first_unsatisfied() == f"fixed/{step}"


def test_costs_505_constraints() -> None:
    assert _multiply(5)[0].n_constraints == 505
