"""The only importer of the Rust kernel: its names, conversions between integers and bytes, and its use by `rollup`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from prover._kernel import (
    Cancelled,
    CancelToken,
    Circuit,
    PowersOfTau,
    ProvingKey,
    Witness,
    apply_beacon,
    contribute,
    eddsa_derive,
    eddsa_divide_by_eight,
    eddsa_sign,
    eddsa_verify_many,
    export_zkey,
    fft,
    get_path,
    import_zkey,
    make_development_powers,
    merkle_levels,
    msm_g1,
    msm_g2,
    poseidon_many,
    prove,
    prove_timed,
    setup,
    start_ceremony,
    verify,
    verify_ceremony,
)
from rollup.babyjubjub import Point
from rollup.field import R
from rollup.poseidon import use_backend
from rollup.signature import Signature, use_signature_backend

__all__ = [
    "PROOF_BYTES",
    "CancelToken",
    "Cancelled",
    "Circuit",
    "KernelPoseidon",
    "KernelSignatures",
    "PowersOfTau",
    "ProvingKey",
    "Witness",
    "apply_beacon",
    "contribute",
    "decode_be",
    "eddsa_verify_many",
    "encode_be",
    "export_zkey",
    "fft",
    "get_path",
    "import_zkey",
    "install",
    "make_development_powers",
    "merkle_levels",
    "msm_g1",
    "msm_g2",
    "poseidon_many",
    "prove",
    "prove_timed",
    "setup",
    "start_ceremony",
    "verify",
    "verify_ceremony",
]

PROOF_BYTES: Final = 256
_ELEMENT_BYTES: Final = 32


def encode_be(values: Iterable[int]) -> bytes:
    """Return 32 big-endian bytes a value. Negative values stand as r - |value|.

    Raises ValueError unless every value lies in (-r, r).
    """
    return b"".join(_encode_one(index, value) for index, value in enumerate(values))


def _encode_one(index: int, value: int) -> bytes:
    if not -R < value < R:
        raise ValueError(f"value {index}: {value} lies outside (-r, r)")
    return (value % R).to_bytes(_ELEMENT_BYTES, "big")


def decode_be(values_be: bytes) -> list[int]:
    """Return the integers in 32 big-endian bytes each. Raises ValueError unless the length is a multiple of 32."""
    if len(values_be) % _ELEMENT_BYTES:
        raise ValueError(f"{len(values_be)} bytes, expected a multiple of {_ELEMENT_BYTES}")
    starts = range(0, len(values_be), _ELEMENT_BYTES)
    return [int.from_bytes(values_be[start : start + _ELEMENT_BYTES], "big") for start in starts]


class KernelPoseidon:
    """Poseidon by the kernel, for `rollup.poseidon.use_backend`."""

    def hash_many(self, arity: int, inputs: Sequence[int], tag: int) -> list[int]:
        """Return one hash for each `arity` consecutive inputs."""
        rows_be = b"".join([value.to_bytes(_ELEMENT_BYTES, "big") for value in inputs])  # in range, as assumed
        return decode_be(poseidon_many(arity, rows_be, encode_be([tag])))


class KernelSignatures:
    """EdDSA-Poseidon by the kernel, for `rollup.signature.use_signature_backend`. Private keys: BLAKE2b-512."""

    def derive_public_key(self, private_key: bytes) -> Point:
        """Return the public key of a 32-byte private key."""
        return _decode_point(eddsa_derive(private_key))

    def sign(self, private_key: bytes, message: int) -> Signature:
        """Return the deterministic signature of a field element."""
        x, y, s = decode_be(eddsa_sign(private_key, encode_be([message])))
        return Signature((x, y), s)

    def verify(self, public_key: Point, message: int, signature: Signature) -> bool:
        """Return whether the signature is valid. Assumes values in [0, 2**256); what is not canonical is not valid."""
        claim = (*public_key, message, *signature.r8, signature.s)
        return eddsa_verify_many(b"".join(value.to_bytes(_ELEMENT_BYTES, "big") for value in claim)) == b"\x01"

    def divide_by_eight(self, public_key: Point) -> Point:
        """Return the point of prime order whose eightfold is public_key. Raises ValueError where there is none."""
        return _decode_point(eddsa_divide_by_eight(encode_be(public_key)))


def _decode_point(point_be: bytes) -> Point:
    x, y = decode_be(point_be)
    return x, y


def install() -> None:
    """Let `rollup` hash and sign through the kernel in this process from now on."""
    use_backend(KernelPoseidon())
    use_signature_backend(KernelSignatures())
