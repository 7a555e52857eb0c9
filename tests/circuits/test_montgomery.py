"""Montgomery arithmetic against the model, its refusals, and the one case in which it leaves a slope free."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from circuits import montgomery
from circuits.montgomery import MontgomeryPoint
from circuits.system import ConstraintSystem
from rollup import babyjubjub
from rollup.babyjubjub import BASE8, IDENTITY, JUBJUB_SUBORDER, Point, multiply, negate
from rollup.field import R, inverse

SCALARS = st.integers(1, JUBJUB_SUBORDER - 1)
Operation = Callable[[ConstraintSystem, MontgomeryPoint, MontgomeryPoint], MontgomeryPoint]


def _double(cs: ConstraintSystem, point: MontgomeryPoint, _: MontgomeryPoint) -> MontgomeryPoint:
    return montgomery.double(cs, point, name="op")


def _model_double(point: Point, _: Point) -> Point:
    return babyjubjub.double(point)


def _model_double_and_add(point: Point, other: Point) -> Point:
    return babyjubjub.add(babyjubjub.double(point), other)


OPERATIONS: dict[str, tuple[Operation, Callable[[Point, Point], Point], int]] = {
    "add": (partial(montgomery.add, name="op"), babyjubjub.add, 3),
    "double": (_double, _model_double, 4),
    "double_and_add": (partial(montgomery.double_and_add, name="op"), _model_double_and_add, 5),
}


def _wires(cs: ConstraintSystem, point: Point) -> MontgomeryPoint:
    x, y = point
    u = (1 + y) * inverse((1 - y) % R) % R
    return cs.witness(u), cs.witness(u * inverse(x) % R)


def _tell(value: int) -> Callable[[int], int]:
    return lambda _: value


def _run(operation: str, left: Point, right: Point, lies: dict[str, int] | None = None) -> ConstraintSystem:
    cs = ConstraintSystem(lies={name: _tell(told) for name, told in (lies or {}).items()})
    OPERATIONS[operation][0](cs, _wires(cs, left), _wires(cs, right))
    return cs


@pytest.mark.parametrize("operation", OPERATIONS)
@settings(max_examples=10)
@given(left=SCALARS, right=SCALARS)
def test_operation_agrees_with_model(operation: str, left: int, right: int) -> None:
    assume(left not in (right, JUBJUB_SUBORDER - right) and (2 * left + right) % JUBJUB_SUBORDER)  # the exceptions
    p, q = multiply(BASE8, left), multiply(BASE8, right)
    circuit, model, _ = OPERATIONS[operation]
    cs = ConstraintSystem()
    x, y = montgomery.to_edwards(cs, circuit(cs, _wires(cs, p), _wires(cs, q)), name="out")
    assert cs.first_unsatisfied() is None
    assert (cs.value(x), cs.value(y)) == model(p, q)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_invalid_step_is_refused_where_it_lies(operation: str) -> None:
    names = [op.name for op in _run(operation, BASE8, multiply(BASE8, 5)).program]
    assert len(names) == OPERATIONS[operation][2]
    for name in names:
        assert _run(operation, BASE8, multiply(BASE8, 5), {name: 12345}).first_unsatisfied() == name


@given(scalar=SCALARS)
@settings(max_examples=10)
def test_conversions_are_inverses(scalar: int) -> None:
    cs = ConstraintSystem()
    point = multiply(BASE8, scalar)
    there = montgomery.from_edwards(cs, (cs.witness(point[0]), cs.witness(point[1])), name="there")
    montgomery.assert_on_curve(cs, there, name="curve")
    x, y = montgomery.to_edwards(cs, there, name="back")
    assert cs.first_unsatisfied() is None
    assert (cs.value(x), cs.value(y)) == point


@pytest.mark.parametrize("lie", [0, 1, R - 1])
def test_invalid_identity_has_no_montgomery_form(lie: int) -> None:
    cs = ConstraintSystem(lies={"there/u": lambda _: lie})
    montgomery.from_edwards(cs, (cs.witness(IDENTITY[0]), cs.witness(IDENTITY[1])), name="there")
    assert cs.first_unsatisfied() == "there/u"


def test_invalid_point_off_the_curve() -> None:
    cs = ConstraintSystem()
    u, v = _wires(cs, BASE8)
    montgomery.assert_on_curve(cs, (u, v + 1), name="curve")
    assert cs.first_unsatisfied() == "curve/v_squared"


@pytest.mark.parametrize("operation", ["add", "double_and_add"])
@pytest.mark.parametrize("slope", [0, 1, 12345])
def test_invalid_sum_of_opposite_points(operation: str, slope: int) -> None:
    first = {"add": "op/slope", "double_and_add": "op/first_slope"}[operation]
    assert _run(operation, BASE8, negate(BASE8), {first: slope}).first_unsatisfied() == first


@pytest.mark.parametrize("slope", [0, 1, 12345])
def test_invalid_double_and_add_to_the_identity(slope: int) -> None:
    cs = _run("double_and_add", BASE8, negate(multiply(BASE8, 2)), {"op/second_slope": slope})
    assert cs.first_unsatisfied() == "op/second_slope"


@pytest.mark.parametrize("slope", [0, 1, 12345])
def test_invalid_double_of_a_point_of_order_two(slope: int) -> None:
    cs = ConstraintSystem(lies={"op/slope": lambda _: slope})
    montgomery.double(cs, (cs.witness(0), cs.witness(0)), name="op")
    assert cs.first_unsatisfied() == "op/slope"


def test_slope_of_equal_points_is_free_so_callers_must_rule_it_out() -> None:
    assert _run("add", BASE8, BASE8, {"op/slope": 12345}).first_unsatisfied() is None
