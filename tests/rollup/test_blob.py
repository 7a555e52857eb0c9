"""Blobs: values at roots of unity against the definition, both directions, and every refusal."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollup.blob import (
    BLOB_BYTES,
    ELEMENT_COUNT,
    ROOT,
    BlobElementTooLarge,
    BlobTooLong,
    BlobWrongLength,
    decode_blob,
    decode_values,
    encode_blob,
)
from rollup.bls_field import ELEMENT_BITS, P, evaluate

MAX_COEFFICIENT = 2**ELEMENT_BITS - 1


def make_coefficients(seed: int, count: int = ELEMENT_COUNT) -> list[int]:
    rng = random.Random(seed)
    return [rng.getrandbits(ELEMENT_BITS) for _ in range(count)]


def replace_value(blob: bytes, index: int, value: int) -> bytes:
    return blob[: 32 * index] + value.to_bytes(32, "big") + blob[32 * (index + 1) :]


def reverse_bits(index: int) -> int:
    return int(f"{index:012b}"[::-1], 2)


def test_root_has_order_4096() -> None:
    assert pow(ROOT, ELEMENT_COUNT, P) == 1
    assert pow(ROOT, ELEMENT_COUNT // 2, P) != 1
    # consensus-specs, compute_roots_of_unity: 7 generates the field's group, of which this is the 4096-th part
    assert pow(7, (P - 1) // 2, P) == P - 1


@pytest.mark.parametrize("index", [0, 1, 2, 3, 1000, 2047, 2048, 4095])
def test_value_at_the_bit_reversed_root(index: int) -> None:
    coefficients = make_coefficients(1)
    expected = evaluate(coefficients, pow(ROOT, reverse_bits(index), P))
    assert decode_values(encode_blob(coefficients))[index] == expected


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32), count=st.integers(0, ELEMENT_COUNT))
def test_blob_gives_its_coefficients_back(seed: int, count: int) -> None:
    coefficients = make_coefficients(seed, count)
    blob = encode_blob(coefficients)
    assert len(blob) == BLOB_BYTES
    assert decode_blob(blob) == coefficients + [0] * (ELEMENT_COUNT - count)


@pytest.mark.parametrize("coefficient", [0, 1, MAX_COEFFICIENT])
def test_coefficients_all_alike(coefficient: int) -> None:
    alike = [coefficient] * ELEMENT_COUNT
    assert decode_blob(encode_blob(alike)) == alike
    assert encode_blob([coefficient]) == coefficient.to_bytes(32, "big") * ELEMENT_COUNT


# --- refusals --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("coefficient", [-1, 2**ELEMENT_BITS])
def test_invalid_coefficient_beyond_31_bytes(coefficient: int) -> None:
    with pytest.raises(BlobElementTooLarge) as caught:
        encode_blob([5, coefficient])
    assert str(caught.value) == f"coefficient 1: {coefficient} outside [0, {2**ELEMENT_BITS})"


def test_invalid_coefficients_too_many() -> None:
    with pytest.raises(BlobTooLong) as caught:
        encode_blob([0] * (ELEMENT_COUNT + 1))
    assert str(caught.value) == "4097 coefficients, a blob holds 4096"


@pytest.mark.parametrize("length", [0, BLOB_BYTES - 1, BLOB_BYTES + 1])
def test_invalid_length(length: int) -> None:
    with pytest.raises(BlobWrongLength) as caught:
        decode_blob(bytes(length))
    assert str(caught.value) == f"a blob of {length} bytes, expected 131072"


@pytest.mark.parametrize("value", [P, P + 1, 2**256 - 1])
def test_invalid_value_that_is_not_canonical(value: int) -> None:
    with pytest.raises(BlobElementTooLarge) as caught:
        decode_blob(replace_value(encode_blob([]), 4095, value))
    assert (caught.value.what, caught.value.index, caught.value.got, caught.value.limit) == ("value", 4095, value, P)


def test_invalid_coefficient_of_a_blob_that_is_not_ours() -> None:
    too_large = 2**ELEMENT_BITS
    with pytest.raises(BlobElementTooLarge) as caught:  # a constant polynomial: all its values are canonical
        decode_blob(too_large.to_bytes(32, "big") * ELEMENT_COUNT)
    assert (caught.value.what, caught.value.index, caught.value.got) == ("coefficient", 0, too_large)
