"""Commitments to blobs: the ceremony's setup, and that a blob holds the polynomial that the model evaluates."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from py_ecc.bls.point_compression import compress_G1
from py_ecc.optimized_bls12_381 import G1, multiply

from rollup.blob import BLOB_BYTES, ELEMENT_COUNT, BlobElementTooLarge, BlobWrongLength, encode_blob
from rollup.bls_field import ELEMENT_BITS, P, evaluate
from verifier.base_layer.embedded import EmbeddedEvm
from verifier.base_layer.errors import Reverted
from verifier.kzg import commit, prove, verify, versioned_hash

MAX_COEFFICIENT = 2**ELEMENT_BITS - 1
POINT_EVALUATION = (0x0A).to_bytes(20, "big")  # EIP-4844, the precompile's address
INFINITY = b"\xc0" + bytes(47)
# a call of the point evaluation precompile by which clients test it: versioned hash | z | y | commitment | proof
CALL = bytes.fromhex(
    "01e798154708fe7789429634053cbf9f99b619f9f084048927333fce637f549b"
    "564c0a11a0f704f4fc3e8acfe0f8245f0ad1347b378fbf96e206da11a5d36306"
    "24d25032e67a7e6a4910df5834b8fe70e6bcfeeac0352434196bdf4b2485d5a1"
    "8f59a8d2a1a625a17f3fea0fe5eb8c896db3764f3185481bc22f91b4aaffcca25f26936857bc3a7c2539ea8ec3a952b7"
    "873033e038326e87ed3e1276fd140253fa08e9fc25fb2d9a98527fc22a2c9612fbeafdad446cbc7bcdbdcd780af2c16a"
)
TAU_G1 = bytes.fromhex(
    "ad3eb50121139aa34db1d545093ac9374ab7bca2c0f3bf28e27c8dcd8fc7cb42d25926fc0c97b336e9f0fb35e5a04c81"
)


@dataclass(frozen=True)
class Call:
    """A proof that holds."""

    commitment: bytes
    z: int
    value: int
    proof: bytes


def make_coefficients(seed: int, count: int = ELEMENT_COUNT) -> list[int]:
    rng = random.Random(seed)
    return [rng.getrandbits(ELEMENT_BITS) for _ in range(count)]


def make_call(coefficients: list[int], z: int) -> Call:
    blob = encode_blob(coefficients)
    proof, value = prove(blob, z)
    return Call(commit(blob), z, value, proof)


# --- the setup -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("constant", [1, 2, MAX_COEFFICIENT])
def test_commitment_to_a_constant_is_a_multiple_of_the_generator(constant: int) -> None:
    assert commit(encode_blob([constant])) == int(compress_G1(multiply(G1, constant))).to_bytes(48, "big")


def test_commitment_to_nothing_is_infinity() -> None:
    assert commit(encode_blob([])) == INFINITY


def test_setup_is_the_one_of_the_mainnet_ceremony() -> None:
    """The commitment to x is the secret times the generator; a proof that others made tests the half in G2."""
    assert commit(encode_blob([0, 1])) == TAU_G1
    z, value = int.from_bytes(CALL[32:64], "big"), int.from_bytes(CALL[64:96], "big")
    assert versioned_hash(CALL[96:144]) == CALL[:32]
    assert verify(CALL[96:144], z, value, CALL[144:])
    assert not verify(CALL[96:144], z, value + 1, CALL[144:])


# --- values ----------------------------------------------------------------------------------------------------------
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32), z=st.integers(0, P - 1))
def test_value_of_a_blob_is_its_polynomial_at_z(seed: int, z: int) -> None:
    coefficients = make_coefficients(seed)
    call = make_call(coefficients, z)
    assert call.value == evaluate(coefficients, z)
    assert verify(call.commitment, call.z, call.value, call.proof)


@pytest.mark.parametrize("z", [0, 1, 2**ELEMENT_BITS - 1, P - 1])
@pytest.mark.parametrize("coefficient", [0, MAX_COEFFICIENT])
def test_value_at_the_edges(coefficient: int, z: int) -> None:
    call = make_call([coefficient] * ELEMENT_COUNT, z)
    assert call.value == evaluate([coefficient] * ELEMENT_COUNT, z)
    assert verify(call.commitment, call.z, call.value, call.proof)


def test_segments_that_share_a_blob_add_up() -> None:
    """64 segments of 64 elements: what each batch proves of its own, shifted into its place, is the blob's value."""
    coefficients, z = make_coefficients(3), random.Random(4).getrandbits(ELEMENT_BITS)
    segments = [coefficients[64 * k : 64 * (k + 1)] for k in range(64)]
    total = sum(pow(z, 64 * k, P) * evaluate(segment, z) for k, segment in enumerate(segments)) % P
    assert total == make_call(coefficients, z).value


# --- refusals --------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def call() -> Call:
    return make_call(make_coefficients(5), 12345)


def test_invalid_value_point_or_polynomial(call: Call) -> None:
    other = commit(encode_blob([1, 2, 3]))
    assert verify(call.commitment, call.z, call.value, call.proof)
    assert not verify(call.commitment, call.z, (call.value + 1) % P, call.proof)
    assert not verify(call.commitment, call.z + 1, call.value, call.proof)
    assert not verify(other, call.z, call.value, call.proof)
    assert not verify(call.commitment, call.z, call.value, INFINITY)


def test_invalid_words_that_are_not_canonical(call: Call) -> None:
    for z, value in ((call.z + P, call.value), (call.z, call.value + P), (-1, call.value), (call.z, -1)):
        assert not verify(call.commitment, z, value, call.proof)


@pytest.mark.parametrize("point", [b"", bytes(48), b"\xff" * 48, INFINITY + b"\x00", b"\x80" + bytes(46) + b"\x01"])
def test_invalid_point(call: Call, point: bytes) -> None:
    assert not verify(point, call.z, call.value, call.proof)
    assert not verify(call.commitment, call.z, call.value, point)


def test_precompile_of_the_embedded_evm_says_the_same(call: Call) -> None:
    evm = EmbeddedEvm()
    words = call.z.to_bytes(32, "big"), call.value.to_bytes(32, "big")
    calldata = b"".join([versioned_hash(call.commitment), *words, call.commitment, call.proof])
    # EIP-4844: it returns FIELD_ELEMENTS_PER_BLOB and BLS_MODULUS
    assert evm.call(POINT_EVALUATION, calldata) == ELEMENT_COUNT.to_bytes(32, "big") + P.to_bytes(32, "big")
    with pytest.raises(Reverted):
        evm.call(POINT_EVALUATION, calldata[:95] + bytes([calldata[95] ^ 1]) + calldata[96:])


@pytest.mark.parametrize("act", [commit, lambda blob: prove(blob, 1)], ids=["commit", "prove"])
def test_invalid_blob(act: Callable[[bytes], object]) -> None:
    with pytest.raises(BlobWrongLength):
        act(bytes(BLOB_BYTES - 1))
    with pytest.raises(BlobElementTooLarge):
        act(P.to_bytes(32, "big") * ELEMENT_COUNT)
