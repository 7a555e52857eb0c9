"""Bytes of keys and proofs: encode and decode are inverses, and nothing has two spellings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifier.errors import CoordinateTooLarge, PublicInputTooLarge, WrongLength
from verifier.keys import (
    Proof,
    VerifyingKey,
    decode_proof,
    decode_verifying_key,
    encode_proof,
    encode_public_inputs,
    encode_verifying_key,
)
from verifier.points import G1_BYTES, Fp2, G1Point, G2Point, Q, decode_g1, decode_g2, encode_g1, encode_g2
from verifier.simulator import Trapdoor

coordinates = st.integers(0, Q - 1)
g1_points = st.builds(G1Point, coordinates, coordinates)
fp2_elements = st.builds(Fp2, coordinates, coordinates)
g2_points = st.builds(G2Point, fp2_elements, fp2_elements)
proofs = st.builds(Proof, g1_points, g2_points, g1_points)
keys = st.builds(
    VerifyingKey,
    *(g1_points, g2_points, g2_points, g2_points),
    st.lists(g1_points, min_size=1, max_size=7).map(tuple),
)
KEY_BE = encode_verifying_key(Trapdoor.from_seed(seed=1, n_public=2).get_key())


@given(proof=proofs)
def test_proof_through_bytes(proof: Proof) -> None:
    assert len(encode_proof(proof)) == 256
    assert decode_proof(encode_proof(proof)) == proof


@given(key=keys)
def test_key_through_bytes(key: VerifyingKey) -> None:
    assert decode_verifying_key(encode_verifying_key(key)) == key
    assert key.n_public == len(key.ic) - 1


def test_g2_imaginary_part_first() -> None:
    words = b"".join(value.to_bytes(32, "big") for value in (1, 2, 3, 4))
    assert decode_g2(words, what="B") == G2Point(Fp2(real=2, imaginary=1), Fp2(real=4, imaginary=3))
    assert encode_g2(G2Point(Fp2(real=2, imaginary=1), Fp2(real=4, imaginary=3))) == words


@pytest.mark.parametrize("point", [G1Point(Q - 1, 0), G1Point(0, Q - 1)])
def test_coordinate_one_below_q(point: G1Point) -> None:
    assert decode_g1(encode_g1(point), what="A") == point


@pytest.mark.parametrize("value", [Q, Q + 1, 2**256 - 1])
@pytest.mark.parametrize("word", range(8))
def test_invalid_coordinate_not_below_q(word: int, value: int) -> None:
    proof_be = bytes(32 * word) + value.to_bytes(32, "big") + bytes(32 * (7 - word))
    with pytest.raises(CoordinateTooLarge) as caught:
        decode_proof(proof_be)
    assert caught.value.value == value
    assert caught.value.what == "AABBBBCC"[word]


@pytest.mark.parametrize("n_bytes", [0, 255, 257])
def test_invalid_proof_length(n_bytes: int) -> None:
    with pytest.raises(WrongLength) as caught:
        decode_proof(bytes(n_bytes))
    assert str(caught.value) == f"proof: {n_bytes} bytes, expected 256"


@pytest.mark.parametrize(
    ("key_be", "expected_bytes"),
    [
        (b"", 516),
        (KEY_BE[:515], 516),
        (KEY_BE[:-1], 644),
        (KEY_BE + b"\0", 644),
        (KEY_BE[:-G1_BYTES], 644),
        (KEY_BE[:448] + bytes(4) + KEY_BE[452:], 516),
        (KEY_BE[:448] + bytes(4) + KEY_BE[452:516], 516),
        (KEY_BE[:448] + b"\xff" * 4 + KEY_BE[452:], 452 + 64 * (2**32 - 1)),
    ],
    ids=["empty", "short", "truncated", "longer", "one_ic_less", "count_0", "count_0_with_1", "count_huge"],
)
def test_invalid_key_length(key_be: bytes, expected_bytes: int) -> None:
    with pytest.raises(WrongLength) as caught:
        decode_verifying_key(key_be)
    assert (caught.value.got_bytes, caught.value.expected_bytes) == (len(key_be), expected_bytes)


def test_invalid_key_coordinate_names_the_point() -> None:
    with pytest.raises(CoordinateTooLarge, match=r"^ic\[2\]: coordinate"):
        decode_verifying_key(KEY_BE[:-32] + Q.to_bytes(32, "big"))


def test_public_inputs_as_words() -> None:
    assert encode_public_inputs([1, 2**256 - 1]) == bytes(31) + b"\1" + b"\xff" * 32


@pytest.mark.parametrize("value", [-1, 2**256])
def test_invalid_public_input_beyond_a_word(value: int) -> None:
    with pytest.raises(PublicInputTooLarge) as caught:
        encode_public_inputs([0, value])
    assert (caught.value.index, caught.value.value) == (1, value)
