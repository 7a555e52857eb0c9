"""BabyJubJub (EIP-2494): the twisted Edwards curve a*x^2 + y^2 = 1 + d*x^2*y^2 over the BN254 scalar field.

The order is 8 * JUBJUB_SUBORDER. As a is a square and d is not, the addition law holds for every pair of points
(Bernstein et al., eprint 2008/013, section 6), doublings and the identity included.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, TypeAlias

from rollup.field import R, is_canonical

__all__ = [
    "BASE8",
    "EDWARDS_A",
    "EDWARDS_D",
    "IDENTITY",
    "JUBJUB_SUBORDER",
    "Point",
    "add",
    "double",
    "is_in_subgroup",
    "is_on_curve",
    "multiply",
    "multiply_base8",
    "negate",
]

Point: TypeAlias = tuple[int, int]
_Projective: TypeAlias = tuple[int, int, int]  # (X, Y, Z) stands for (X/Z, Y/Z)

EDWARDS_A: Final = 168700
EDWARDS_D: Final = 168696
JUBJUB_SUBORDER: Final = 2736030358979909402780800718157159386076813972158567259200215660948447373041  # prime
IDENTITY: Final[Point] = (0, 1)
BASE8: Final[Point] = (  # generates the subgroup of order JUBJUB_SUBORDER
    5299619240641551281634865583518297030282874472190772894086521144482721001553,
    16950150798460657717958625567821834550301663161624707787222815936182638968203,
)
_WINDOW_BITS = 4


def is_on_curve(point: Point) -> bool:
    """Return whether the coordinates are canonical and satisfy the curve's equation."""
    x, y = point
    if not (is_canonical(x) and is_canonical(y)):
        return False
    xx, yy = x * x % R, y * y % R
    return (EDWARDS_A * xx + yy - 1 - EDWARDS_D * xx * yy) % R == 0


def is_in_subgroup(point: Point) -> bool:
    """Return whether the point is on the curve and in the subgroup of prime order, the identity included."""
    return is_on_curve(point) and multiply(point, JUBJUB_SUBORDER) == IDENTITY


def add(left: Point, right: Point) -> Point:
    """Return left + right. Assumes that both are on the curve."""
    return _to_affine(_add((*left, 1), (*right, 1)))


def double(point: Point) -> Point:
    """Return 2 * point. Assumes that it is on the curve."""
    return _to_affine(_double((*point, 1)))


def negate(point: Point) -> Point:
    """Return -point."""
    x, y = point
    return (-x % R, y)


def multiply(point: Point, scalar: int) -> Point:
    """Return scalar * point. Assumes that the point is on the curve and scalar >= 0. Not constant time."""
    return _to_affine(_ladder(_multiples((*point, 1)), scalar))


def multiply_base8(scalar: int) -> Point:
    """Return scalar * BASE8. Assumes scalar >= 0. Not constant time."""
    total: _Projective = (0, 1, 1)
    for window, multiples in zip(_windows(scalar % JUBJUB_SUBORDER), _base8_table(), strict=False):
        if window:
            total = _add(total, multiples[window])
    return _to_affine(total)


def _add(left: _Projective, right: _Projective) -> _Projective:
    """add-2008-bbjlp (eprint 2008/013, section 6), complete here."""
    x1, y1, z1 = left
    x2, y2, z2 = right
    a = z1 * z2 % R
    b = a * a % R
    c = x1 * x2 % R
    d = y1 * y2 % R
    e = EDWARDS_D * c * d % R
    f, g = b - e, b + e
    x3 = a * f % R * ((x1 + y1) * (x2 + y2) - c - d) % R
    return x3, a * g % R * (d - EDWARDS_A * c) % R, f * g % R


def _double(point: _Projective) -> _Projective:
    """dbl-2008-bbjlp (eprint 2008/013, section 6)."""
    x, y, z = point
    c, d = x * x % R, y * y % R
    e = EDWARDS_A * c
    f = (e + d) % R
    j = (f - 2 * z * z) % R
    return ((x + y) * (x + y) - c - d) * j % R, f * (e - d) % R, f * j % R


def _to_affine(point: _Projective) -> Point:
    x, y, z = point
    z_inverse = pow(z, -1, R)
    return x * z_inverse % R, y * z_inverse % R


def _multiples(point: _Projective) -> list[_Projective]:
    """Return [0 * point, 1 * point, .. 15 * point]."""
    multiples: list[_Projective] = [(0, 1, 1)]
    for _ in range((1 << _WINDOW_BITS) - 1):
        multiples.append(_add(multiples[-1], point))
    return multiples


def _windows(scalar: int) -> list[int]:
    """Return the scalar's hexadecimal digits, least significant first."""
    return [int(digit, 16) for digit in reversed(f"{scalar:x}")]


def _ladder(multiples: list[_Projective], scalar: int) -> _Projective:
    total: _Projective = (0, 1, 1)
    for window in reversed(_windows(scalar)):
        for _ in range(_WINDOW_BITS):
            total = _double(total)
        total = _add(total, multiples[window])
    return total


@lru_cache(maxsize=1)
def _base8_table() -> list[list[_Projective]]:
    """Return, for each hexadecimal digit's place, the 16 multiples of BASE8 that the digit can stand for."""
    table, point = [], (*BASE8, 1)
    for _ in range((JUBJUB_SUBORDER.bit_length() + _WINDOW_BITS - 1) // _WINDOW_BITS):
        table.append(_multiples(point))
        point = _add(table[-1][-1], point)
    return table
