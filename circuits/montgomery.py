"""BabyJubJub in Montgomery form v^2 = u^3 + A*u^2 + u: cheaper additions, with exceptions that callers must rule out.

Points are affine, so none is the point at infinity. A slope is a quotient: over a zero divisor it is refused where the
dividend is not zero, and free where both are; the docstrings name the free case, docs/eddsa.md shows that none is met.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from circuits.edwards import EdwardsPoint, divide
from circuits.linear import LC
from circuits.system import ConstraintSystem

MONTGOMERY_A: Final = 168698  # 2 (a + d) / (a - d); the other coefficient, 4 / (a - d), is 1 (EIP-2494)
MontgomeryPoint: TypeAlias = tuple[LC, LC]


def from_edwards(cs: ConstraintSystem, point: EdwardsPoint, *, name: str) -> MontgomeryPoint:
    """Return ((1 + y) / (1 - y), u / x). Refuses the identity (2 / 0). Free only in v, at (0, -1).

    Constraints: 2, named {name}/u and {name}/v.
    """
    x, y = point
    u = divide(cs, 1 + y, 1 - y, name=f"{name}/u")
    return u, divide(cs, u, x, name=f"{name}/v")


def to_edwards(cs: ConstraintSystem, point: MontgomeryPoint, *, name: str) -> EdwardsPoint:
    """Return (u / v, (u - 1) / (u + 1)). Free only at (0, 0): u = -1 would need a square root of d, a non-residue.

    Assumes the point on the curve. Constraints: 2, named {name}/x and {name}/y.
    """
    u, v = point
    x = divide(cs, u, v, name=f"{name}/x")
    return x, divide(cs, u - 1, u + 1, name=f"{name}/y")


def assert_on_curve(cs: ConstraintSystem, point: MontgomeryPoint, *, name: str) -> LC:
    """Constrain v^2 = u^3 + A*u^2 + u; return u^2. Constraints: 3, {name}/u_squared, {name}/cubic, {name}/v_squared."""
    u, v = point
    square = cs.mul(u, u, name=f"{name}/u_squared")
    cubic = cs.mul(u, square + u * MONTGOMERY_A + 1, name=f"{name}/cubic")
    cs.assert_product(v, v, cubic, name=f"{name}/v_squared")
    return square


def add(cs: ConstraintSystem, left: MontgomeryPoint, right: MontgomeryPoint, *, name: str) -> MontgomeryPoint:
    """Return left + right. Refuses left = -right; free where left = right. Constraints: 3, named {name}/.."""
    (u1, v1), (u2, v2) = left, right
    slope = divide(cs, v1 - v2, u1 - u2, name=f"{name}/slope")
    u = cs.mul(slope, slope, name=f"{name}/u") - MONTGOMERY_A - u1 - u2
    return u, cs.mul(slope, u1 - u, name=f"{name}/v") - v1


def double(cs: ConstraintSystem, point: MontgomeryPoint, u_squared: LC | None = None, *, name: str) -> MontgomeryPoint:
    """Return 2 * point. Refuses v = 0; never free: the curve has no singular point. Constraints: 4 (3 given u^2)."""
    u1, v1 = point
    square = cs.mul(u1, u1, name=f"{name}/u_squared") if u_squared is None else u_squared
    slope = divide(cs, square * 3 + u1 * (2 * MONTGOMERY_A) + 1, v1 * 2, name=f"{name}/slope")
    u = cs.mul(slope, slope, name=f"{name}/u") - MONTGOMERY_A - u1 * 2
    return u, cs.mul(slope, u1 - u, name=f"{name}/v") - v1


def double_and_add(
    cs: ConstraintSystem, point: MontgomeryPoint, other: MontgomeryPoint, *, name: str
) -> MontgomeryPoint:
    """Return 2 * point + other as (point + other) + point, the ordinate between left out (arXiv math/0208038).

    Eisentraeger, Lauter and Montgomery. Refuses point = -other and 2 * point = -other; free where point = other;
    assumes that v of `point` is not 0. Constraints: 5, named {name}/..
    """
    (u1, v1), (u2, v2) = point, other
    first = divide(cs, v1 - v2, u1 - u2, name=f"{name}/first_slope")
    first_square = cs.mul(first, first, name=f"{name}/first_square")
    between = first_square - MONTGOMERY_A - u1 - u2
    # the second slope is 2*v1 / (u1 - between) - first: the chord from point + other back to point
    second = divide(cs, v1 * 2, u1 - between, name=f"{name}/second_slope") - first
    u = cs.mul(second, second, name=f"{name}/second_square") - first_square + u2
    return u, cs.mul(second, u1 - u, name=f"{name}/v") - v1
