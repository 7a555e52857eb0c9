"""EIP-4844 blobs: 4096 values of a polynomial over the BLS12-381 scalar field. Ours carry 31 bytes in each coefficient.

The values stand at the 4096-th roots of unity in bit-reversed order (consensus-specs, deneb/polynomial-commitments), so
that the first half of a blob is the polynomial at the even powers of the root, the second half at the odd ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rollup.bls_field import ELEMENT_BITS, P
from rollup.errors import BatchInvalid

__all__ = [
    "BLOB_BYTES",
    "ELEMENT_BYTES",
    "ELEMENT_COUNT",
    "ROOT",
    "BlobElementTooLarge",
    "BlobTooLong",
    "BlobWrongLength",
    "decode_blob",
    "decode_values",
    "encode_blob",
]

ELEMENT_COUNT: Final = 4096  # EIP-4844, FIELD_ELEMENTS_PER_BLOB
ELEMENT_BYTES: Final = 32  # EIP-4844, BYTES_PER_FIELD_ELEMENT, big-endian
BLOB_BYTES: Final = ELEMENT_COUNT * ELEMENT_BYTES
PRIMITIVE_ROOT: Final = 7  # consensus-specs, PRIMITIVE_ROOT_OF_UNITY
ROOT: Final = pow(PRIMITIVE_ROOT, (P - 1) // ELEMENT_COUNT, P)

assert (P - 1) % ELEMENT_COUNT == 0
assert pow(ROOT, ELEMENT_COUNT // 2, P) == P - 1  # of order 4096, no less

_HALF: Final = ELEMENT_COUNT // 2


def _list_powers(base: int) -> list[int]:
    powers = [1]
    while len(powers) < _HALF:
        powers.append(powers[-1] * base % P)
    return powers


_POWERS: Final = _list_powers(ROOT)
_INVERSE_POWERS: Final = _list_powers(pow(ROOT, -1, P))


@dataclass(eq=False)
class BlobWrongLength(BatchInvalid):
    """A blob is not 131072 bytes long."""

    code = "blob_wrong_length"
    got_bytes: int

    def __str__(self) -> str:
        return f"a blob of {self.got_bytes} bytes, expected {BLOB_BYTES}"


@dataclass(eq=False)
class BlobTooLong(BatchInvalid):
    """More coefficients than a blob holds."""

    code = "blob_too_long"
    got: int

    def __str__(self) -> str:
        return f"{self.got} coefficients, a blob holds {ELEMENT_COUNT}"


@dataclass(eq=False)
class BlobElementTooLarge(BatchInvalid):
    """A value of a blob is not canonical, or a coefficient does not fit 31 bytes."""

    code = "blob_element_too_large"
    what: str
    index: int
    got: int
    limit: int

    def __str__(self) -> str:
        return f"{self.what} {self.index}: {self.got} outside [0, {self.limit})"


def encode_blob(coefficients: Sequence[int]) -> bytes:
    """Return the blob of a polynomial, the coefficient of z**0 first; missing ones are 0.

    Raises BlobTooLong above 4096 coefficients, BlobElementTooLarge for one outside [0, 2**248).
    """
    if len(coefficients) > ELEMENT_COUNT:
        raise BlobTooLong(len(coefficients))
    _check_below("coefficient", coefficients, 1 << ELEMENT_BITS)
    padded = [*coefficients, *(0,) * (ELEMENT_COUNT - len(coefficients))]
    return b"".join(value.to_bytes(ELEMENT_BYTES, "big") for value in _evaluate_at_roots(padded))


def decode_blob(blob: bytes) -> list[int]:
    """Return all 4096 coefficients of the blob's polynomial.

    Raises BlobWrongLength, and BlobElementTooLarge for a value outside [0, P) or a coefficient outside [0, 2**248).
    """
    scale = pow(ELEMENT_COUNT, -1, P)
    coefficients = [value * scale % P for value in _interpolate_scaled(decode_values(blob))]
    _check_below("coefficient", coefficients, 1 << ELEMENT_BITS)
    return coefficients


def decode_values(blob: bytes) -> list[int]:
    """Return a blob's 4096 values as they stand in it. Raises BlobWrongLength, BlobElementTooLarge."""
    if len(blob) != BLOB_BYTES:
        raise BlobWrongLength(len(blob))
    values = [int.from_bytes(blob[at : at + ELEMENT_BYTES], "big") for at in range(0, BLOB_BYTES, ELEMENT_BYTES)]
    _check_below("value", values, P)
    return values


def _check_below(what: str, values: Sequence[int], limit: int) -> None:
    for index, value in enumerate(values):
        if not 0 <= value < limit:
            raise BlobElementTooLarge(what, index, value, limit)


def _evaluate_at_roots(coefficients: list[int]) -> list[int]:
    """Return the values at all n-th roots, n = len(coefficients): those at even powers of the root, then at odd ones.

    At even powers x**(n/2) = 1, at odd ones -1: the two halves are added or subtracted, and half as many roots remain.
    """
    n = len(coefficients)
    if n == 1:
        return coefficients
    low, high = coefficients[: n // 2], coefficients[n // 2 :]
    twist = _POWERS[:: ELEMENT_COUNT // n]
    even = [(a + b) % P for a, b in zip(low, high, strict=True)]
    odd = [(a - b) * w % P for a, b, w in zip(low, high, twist, strict=True)]
    return _evaluate_at_roots(even) + _evaluate_at_roots(odd)


def _interpolate_scaled(values: list[int]) -> list[int]:
    """Return n times the coefficients: `_evaluate_at_roots` undone, its halvings left out."""
    n = len(values)
    if n == 1:
        return values
    even, odd = _interpolate_scaled(values[: n // 2]), _interpolate_scaled(values[n // 2 :])
    untwisted = [b * w % P for b, w in zip(odd, _INVERSE_POWERS[:: ELEMENT_COUNT // n], strict=True)]
    low = [(a + b) % P for a, b in zip(even, untwisted, strict=True)]
    return low + [(a - b) % P for a, b in zip(even, untwisted, strict=True)]
