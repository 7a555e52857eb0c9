"""The complete addition and the curve's equation against the model."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits import edwards
from circuits.system import ConstraintSystem
from rollup.babyjubjub import BASE8, IDENTITY, JUBJUB_SUBORDER, Point, add, is_on_curve, multiply, negate
from rollup.field import R

ORDER_TWO = (0, -1)
SCALARS = st.integers(0, JUBJUB_SUBORDER - 1)


def _add(left: Point, right: Point, lies: dict[str, int] | None = None) -> tuple[ConstraintSystem, Point]:
    told = {name: (lambda honest, shift=shift: honest + shift) for name, shift in (lies or {}).items()}
    cs = ConstraintSystem(lies=told)
    wires = [cs.witness(coordinate) for coordinate in (*left, *right)]
    x, y = edwards.add(cs, (wires[0], wires[1]), (wires[2], wires[3]), name="add")
    return cs, (cs.value(x), cs.value(y))


@settings(max_examples=25)
@given(left=SCALARS, right=SCALARS)
def test_add_agrees_with_model(left: int, right: int) -> None:
    a, b = multiply(BASE8, left), multiply(BASE8, right)
    cs, total = _add(a, b)
    assert cs.first_unsatisfied() is None
    assert total == add(a, b)


@pytest.mark.parametrize("other", [BASE8, negate(BASE8), IDENTITY, ORDER_TWO])
def test_add_has_no_exception(other: Point) -> None:
    cs, total = _add(BASE8, other)
    assert cs.first_unsatisfied() is None
    assert total == add(BASE8, other)


@pytest.mark.parametrize("step", ["x1y2", "y1x2", "mixed", "cross", "x", "y"])
def test_invalid_add_step_is_refused_where_it_lies(step: str) -> None:
    cs, _ = _add(BASE8, multiply(BASE8, 7), {f"add/{step}": 1})
    assert cs.first_unsatisfied() == f"add/{step}"


def test_add_costs_six_constraints() -> None:
    assert _add(BASE8, BASE8)[0].n_constraints == 6


@settings(max_examples=25)
@given(scalar=SCALARS, dx=st.integers(0, 2), dy=st.integers(0, 2))
def test_is_on_curve_agrees_with_model(scalar: int, dx: int, dy: int) -> None:
    x, y = multiply(BASE8, scalar)
    assert _is_on_curve((x + dx, y + dy)) == is_on_curve(((x + dx) % R, (y + dy) % R))


@pytest.mark.parametrize(("point", "is_on"), [(IDENTITY, True), (ORDER_TWO, True), ((0, 0), False), ((1, 0), False)])
def test_is_on_curve_of_special_points(point: Point, is_on: bool) -> None:
    assert _is_on_curve(point) is is_on


def test_invalid_verdict_on_a_point_is_refused() -> None:
    assert _lie_about(BASE8, "product", 1) == ["key/equation/product"]
    assert _lie_about((1, 2), "inverse", 0) == ["key/equation/annihilates"]


def _is_on_curve(point: Point) -> bool:
    cs = ConstraintSystem()
    verdict = edwards.is_on_curve(cs, (cs.witness(point[0]), cs.witness(point[1])), name="key")
    assert cs.first_unsatisfied() is None
    assert cs.n_constraints == 5
    return bool(cs.value(verdict))


def _lie_about(point: Point, hint: str, told: int) -> list[str]:
    cs = ConstraintSystem(lies={f"key/equation/{hint}": lambda _: told})
    edwards.is_on_curve(cs, (cs.witness(point[0]), cs.witness(point[1])), name="key")
    return cs.unsatisfied()
