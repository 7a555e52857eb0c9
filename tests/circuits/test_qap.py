"""Small systems judged a second time, by polynomials and another package's field."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits.bits import is_zero, to_bits
from circuits.compare import divide, is_less_than
from circuits.linear import LC
from circuits.qap import MAX_ROWS, build_qap, check_qap
from circuits.select import multiplex, one_hot
from circuits.system import ConstraintSystem
from rollup.field import R

Gadget = Callable[[ConstraintSystem, LC, LC], object]


def _multiplex(cs: ConstraintSystem, a: LC, b: LC) -> None:
    multiplex(cs, to_bits(cs, cs.witness(2), 2, name="index"), [a, b, a + b, a - b], name="mux")


GADGETS: dict[str, Gadget] = {
    "to_bits": lambda cs, a, b: to_bits(cs, a, 12, name="x"),
    "is_zero": lambda cs, a, b: is_zero(cs, a - b, name="x"),
    "is_less_than": lambda cs, a, b: is_less_than(cs, a, b, 12, name="x"),
    "divide": lambda cs, a, b: divide(cs, a, b + 1, quotient_bits=12, divisor_bits=12, name="x"),
    "one_hot": lambda cs, a, b: one_hot(cs, to_bits(cs, cs.witness(5), 3, name="index"), name="x"),
    "multiplex": _multiplex,
}


def _build(gadget: str, a: int, b: int) -> ConstraintSystem:
    cs = ConstraintSystem({"a": a, "b": b})
    GADGETS[gadget](cs, cs.port("a"), cs.port("b"))
    return cs


@pytest.mark.parametrize("gadget", GADGETS)
def test_honest_witness_divides(gadget: str) -> None:
    cs = _build(gadget, 1000, 37)
    assert cs.n_constraints <= 45
    assert check_qap(cs)


@pytest.mark.parametrize("gadget", GADGETS)
def test_invalid_witness_leaves_a_remainder_at_every_computed_wire(gadget: str) -> None:
    cs = _build(gadget, 1000, 37)
    qap = build_qap(cs)
    for wire in range(3, cs.n_wires):
        witness = [*cs.values[:wire], cs.values[wire] + 1, *cs.values[wire + 1 :]]
        cs_varied = _build(gadget, 1000, 37)
        cs_varied.values = [value % R for value in witness]
        assert qap.is_satisfied(witness) == (cs_varied.first_unsatisfied() is None)
    assert not qap.is_satisfied([*cs.values[:-1], cs.values[-1] + 1])


@settings(max_examples=10, deadline=None)
@given(a=st.integers(0, 5000), b=st.integers(0, 5000))
def test_qap_and_builder_agree_on_any_operands(a: int, b: int) -> None:
    cs = _build("is_less_than", a, b)
    assert check_qap(cs) == (cs.first_unsatisfied() is None)


def test_invalid_quotient_from_a_lying_hint() -> None:
    cs = ConstraintSystem({"a": 1000, "b": 37}, lies={"x": lambda honest: [honest[0] - 1, honest[1] + 37]})
    divide(cs, cs.port("a"), cs.port("b"), quotient_bits=12, divisor_bits=12, name="x")
    assert cs.first_unsatisfied() == "x/below/sum"
    assert not check_qap(cs)


def test_quotient_polynomial_has_the_degree_groth16_expects() -> None:
    cs = _build("to_bits", 7, 0)  # 13 constraints, the constant and two ports: a domain of 16 points
    quotient, _ = build_qap(cs).divide(cs.values)
    assert build_qap(cs).vanishing.degree == 16
    assert quotient.degree <= 14


def test_port_polynomials_are_independent() -> None:
    cs = ConstraintSystem({"used": 3, "unused": 4})
    cs.assert_equal(cs.port("used"), 3, name="is_three")
    cs.port("unused")
    qap = build_qap(cs)
    assert [int(any(qap.u[:, wire])) for wire in range(3)] == [1, 1, 1]


def test_invalid_system_beyond_the_largest_domain() -> None:
    cs = ConstraintSystem()
    x = cs.witness(1)
    for i in range(MAX_ROWS):
        cs.mul(x, x, name=f"square[{i}]")
    with pytest.raises(ValueError, match=f"{MAX_ROWS + 1} rows"):
        build_qap(cs)
