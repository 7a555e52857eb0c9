"""Points of BN254 as affine integers, and their bytes (EIP-196, EIP-197). Infinity is all zero.

No curve arithmetic here: `pairing.py` checks that a point is of its group.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from verifier.errors import CoordinateTooLarge, WrongLength

Q: Final = 21888242871839275222246405745257275088696311157297823662689037894645226208583  # EIP-197, base field
G1_BYTES: Final = 64
G2_BYTES: Final = 128


class Fp2(NamedTuple):
    """real + imaginary * i, i**2 = -1."""

    real: int
    imaginary: int


class G1Point(NamedTuple):
    """A point of y**2 = x**3 + 3 over Fp."""

    x: int
    y: int


class G2Point(NamedTuple):
    """A point of y**2 = x**3 + 3 / (9 + i) over Fp2."""

    x: Fp2
    y: Fp2


G1_INFINITY: Final = G1Point(0, 0)
G2_INFINITY: Final = G2Point(Fp2(0, 0), Fp2(0, 0))


def encode_g1(point: G1Point) -> bytes:
    """Return x || y, 32 bytes big-endian each (EIP-196). Assumes coordinates below 2**256."""
    return b"".join(value.to_bytes(32, "big") for value in point)


def encode_g2(point: G2Point) -> bytes:
    """Return x || y, 64 bytes each (EIP-197). Assumes coordinates below 2**256."""
    # EIP-197: an Fp2 element a*i + b is sent as (a, b), imaginary part first
    return b"".join(part.to_bytes(32, "big") for x in point for part in (x.imaginary, x.real))


def decode_g1(data: bytes, *, what: str) -> G1Point:
    """Return the point that 64 bytes encode; `what` names it in errors. Raises WrongLength, CoordinateTooLarge."""
    return G1Point(*_decode_coordinates(data, G1_BYTES, what))


def decode_g2(data: bytes, *, what: str) -> G2Point:
    """Return the point that 128 bytes encode; `what` names it in errors. Raises WrongLength, CoordinateTooLarge."""
    x_imaginary, x_real, y_imaginary, y_real = _decode_coordinates(data, G2_BYTES, what)
    return G2Point(Fp2(x_real, x_imaginary), Fp2(y_real, y_imaginary))


def _decode_coordinates(data: bytes, n_bytes: int, what: str) -> list[int]:
    if len(data) != n_bytes:
        raise WrongLength(what, len(data), n_bytes)
    values = [int.from_bytes(data[i : i + 32], "big") for i in range(0, n_bytes, 32)]
    for value in values:
        check_coordinate(value, what=what)
    return values


def check_coordinate(value: int, *, what: str) -> None:
    """Raise CoordinateTooLarge unless value is below q: without it one point would have several encodings."""
    if value >= Q:
        raise CoordinateTooLarge(what, value)
