"""EdDSA over BabyJubJub with a Poseidon challenge, as circomlibjs and zk-kit sign it.

Verification: S < l, the key A of prime order, S * B8 = R8 + h * 8 * A with h = poseidon(R8x, R8y, Ax, Ay, M).
The key's order is checked here because the circuit must hold it; the JavaScript libraries leave it to the caller.
The libraries differ in the hash that expands a private key (BLAKE-512 or BLAKE2b-512). A verifier cannot tell which.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Final, Protocol

from rollup.babyjubjub import (
    IDENTITY,
    JUBJUB_SUBORDER,
    Point,
    add,
    is_in_subgroup,
    is_on_curve,
    multiply,
    multiply_base8,
)
from rollup.field import is_canonical
from rollup.poseidon import poseidon

__all__ = [
    "PRIVATE_KEY_BYTES",
    "Signature",
    "SignatureBackend",
    "derive_public_key",
    "divide_by_eight",
    "sign",
    "use_signature_backend",
    "verify",
]

PRIVATE_KEY_BYTES: Final = 32
_EIGHTH: Final = pow(8, -1, JUBJUB_SUBORDER)


@dataclass(frozen=True)
class Signature:
    """An EdDSA signature: the commitment R8, a curve point, and the response S, below the subgroup's order."""

    r8: Point
    s: int


class SignatureBackend(Protocol):
    """The same four operations, faster."""

    def derive_public_key(self, private_key: bytes) -> Point:
        """Return the public key; private_key has 32 bytes, hashed by BLAKE2b-512."""
        ...

    def sign(self, private_key: bytes, message: int) -> Signature:
        """Return the signature; message lies in [0, R)."""
        ...

    def verify(self, public_key: Point, message: int, signature: Signature) -> bool:
        """Return whether the signature is valid; every value may be any integer in [0, 2**256)."""
        ...

    def divide_by_eight(self, public_key: Point) -> Point:
        """Return public_key / 8, or raise ValueError unless public_key is of prime order."""
        ...


_backend: SignatureBackend | None = None


def use_signature_backend(backend: SignatureBackend | None) -> None:
    """Sign and verify through `backend` in this process from now on; None goes back to pure Python."""
    global _backend
    _backend = backend


def derive_public_key(private_key: bytes) -> Point:
    """Return the public key A of a 32-byte private key hashed by BLAKE2b-512 (zk-kit's `eddsa-poseidon/blake-2b`).

    Raises ValueError unless the key has 32 bytes.
    """
    _check_private_key(private_key)
    if _backend is not None:
        return _backend.derive_public_key(private_key)
    return _public_key(_expand(private_key)[0])


def sign(private_key: bytes, message: int) -> Signature:
    """Return the deterministic signature of a field element, the private key hashed by BLAKE2b-512.

    In pure Python the time taken depends on the key: for tests and tools, not where an attacker can measure.
    Raises ValueError unless the key has 32 bytes and the message lies in [0, R).
    """
    _check_private_key(private_key)
    if not is_canonical(message):
        raise ValueError(f"message {message} lies outside [0, R)")
    if _backend is not None:
        return _backend.sign(private_key, message)
    scalar, prefix = _expand(private_key)
    # RFC 8032 §5.1.6 with Poseidon in place of SHA-512: r from the prefix and the message, never random
    nonce = int.from_bytes(blake2b(prefix + message.to_bytes(32, "little")).digest(), "little") % JUBJUB_SUBORDER
    r8 = multiply_base8(nonce)
    challenge = poseidon([*r8, *_public_key(scalar), message])
    return Signature(r8, (nonce + challenge * scalar) % JUBJUB_SUBORDER)


def verify(public_key: Point, message: int, signature: Signature) -> bool:
    """Return whether the signature is valid for the message and the key. False, never an error, on any bad value."""
    r8, s = signature.r8, signature.s
    if not (is_canonical(message) and 0 <= s < JUBJUB_SUBORDER):
        return False
    if not all(is_canonical(coordinate) for coordinate in (*r8, *public_key)):
        return False
    if _backend is not None:
        return _backend.verify(public_key, message, signature)
    # A key of small order would let anyone sign: 8A vanishes whatever the challenge.
    if not (_is_of_prime_order(public_key) and is_on_curve(r8)):
        return False
    challenge = poseidon([*r8, *public_key, message])
    return multiply_base8(s) == add(r8, multiply(public_key, 8 * challenge))


def divide_by_eight(public_key: Point) -> Point:
    """Return the point of prime order whose eightfold is public_key: the circuit's witness that the key is sound.

    Raises ValueError unless public_key is on the curve and of prime order; the identity is not.
    """
    if _backend is not None:
        return _backend.divide_by_eight(public_key)
    if not _is_of_prime_order(public_key):
        raise ValueError(f"public key {public_key} is not a BabyJubJub point of prime order")
    return multiply(public_key, _EIGHTH)


def _is_of_prime_order(point: Point) -> bool:
    return point != IDENTITY and is_in_subgroup(point)


def _check_private_key(private_key: bytes) -> None:
    if len(private_key) != PRIVATE_KEY_BYTES:
        raise ValueError(f"a private key has {PRIVATE_KEY_BYTES} bytes, got {len(private_key)}")


def _expand(private_key: bytes) -> tuple[int, bytes]:
    """Return (secret scalar, nonce prefix): RFC 8032 §5.1.5, clamped, little-endian."""
    digest = blake2b(private_key).digest()
    clamped = bytes([digest[0] & 0xF8, *digest[1:31], digest[31] & 0x7F | 0x40])
    return int.from_bytes(clamped, "little"), digest[32:]


def _public_key(scalar: int) -> Point:
    # The scalar is a multiple of 8 and S = r + h*s carries all of it; the key takes the eighth: 8A = s*B8.
    return multiply_base8(scalar >> 3)
