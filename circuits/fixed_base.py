"""S * B8 from the bits of S: signed two-bit windows summed as a balanced tree, four constraints a window."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from circuits import edwards, montgomery
from circuits.edwards import EdwardsPoint
from circuits.linear import LC, sum_lc
from circuits.montgomery import MontgomeryPoint
from circuits.system import ConstraintSystem
from rollup import babyjubjub
from rollup.babyjubjub import BASE8, JUBJUB_SUBORDER, Point
from rollup.field import R, inverse

SCALAR_BITS: Final = 251
N_WINDOWS: Final = 125  # two bits each; the highest bit joins with the correction
assert 4**N_WINDOWS < JUBJUB_SUBORDER  # no two sums of the tree can meet: docs/eddsa.md

_Corners = tuple[int, int, int, int]


def multiply_base8(cs: ConstraintSystem, bits: Sequence[LC], *, name: str) -> EdwardsPoint:
    """Return (sum bits[i] * 2**i) * B8 for any 251 booleans, least significant first.

    Window i holds w = bits[2i] + 2*bits[2i+1] and stands for the digit 2w - 3 of base (B8/2) * 4**i, so that no term is
    the identity; the constant rest and bits[250] are added in Edwards form. Constraints: 505, named {name}/..
    """
    assert len(bits) == SCALAR_BITS, f"{name}: {len(bits)} bits"
    terms = [_look_up(cs, bits[2 * i], bits[2 * i + 1], i, f"{name}/window[{i}]") for i in range(N_WINDOWS)]
    point = montgomery.to_edwards(cs, _sum(cs, terms, f"{name}/sum"), name=f"{name}/edwards")
    low, high = _corrections()
    top_bit = bits[SCALAR_BITS - 1]
    rest = (top_bit * (high[0] - low[0]) + low[0], top_bit * (high[1] - low[1]) + low[1])
    return edwards.add(cs, point, rest, name=f"{name}/rest")


def _sum(cs: ConstraintSystem, terms: Sequence[MontgomeryPoint], name: str) -> MontgomeryPoint:
    """Return the sum of neighbouring windows; every node covers a contiguous range of them."""
    layer, level = list(terms), 0
    while len(layer) > 1:
        pairs = [
            montgomery.add(cs, layer[i], layer[i + 1], name=f"{name}/level[{level}][{i // 2}]")
            for i in range(0, len(layer) - 1, 2)
        ]
        layer, level = pairs + layer[2 * len(pairs) :], level + 1
    return layer[0]


def _look_up(cs: ConstraintSystem, low: LC, high: LC, window: int, name: str) -> MontgomeryPoint:
    """Return the window's term. Constraints: 1, named {name}/both."""
    both = cs.mul(low, high, name=f"{name}/both")
    u, v = (_interpolate(low, high, both, corners) for corners in _table()[window])
    return u, v


def _interpolate(low: LC, high: LC, both: LC, corners: _Corners) -> LC:
    at_0, at_1, at_2, at_3 = corners
    return sum_lc([LC.constant(at_0), low * (at_1 - at_0), high * (at_2 - at_0), both * (at_3 - at_2 - at_1 + at_0)])


@lru_cache(maxsize=1)
def _table() -> list[tuple[_Corners, _Corners]]:
    """Return for each window the abscissas and the ordinates at w = 0, 1, 2, 3, digits -3, -1, 1, 3."""
    table, base = [], babyjubjub.multiply(BASE8, inverse_mod_order(2))
    for _ in range(N_WINDOWS):
        double = babyjubjub.double(base)
        (u1, v1), (u3, v3) = _to_montgomery(base), _to_montgomery(babyjubjub.add(double, base))
        table.append(((u3, u1, u1, u3), (-v3 % R, -v1 % R, v1, v3)))
        base = babyjubjub.double(double)
    return table


@lru_cache(maxsize=1)
def _corrections() -> tuple[Point, Point]:
    """Return what the windows lack, without and with bit 250: sum w_i 4**i = (sum digit_i 4**i + 4**n - 1) / 2."""
    low = babyjubjub.multiply(BASE8, (4**N_WINDOWS - 1) * inverse_mod_order(2) % JUBJUB_SUBORDER)
    return low, babyjubjub.add(low, babyjubjub.multiply(BASE8, 4**N_WINDOWS))


def inverse_mod_order(value: int) -> int:
    """Return 1 / value modulo the subgroup's order."""
    return pow(value, -1, JUBJUB_SUBORDER)


def _to_montgomery(point: Point) -> tuple[int, int]:
    """Return the Montgomery coordinates of a point that is not of small order."""
    x, y = point
    u = (1 + y) * inverse(1 - y) % R
    return u, u * inverse(x) % R
