"""Choosing and writing by index, against plain lists; each product lied about, each refused by its own name."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circuits.bits import to_bits
from circuits.linear import LC
from circuits.select import assert_selected, demultiplex, inner_product, multiplex, one_hot, select
from circuits.system import ConstraintSystem, Lie
from rollup.field import R

field_elements = st.integers(0, R - 1) | st.sampled_from([0, 1, R - 1])
vectors = st.lists(field_elements, min_size=8, max_size=8)


def _index(cs: ConstraintSystem, index: int, n_bits: int = 3) -> list[LC]:
    return [cs.witness(index >> i & 1) for i in range(n_bits)]


@given(bit=st.integers(0, 1), a=field_elements, b=field_elements)
def test_select_agrees_with_a_conditional(bit: int, a: int, b: int) -> None:
    cs = ConstraintSystem()
    assert cs.value(select(cs, cs.witness(bit), cs.witness(a), cs.witness(b), name="x")) == (a if bit else b)
    assert cs.first_unsatisfied() is None
    assert cs.n_constraints == 1


def test_select_between_constants_costs_nothing() -> None:
    cs = ConstraintSystem()
    assert cs.value(select(cs, cs.witness(1), 5, 9, name="x")) == 5
    assert cs.n_constraints == 0


def test_invalid_selection_from_a_lying_prover() -> None:
    cs = ConstraintSystem(lies={"x": lambda honest: 0})
    select(cs, cs.witness(1), cs.witness(5), cs.witness(9), name="x")
    assert cs.first_unsatisfied() == "x"


@pytest.mark.parametrize("n_bits", [1, 2, 3, 4])
def test_one_hot_at_every_index(n_bits: int) -> None:
    for index in range(2**n_bits):
        cs = ConstraintSystem()
        hot = one_hot(cs, _index(cs, index, n_bits), name="x")
        assert [cs.value(h) for h in hot] == [int(i == index) for i in range(2**n_bits)]
        assert cs.first_unsatisfied() is None
        assert cs.n_constraints == 2**n_bits - n_bits - 1


@given(index=st.integers(0, 7), values=vectors)
def test_all_ways_of_choosing_agree_with_the_list(index: int, values: list[int]) -> None:
    cs = ConstraintSystem()
    bits, wires = _index(cs, index), [cs.witness(value) for value in values]
    assert cs.value(inner_product(cs, one_hot(cs, bits, name="hot"), wires, name="inner")) == values[index]
    assert cs.value(multiplex(cs, bits, wires, name="mux")) == values[index]
    assert_selected(cs, bits, wires, cs.witness(values[index]), name="own")
    assert cs.first_unsatisfied() is None
    assert cs.count_by_scope() == {"hot": 4, "inner[*]": 8, "mux": 7, "own": 7}


@given(index=st.integers(0, 7), values=vectors, expected=field_elements)
def test_assert_selected_holds_exactly_for_the_entry(index: int, values: list[int], expected: int) -> None:
    cs = ConstraintSystem()
    wires = [cs.witness(value) for value in values]
    assert_selected(cs, _index(cs, index), wires, cs.witness(expected), name="own")
    assert cs.first_unsatisfied() == (None if values[index] == expected else "own/chosen")


@given(index=st.integers(0, 7), value=field_elements)
def test_demultiplex_agrees_with_the_list(index: int, value: int) -> None:
    cs = ConstraintSystem()
    parts = demultiplex(cs, _index(cs, index), cs.witness(value), name="x")
    assert [cs.value(part) for part in parts] == [value if i == index else 0 for i in range(8)]
    assert cs.first_unsatisfied() is None
    assert cs.n_constraints == 7


def test_invalid_lengths() -> None:
    cs = ConstraintSystem()
    with pytest.raises(ValueError, match="shorter"):
        inner_product(cs, one_hot(cs, _index(cs, 0), name="hot"), [cs.witness(1)], name="x")
    with pytest.raises(ValueError, match="unpack"):
        multiplex(cs, _index(cs, 0, 1), [cs.witness(1)] * 4, name="y")


def _everything(lies: dict[str, Lie]) -> ConstraintSystem:
    cs = ConstraintSystem(lies=lies)
    bits = to_bits(cs, cs.witness(6), 3, name="index")
    values = [cs.witness(100 + i) for i in range(8)]
    inner_product(cs, one_hot(cs, bits, name="hot"), values, name="inner")
    multiplex(cs, bits, values, name="mux")
    assert_selected(cs, bits, values, cs.witness(106), name="own")
    demultiplex(cs, bits, cs.witness(5), name="demux")
    return cs


def _product_names() -> list[str]:
    names = [row.name for row in _everything({}).iter_rows()]
    return [name for name in names if not name.startswith("index/") and name != "own/chosen"]


@pytest.mark.parametrize("name", _product_names())
@pytest.mark.parametrize("lie", [lambda v: v + 1, lambda v: -v - 1, lambda v: v * 2 + 3], ids=["more", "less", "other"])
def test_invalid_product_from_a_lying_prover(name: str, lie: Callable[[int], int]) -> None:
    assert name in _everything({name: lie}).unsatisfied()
    assert _everything({name: lie}).first_unsatisfied() == name


def test_invalid_index_bits_from_a_lying_hint() -> None:
    assert _everything({"index": lambda bits: [1, 1, 1]}).unsatisfied() == ["index/sum", "own/chosen"]
