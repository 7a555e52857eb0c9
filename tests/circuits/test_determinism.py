"""The kernel by sparse elimination against a dense one; gadgets pinned; planted freedom found and named."""

from __future__ import annotations

import galois
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits.bits import is_zero, to_bits
from circuits.determinism import analyse, find_freedom, free_wires, jacobian_row, wire_names
from circuits.linear import LC
from circuits.program import Opcode
from circuits.sparse import Kernel
from circuits.system import ConstraintSystem
from rollup.field import R
from tests.circuits.composed import COMPOSED

FIELD = galois.GF(R, primitive_element=5, verify=False)
sparse_rows = st.lists(st.dictionaries(st.integers(0, 7), st.integers(1, 3) | st.just(R - 1), max_size=4), max_size=12)


# --- the kernel ------------------------------------------------------------------------------------------------------
@settings(max_examples=60, deadline=None)
@given(rows=sparse_rows)
def test_nullity_agrees_with_dense_elimination(rows: list[dict[int, int]]) -> None:
    kernel = Kernel()
    for row in rows:
        kernel.add_row(row)
    touched = sorted({column for row in rows for column in row})
    dense = [[row.get(column, 0) for column in touched] for row in rows]
    rank = int(np.linalg.matrix_rank(FIELD(dense))) if dense and touched else 0
    assert kernel.nullity == len(touched) - rank == len(kernel.free_columns())


@settings(max_examples=40, deadline=None)
@given(rows=sparse_rows)
def test_order_of_rows_does_not_change_the_nullity(rows: list[dict[int, int]]) -> None:
    forth, back = Kernel(), Kernel()
    for row in rows:
        forth.add_row(row)
    for row in reversed(rows):
        back.add_row(row)
    assert forth.nullity == back.nullity


def test_kernel_names_the_earliest_column_that_can_move() -> None:
    kernel = Kernel()
    assert kernel.add_row({1: 1, 2: 1, 3: 1}) == 3
    assert kernel.add_row({1: 5}) == 1
    assert kernel.add_row({2: 1, 3: 1}) is None  # follows from the two above
    assert kernel.free_columns() == [2]
    assert kernel.add_row({2: 2, 3: 1}) == 2
    assert kernel.free_columns() == []
    kernel.add_row({4: 1, 5: 1})
    assert kernel.free_columns() == [4]
    assert not kernel.is_touched(6)


# --- gadgets ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", COMPOSED)
def test_gadget_pins_every_wire(name: str) -> None:
    freedom = find_freedom(COMPOSED[name].systems())
    assert freedom.free == ()
    assert freedom.harmless == ()


@pytest.mark.parametrize(
    ("name", "dropped", "freed"),
    [
        ("divide", "x/quotient/bit[*]", "x/quotient"),
        ("divide", "x/below/bit[*]", "x/below"),
        ("poseidon2", "x/first[*]/square", "x/first[1]/square"),
        ("poseidon2", "x/rounds/sbox[*][*]/fifth", "x/rounds/sbox[1][0]/fifth"),
        ("update_root", "x/level[*]/children/change/level[*][*]", "x/level[0]/children/change/level[2][0]"),
        ("is_less_than", "x/shifted/bit[*]", "x/shifted"),
    ],
)
def test_invalid_gadget_with_a_class_missing_is_named(name: str, dropped: str, freed: str) -> None:
    cs = COMPOSED[name].systems()[0]
    assert free_wires(cs) == []
    assert freed in free_wires(cs, {dropped})


def test_invalid_hint_that_nothing_constrains() -> None:
    cs = ConstraintSystem()
    cs.hint(Opcode.INV, cs.witness(3), name="loose")
    assert free_wires(cs) == ["loose"]


def test_invalid_pair_of_hints_pinned_by_their_sum_alone() -> None:
    cs = ConstraintSystem()
    parts = [cs.hint(Opcode.LIN, cs.witness(value), name=f"part[{i}]")[0] for i, value in enumerate((3, 4))]
    cs.assert_equal(parts[0] + parts[1], 7, name="sum")
    assert free_wires(cs) == ["part[0]"]
    cs.assert_equal(parts[0] - parts[1], -1, name="difference")
    assert free_wires(cs) == []


def test_invalid_slope_left_free_where_two_points_coincide() -> None:
    def slope(x1: int, x2: int) -> ConstraintSystem:
        cs = ConstraintSystem()
        run = cs.witness(x2) - cs.witness(x1)
        (wire,) = cs.hint(Opcode.DIV, cs.witness(0), run, name="slope")
        cs.assert_product(wire, run, 0, name="slope")
        cs.mul(wire, wire, name="square")
        return cs

    assert free_wires(slope(3, 8)) == []
    assert free_wires(slope(3, 3)) == ["slope"]


def test_fragment_wires_are_named_by_stamp_and_product() -> None:
    cs = COMPOSED["poseidon2"].systems()[0]
    assert "x/rounds/sbox[1][0]/square" in wire_names(cs).values()
    assert len(wire_names(cs)) == cs.n_wires - 1 - len(cs.ports)


# --- zero operands ---------------------------------------------------------------------------------------------------
def _is_zero(value: int) -> ConstraintSystem:
    cs = ConstraintSystem()
    is_zero(cs, cs.witness(value), name="x")
    return cs


def test_inverse_of_zero_is_harmless_and_pinned_elsewhere() -> None:
    assert analyse(_is_zero(0)).free == ()
    assert analyse(_is_zero(0)).harmless == ("x/inverse",)
    assert analyse(_is_zero(9)).harmless == ()
    assert find_freedom([_is_zero(0), _is_zero(9)]).harmless == ()


def test_invalid_inverse_that_no_witness_pins() -> None:
    assert find_freedom([_is_zero(0), _is_zero(0)]).harmless == ("x/inverse",)


def test_invalid_inverse_of_zero_that_another_wire_reads() -> None:
    cs = ConstraintSystem()
    a = cs.witness(0)
    is_zero(cs, a, name="x")
    inverse = LC({min(wire for wire, name in wire_names(cs).items() if name == "x/inverse"): 1})
    cs.mul(inverse + 1, cs.witness(5), name="reads")
    assert free_wires(cs) == ["x/inverse"]
    assert analyse(cs).harmless == ()


def test_invalid_double_root_is_not_called_harmless() -> None:
    cs = ConstraintSystem()
    (wire,) = cs.hint(Opcode.LIN, cs.witness(0), name="root")
    cs.assert_product(wire, wire, 0, name="square_is_zero")
    assert free_wires(cs) == ["root"]


def test_bits_flipped_are_jumps_that_this_tool_does_not_see() -> None:
    cs = ConstraintSystem()
    to_bits(cs, cs.witness(5), 4, name="x")
    assert free_wires(cs, {"x/sum"}) == []  # a mutation run must catch it: test_mutants


def test_jacobian_row_is_the_derivative() -> None:
    cs = ConstraintSystem()
    (x,) = cs.hint(Opcode.LIN, cs.witness(5), name="x")
    (y,) = cs.hint(Opcode.LIN, cs.witness(7), name="y")
    cs.assert_product(x * 2 + y, x + 1, y * 3 + x, name="row")
    row = jacobian_row(cs.find("row"), cs.values, wire_names(cs))
    # d/dx (2x + y)(x + 1) - 3y - x = 2(x + 1) + (2x + y) - 1; d/dy = (x + 1) - 3
    assert row == {2: 12 + 17 - 1, 4: 6 - 3}


def test_invalid_use_without_a_witness() -> None:
    with pytest.raises(AssertionError, match="evaluate=True"):
        free_wires(ConstraintSystem(evaluate=False))
