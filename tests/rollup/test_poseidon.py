"""Poseidon against circomlibjs's vectors and against its own reference form."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollup import tags
from rollup.field import R, inverse, to_field, to_signed
from rollup.poseidon import permute, poseidon, poseidon_many, use_backend
from rollup.poseidon_constants import FULL_ROUNDS, PARTIAL_ROUNDS, derive_constants

VECTORS = Path(__file__).parent.parent / "vectors"
field_elements = st.integers(0, R - 1) | st.sampled_from([0, 1, R - 1])


@pytest.fixture(autouse=True)
def pure_python() -> Iterator[None]:
    use_backend(None)
    yield
    use_backend(None)


def _load(name: str) -> list[dict[str, Any]]:
    vectors: list[dict[str, Any]] = json.loads((VECTORS / name).read_text())["vectors"]
    return vectors


def _ints(values: Sequence[str]) -> list[int]:
    return [int(value) for value in values]


@pytest.mark.parametrize("width", range(2, 18))
def test_poseidon_equals_circomlibjs(width: int) -> None:
    vectors = [vector for vector in _load("poseidon.json") if len(vector["inputs"]) == width - 1]
    assert len(vectors) == 3
    hashes = poseidon_many([_ints(vector["inputs"]) for vector in vectors])
    assert hashes == _ints([vector["output"] for vector in vectors])


@pytest.mark.parametrize("vector", _load("poseidon_initial_state.json"))
def test_tag_equals_circomlibjs_initial_state(vector: dict[str, Any]) -> None:
    inputs, tag = _ints(vector["inputs"]), int(vector["initialState"])
    assert permute([tag, *inputs]) == _ints(vector["outputs"])
    assert poseidon(inputs, tag) == int(vector["outputs"][0])


@given(st.lists(field_elements, min_size=1, max_size=16), field_elements)
@settings(max_examples=30, deadline=None)
def test_sparse_form_equals_reference_form(inputs: list[int], tag: int) -> None:
    assert poseidon(inputs, tag) == permute([tag, *inputs])[0]


@pytest.mark.parametrize("width", range(2, 18))
def test_constants_have_their_shape_and_range(width: int) -> None:
    constants, mds = derive_constants(width)
    assert len(constants) == width * (FULL_ROUNDS + PARTIAL_ROUNDS[width - 2])
    assert [len(row) for row in mds] == [width] * width
    assert all(0 < constant < R for constant in constants)


@pytest.mark.parametrize("width", [-1, 0, 1, 18])
def test_invalid_width(width: int) -> None:
    with pytest.raises(ValueError, match=f"width {width} "):
        derive_constants(width)


def test_poseidon_many_of_no_rows_is_empty() -> None:
    assert poseidon_many([]) == []


@pytest.mark.parametrize("bad", [-1, R, R + 1, 2**256])
def test_invalid_input_outside_the_field_names_its_row(bad: int) -> None:
    assert len(poseidon_many([[0, R - 1], [1, 2]])) == 2
    with pytest.raises(ValueError, match="row 1 "):
        poseidon_many([[0, R - 1], [bad, 2]])


@pytest.mark.parametrize("bad", [-1, R])
def test_invalid_tag_outside_the_field(bad: int) -> None:
    with pytest.raises(ValueError, match="tag"):
        poseidon([1], bad)


@pytest.mark.parametrize("n_inputs", [0, 17])
def test_invalid_number_of_inputs(n_inputs: int) -> None:
    with pytest.raises(ValueError, match=f"got {n_inputs}"):
        poseidon([1] * n_inputs)


def test_invalid_rows_of_unequal_length() -> None:
    with pytest.raises(ValueError, match="row 1 has 3 inputs, row 0 has 2"):
        poseidon_many([[1, 2], [1, 2, 3]])


def test_hashes_depend_on_tag_and_arity() -> None:
    all_tags = [0, *tags.Tag]
    hashes = {poseidon([1, 0], tag) for tag in all_tags} | {poseidon([1]), poseidon([1, 0, 0])}
    assert len(hashes) == len(all_tags) + 2


def test_tags_are_distinct_positive_and_zero_is_left_free() -> None:
    assert sorted(tags.Tag) == list(range(1, len(tags.Tag) + 1))
    assert tags.ACCOUNT == tags.Tag.ACCOUNT


class _SumBackend:
    def hash_many(self, arity: int, inputs: Sequence[int], tag: int) -> list[int]:
        return [tag + sum(inputs[start : start + arity]) for start in range(0, len(inputs), arity)]


def test_backend_takes_over_and_gives_back() -> None:
    use_backend(_SumBackend())
    assert poseidon([1, 2], 7) == 10
    assert poseidon_many([[1, 2], [3, 4]], 7) == [10, 14]
    use_backend(None)
    assert poseidon([1, 2], 7) == permute([7, 1, 2])[0]


def test_invalid_input_never_reaches_a_backend() -> None:
    use_backend(_SumBackend())
    with pytest.raises(ValueError, match="row 0"):
        poseidon([R])


@given(st.integers(-(R // 2), R // 2))
def test_to_signed_inverts_to_field(value: int) -> None:
    assert to_signed(to_field(value)) == value


@pytest.mark.parametrize("value", [R // 2 + 1, -(R // 2) - 1])
def test_invalid_signed_value_beyond_half_the_field(value: int) -> None:
    with pytest.raises(ValueError, match=str(value)):
        to_field(value)


@pytest.mark.parametrize("element", [-1, R])
def test_invalid_element_outside_the_field(element: int) -> None:
    with pytest.raises(ValueError, match="canonical"):
        to_signed(element)


@given(st.integers(1, R - 1))
def test_inverse_times_value_is_one(value: int) -> None:
    assert inverse(value) * value % R == 1


@pytest.mark.parametrize("value", [0, R])
def test_invalid_inverse_of_zero(value: int) -> None:
    with pytest.raises(ZeroDivisionError):
        inverse(value)
