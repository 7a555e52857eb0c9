"""The builder: names, scopes, wires that cost nothing, hints, lies, fragments, statistics."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circuits.fragment import record_fragment
from circuits.linear import LC, as_lc, sum_lc, value_of
from circuits.program import Opcode, run_op
from circuits.system import ConstraintSystem, collapse_indices
from rollup.field import R

field_elements = st.integers(0, R - 1) | st.sampled_from([0, 1, R - 1])


# --- linear combinations ---------------------------------------------------------------------------------------------
@given(a=field_elements, b=field_elements, k=st.integers(-(2**200), 2**300))
def test_linear_combinations_compute_in_the_field(a: int, b: int, k: int) -> None:
    cs = ConstraintSystem()
    x, y = cs.witness(a), cs.witness(b)
    assert cs.value(x + y) == (a + b) % R
    assert cs.value(x - y + k) == (a - b + k) % R
    assert cs.value(k - x) == (k - a) % R
    assert cs.value(k * x * 3) == 3 * k * a % R
    assert cs.value(-x) == -a % R
    assert cs.value(sum_lc([x, y, x, LC.constant(k)])) == (2 * a + b + k) % R
    assert value_of(x + y, cs.values) == cs.value(x + y)
    assert cs.n_constraints == 0


def test_cancelled_terms_disappear() -> None:
    cs = ConstraintSystem()
    x = cs.witness(7)
    assert (x - x).terms == {}
    assert (x * R).terms == {}
    assert sum_lc([x, -x]).terms == {}
    assert (x + R).terms == x.terms
    assert LC.constant(R).terms == {}


def test_single_wire_is_one_wire_with_coefficient_one() -> None:
    cs = ConstraintSystem()
    x = cs.witness(7)
    assert x.single_wire() == 1
    assert (x * 2).single_wire() is None
    assert (x + 1).single_wire() is None
    assert LC.constant(1).single_wire() == 0
    assert as_lc(5).constant_value() == 5
    assert as_lc(5).is_constant()
    assert not (x + 5).is_constant()


# --- constraints -----------------------------------------------------------------------------------------------------
@given(a=field_elements, b=field_elements)
def test_product_of_wires_costs_one_constraint(a: int, b: int) -> None:
    cs = ConstraintSystem()
    assert cs.value(cs.mul(cs.witness(a), cs.witness(b), name="p")) == a * b % R
    assert cs.n_constraints == 1
    assert cs.first_unsatisfied() is None


def test_product_with_a_constant_costs_nothing() -> None:
    cs = ConstraintSystem()
    x = cs.witness(7)
    assert cs.value(cs.mul(x + 1, 3, name="p")) == 24
    assert cs.value(cs.mul(LC.constant(3), x, name="q")) == 21
    assert cs.n_constraints == 0


def test_invalid_product_from_a_lying_prover() -> None:
    cs = ConstraintSystem(lies={"p": lambda honest: honest + 1})
    cs.mul(cs.witness(2), cs.witness(3), name="p")
    assert cs.unsatisfied() == ["p"]


@pytest.mark.parametrize(("c", "broken"), [(5, ["x"]), (6, []), (7, ["x"])])
def test_assert_product_around_the_product(c: int, broken: list[str]) -> None:
    cs = ConstraintSystem()
    cs.assert_product(cs.witness(2), cs.witness(3), c, name="x")
    assert cs.unsatisfied() == broken


@pytest.mark.parametrize(("b", "broken"), [(R - 2, ["x"]), (R - 1, []), (0, ["x"])])
def test_assert_equal_around_minus_one(b: int, broken: list[str]) -> None:
    cs = ConstraintSystem()
    cs.assert_equal(cs.witness(-1), cs.witness(b), name="x")
    assert cs.unsatisfied() == broken


@pytest.mark.parametrize(("a", "broken"), [(R - 1, ["x"]), (0, []), (1, ["x"])])
def test_assert_zero_around_zero(a: int, broken: list[str]) -> None:
    cs = ConstraintSystem()
    cs.assert_zero(cs.witness(a), name="x")
    assert cs.unsatisfied() == broken


def test_materialise_keeps_a_wire_and_pins_a_combination() -> None:
    cs = ConstraintSystem()
    x = cs.witness(7)
    assert cs.materialise(x, name="a") is x
    assert cs.n_constraints == 0
    wire = cs.materialise(x * 2 + 1, name="b")
    assert wire.single_wire() is not None
    assert cs.value(wire) == 15
    assert cs.n_constraints == 1


def test_invalid_materialised_wire_from_a_lying_prover() -> None:
    cs = ConstraintSystem(lies={"b": lambda honest: honest - 1})
    cs.materialise(cs.witness(7) * 2, name="b")
    assert cs.unsatisfied() == ["b"]


# --- names -----------------------------------------------------------------------------------------------------------
def test_scopes_stand_before_every_name() -> None:
    cs = ConstraintSystem({"lane/x": 3})
    with cs.scope("lane"):
        x = cs.port("x")
        with cs.scope("inner"):
            cs.assert_equal(x, 4, name="is_four")
        cs.mul(x, x, name="square")
    cs.mul(x, x, name="square")
    assert cs.first_unsatisfied() == "lane/inner/is_four"
    assert [row.name for row in cs.iter_rows()] == ["lane/inner/is_four", "lane/square", "square"]
    assert cs.count_by_scope() == {"lane": 2, "square": 1}
    assert cs.count_by_scope(2) == {"lane/inner": 1, "lane/square": 1, "square": 1}


def test_find_gives_the_constraint_by_its_full_name() -> None:
    cs = ConstraintSystem()
    x = cs.witness(3)
    cs.mul(x, x, name="square")
    assert cs.find("square").a.terms == x.terms
    with pytest.raises(KeyError, match="cube"):
        cs.find("cube")


def test_invalid_second_constraint_of_one_name() -> None:
    cs = ConstraintSystem()
    x = cs.witness(3)
    cs.mul(x, x, name="square")
    with pytest.raises(AssertionError, match="two constraints are named square"):
        cs.mul(x, x + 1, name="square")


def test_invalid_second_input_of_one_name() -> None:
    cs = ConstraintSystem({"x": 1})
    cs.port("x")
    with pytest.raises(AssertionError, match="x declared twice"):
        cs.private("x")


def test_invalid_input_without_a_value() -> None:
    with pytest.raises(KeyError, match="price"):
        ConstraintSystem({"other": 1}).port("price")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a/bit[3]", "a/bit[*]"), ("and[0][12]", "and[*][*]"), ("plain/sum", "plain/sum"), ("h[2]/x[1]", "h[*]/x[*]")],
)
def test_collapse_indices(name: str, expected: str) -> None:
    assert collapse_indices(name) == expected


# --- hints and lies --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("opcode", "a", "b", "n_out", "imm", "expected"),
    [
        (Opcode.MUL, R - 1, R - 1, 1, 0, [1]),
        (Opcode.INV, 2, 0, 1, 0, [(R + 1) // 2]),
        (Opcode.INV, 0, 0, 1, 0, [0]),
        (Opcode.DIV, 6, 3, 1, 0, [2]),
        (Opcode.DIV, 6, 0, 1, 0, [0]),
        (Opcode.BITS, 6, 0, 4, 0, [0, 1, 1, 0]),
        (Opcode.BITS, 6, 0, 2, 1, [1, 1]),
        (Opcode.DIVMOD, 17, 5, 2, 0, [3, 2]),
        (Opcode.DIVMOD, 17, 0, 2, 0, [0, 0]),
        (Opcode.LIN, 9, 0, 1, 0, [9]),
        (Opcode.IS_ZERO, 0, 0, 1, 0, [1]),
        (Opcode.IS_ZERO, 1, 0, 1, 0, [0]),
        (Opcode.IS_NEG, (R - 1) // 2, 0, 1, 0, [0]),
        (Opcode.IS_NEG, (R + 1) // 2, 0, 1, 0, [1]),
    ],
)
def test_operations_of_the_witness_machine(
    opcode: Opcode, a: int, b: int, n_out: int, imm: int, expected: list[int]
) -> None:
    assert run_op(opcode, a, b, n_out, imm) == expected


def test_later_wires_follow_a_lie() -> None:
    cs = ConstraintSystem(lies={"inverse": lambda honest: 5})
    (inverse,) = cs.hint(Opcode.INV, cs.witness(3), name="inverse")
    assert cs.value(cs.mul(inverse, inverse, name="square")) == 25
    assert cs.first_unsatisfied() is None


def test_invalid_lie_of_the_wrong_length() -> None:
    cs = ConstraintSystem(lies={"bits": lambda honest: honest[:-1]})
    with pytest.raises(AssertionError, match="a lie about bits needs 4 values"):
        cs.hint(Opcode.BITS, cs.witness(3), n_out=4, name="bits")


# --- fragments -------------------------------------------------------------------------------------------------------
def _cube_plus(cs: ConstraintSystem, wires: Sequence[LC]) -> list[LC]:
    x, y = wires
    square = cs.mul(x, x, name="square")
    return [cs.mul(square, x, name="cube") + y * 2 + 1]


@given(x=field_elements, y=field_elements)
def test_stamped_fragment_equals_the_gadget_written_out(x: int, y: int) -> None:
    fragment = record_fragment(2, _cube_plus)
    stamped, written = ConstraintSystem(), ConstraintSystem()
    inputs = [stamped.witness(x), stamped.witness(y)]
    (first,) = stamped.stamp(fragment, inputs, name="s[0]")
    (second,) = stamped.stamp(fragment, [inputs[1], stamped.materialise(first, name="m")], name="s[1]")
    with written.scope("s[0]"):
        (expected,) = _cube_plus(written, [written.witness(x), written.witness(y)])
    assert stamped.value(first) == written.value(expected) == (x**3 + 2 * y + 1) % R
    assert stamped.value(second) == (y**3 + 2 * (x**3 + 2 * y + 1) + 1) % R
    assert stamped.first_unsatisfied() is None
    assert [row.name for row in stamped.iter_rows()][:2] == [row.name for row in written.iter_rows()]
    assert stamped.n_constraints == 5


def test_invalid_wire_inside_a_stamp_from_a_lying_prover() -> None:
    cs = ConstraintSystem(lies={"s/square": lambda honest: honest + 1})
    cs.stamp(record_fragment(2, _cube_plus), [cs.witness(3), cs.witness(4)], name="s")
    assert cs.unsatisfied() == ["s/square"]


def test_invalid_stamp_of_a_combination() -> None:
    cs = ConstraintSystem()
    with pytest.raises(AssertionError, match="takes single wires"):
        cs.stamp(record_fragment(2, _cube_plus), [cs.witness(3), cs.witness(4) + 1], name="s")


def test_invalid_fragment_inside_a_fragment() -> None:
    inner = record_fragment(2, _cube_plus)
    with pytest.raises(AssertionError, match="do not nest"):
        record_fragment(2, lambda cs, wires: cs.stamp(inner, wires, name="inner"))
