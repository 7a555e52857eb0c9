"""The KZG commitment of an EIP-4844 blob: a thin door to ckzg, with the ceremony's setup that py-evm ships."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import as_file, files
from typing import Final

import ckzg  # type: ignore[import-not-found]  # compiled, without stubs

from rollup.blob import decode_values
from rollup.bls_field import P

__all__ = ["commit", "load_setup", "prove", "verify", "versioned_hash"]

COMMITMENT_BYTES: Final = 48
PROOF_BYTES: Final = 48
_VERSION: Final = b"\x01"  # EIP-4844, VERSIONED_HASH_VERSION_KZG
_NO_PRECOMPUTE: Final = 0  # tables that speed up cell proofs, which nobody asks for here


@cache
def load_setup() -> object:
    """Return the mainnet ceremony's setup as ckzg holds it: four seconds, once in a process."""
    with as_file(files("eth._utils") / "kzg_trusted_setup.txt") as path:
        return ckzg.load_trusted_setup(str(path), _NO_PRECOMPUTE)


def commit(blob: bytes) -> bytes:
    """Return the commitment, 48 bytes, a compressed point of BLS12-381's G1.

    Raises BlobWrongLength, BlobElementTooLarge.
    """
    decode_values(blob)
    return bytes(ckzg.blob_to_kzg_commitment(blob, load_setup()))


def versioned_hash(commitment: bytes) -> bytes:
    """Return the 32 bytes by which the base layer names a blob (EIP-4844, kzg_to_versioned_hash)."""
    return _VERSION + hashlib.sha256(commitment).digest()[1:]


def prove(blob: bytes, z: int) -> tuple[bytes, int]:
    """Return (proof of 48 bytes, value) of the blob's polynomial at z.

    Assumes 0 <= z < P. Raises BlobWrongLength, BlobElementTooLarge.
    """
    assert 0 <= z < P, f"a point outside [0, P): {z}"
    decode_values(blob)
    proof, value_be = ckzg.compute_kzg_proof(blob, z.to_bytes(32, "big"), load_setup())
    return bytes(proof), int.from_bytes(value_be, "big")


def verify(commitment: bytes, z: int, value: int, proof: bytes) -> bool:
    """Return whether the polynomial committed to takes this value at z: what the point evaluation precompile checks.

    False too for z or value outside [0, P), and for bytes that are no point of G1 (EIP-4844: the precompile fails).
    """
    if not (0 <= z < P and 0 <= value < P and len(commitment) == COMMITMENT_BYTES and len(proof) == PROOF_BYTES):
        return False
    try:
        words = z.to_bytes(32, "big"), value.to_bytes(32, "big")
        return bool(ckzg.verify_kzg_proof(commitment, *words, proof, load_setup()))
    except RuntimeError:  # of ckzg: a point is not on the curve or not in the subgroup
        return False
