"""`prover.kernel`: the stub is the module, conversions are inverses, `rollup` computes the same through it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from prover import kernel
from rollup import poseidon, signature
from rollup.field import R

elements = st.integers(0, R - 1)


def test_stub_agrees_with_the_built_module() -> None:
    command = [sys.executable, "-m", "mypy.stubtest", "prover._kernel"]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stdout + finished.stderr


@given(values=st.lists(st.integers(1 - R, R - 1)))
def test_encode_and_decode_are_inverses_mod_r(values: list[int]) -> None:
    assert kernel.decode_be(kernel.encode_be(values)) == [value % R for value in values]


@pytest.mark.parametrize("value", [R, -R, 1 << 256])
def test_invalid_encode_outside_the_field(value: int) -> None:
    with pytest.raises(ValueError, match=f"value 1: {value} lies outside"):
        kernel.encode_be([0, value])


def test_invalid_decode_length() -> None:
    with pytest.raises(ValueError, match="33 bytes"):
        kernel.decode_be(b"\0" * 33)


@pytest.fixture
def installed() -> Iterator[None]:
    kernel.install()
    yield
    poseidon.use_backend(None)
    signature.use_signature_backend(None)


@given(
    rows=st.integers(1, 16).flatmap(
        lambda n: st.lists(st.lists(elements, min_size=n, max_size=n), min_size=1, max_size=3)
    )
)
@settings(max_examples=20, deadline=None)
def test_kernel_poseidon_agrees_with_pure_python(rows: list[list[int]]) -> None:
    backend = kernel.KernelPoseidon()
    flat = [value for row in rows for value in row]
    poseidon.use_backend(None)
    assert backend.hash_many(len(rows[0]), flat, 7) == poseidon.poseidon_many(rows, 7)


@given(private_key=st.binary(min_size=32, max_size=32), message=st.integers(0, R - 1))
@example(private_key=bytes(32), message=0)
@example(private_key=b"\xff" * 32, message=R - 1)
@settings(max_examples=20, deadline=None)
def test_kernel_signatures_agree_with_pure_python(private_key: bytes, message: int) -> None:
    backend = kernel.KernelSignatures()
    signature.use_signature_backend(None)
    public_key, signed = signature.derive_public_key(private_key), signature.sign(private_key, message)
    assert backend.derive_public_key(private_key) == public_key
    assert backend.sign(private_key, message) == signed
    assert backend.divide_by_eight(public_key) == signature.divide_by_eight(public_key)
    assert backend.verify(public_key, message, signed)


@pytest.mark.usefixtures("installed")
def test_invalid_signature_through_the_kernel() -> None:
    private_key = bytes(range(32))
    public_key, signed = signature.derive_public_key(private_key), signature.sign(private_key, 5)
    assert signature.verify(public_key, 5, signed)
    assert not signature.verify(public_key, 6, signed)
    assert not signature.verify(public_key, 5, signature.Signature(signed.r8, signed.s + 1))
    with pytest.raises(ValueError, match="prime order"):
        signature.divide_by_eight((0, 1))


def test_merkle_levels_are_hashes_of_eight() -> None:
    leaves = list(range(64))
    levels = kernel.decode_be(kernel.merkle_levels(kernel.encode_be(leaves), kernel.encode_be([9])))
    parents = kernel.KernelPoseidon().hash_many(8, leaves, 9)
    assert levels == [*parents, *kernel.KernelPoseidon().hash_many(8, parents, 9)]
