"""Poseidon in constraints against the model, at every arity; no wire of it can be told otherwise."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits.determinism import analyse
from circuits.linear import LC
from circuits.poseidon import poseidon
from circuits.system import ConstraintSystem, Op, Stamp
from rollup import poseidon as model
from rollup.field import R

field_elements = st.integers(0, R - 1) | st.sampled_from([0, 1, R - 1])


def _hash(inputs: list[int], tag: int = 0) -> tuple[ConstraintSystem, LC]:
    cs = ConstraintSystem()
    return cs, poseidon(cs, [cs.witness(x) for x in inputs], tag, name="h")


@settings(max_examples=25, deadline=None)
@given(inputs=st.lists(field_elements, min_size=1, max_size=16), tag=st.sampled_from([0, 1, 7, R - 1]))
def test_poseidon_agrees_with_the_model(inputs: list[int], tag: int) -> None:
    cs, out = _hash(inputs, tag)
    assert cs.value(out) == model.poseidon(inputs, tag)
    assert cs.first_unsatisfied() is None


@pytest.mark.parametrize("arity", range(1, 17))
def test_poseidon_at_every_arity(arity: int) -> None:
    cs, out = _hash(list(range(arity)), 3)
    assert cs.value(out) == model.poseidon(list(range(arity)), 3)
    assert cs.first_unsatisfied() is None
    assert analyse(cs).free == ()


def test_tag_that_is_a_wire_costs_one_more_sbox() -> None:
    cs = ConstraintSystem()
    out = poseidon(cs, [cs.witness(1), cs.witness(2)], cs.witness(9), name="h")
    assert cs.value(out) == model.poseidon([1, 2], 9)
    assert cs.first_unsatisfied() is None
    assert cs.n_constraints == 243


def test_input_that_is_a_constant() -> None:
    cs = ConstraintSystem()
    out = poseidon(cs, [cs.witness(1), 2], 9, name="h")
    assert cs.value(out) == model.poseidon([1, 2], 9)
    assert cs.first_unsatisfied() is None


def test_inputs_that_are_combinations() -> None:
    cs = ConstraintSystem()
    x = cs.witness(5)
    out = poseidon(cs, [x * 2 + 1, x - 7], 0, name="h")
    assert cs.value(out) == model.poseidon([11, R - 2], 0)
    assert cs.first_unsatisfied() is None


def test_tags_separate_the_hashes_of_equal_inputs() -> None:
    outputs = {cs.value(out) for cs, out in (_hash([1, 2], tag) for tag in range(8))}
    assert len(outputs) == 8


@pytest.mark.parametrize("arity", [0, 17])
def test_invalid_arity(arity: int) -> None:
    with pytest.raises(ValueError, match=r"outside 2\.\.17"):
        _hash([0] * arity)


def _op_names() -> list[str]:
    cs, _ = _hash([1, 2])
    names = []
    for item in cs.program:
        if isinstance(item, Op):
            names.append(item.name)
        elif isinstance(item, Stamp):
            names += [f"{item.name}/{op.name}" for op in item.fragment.program]
    return names


@pytest.mark.parametrize("name", _op_names())
def test_invalid_wire_from_a_lying_prover(name: str) -> None:
    cs = ConstraintSystem(lies={name: lambda honest: honest + 1})
    poseidon(cs, [cs.witness(1), cs.witness(2)], 0, name="h")
    assert cs.unsatisfied() == [name]
