"""BabyJubJub in twisted Edwards form: the addition that has no exceptions."""

from __future__ import annotations

from typing import TypeAlias

from circuits.bits import is_zero
from circuits.linear import LC
from circuits.program import Opcode
from circuits.system import ConstraintSystem
from rollup.babyjubjub import EDWARDS_A, EDWARDS_D

EdwardsPoint: TypeAlias = tuple[LC, LC]


def add(cs: ConstraintSystem, left: EdwardsPoint, right: EdwardsPoint, *, name: str) -> EdwardsPoint:
    """Return left + right on a*x^2 + y^2 = 1 + d*x^2*y^2 (EIP-2494), identity and doublings included.

    Assumes both points on the curve: then both denominators are nonzero, because a is a square and d is not
    (eprint 2008/013, section 6). Constraints: 6, named {name}/..
    """
    (x1, y1), (x2, y2) = left, right
    x1y2 = cs.mul(x1, y2, name=f"{name}/x1y2")
    y1x2 = cs.mul(y1, x2, name=f"{name}/y1x2")
    # (y1 - a*x1) * (x2 + y2) = y1*y2 - a*x1*x2 + y1*x2 - a*x1*y2
    mixed = cs.mul(y1 - x1 * EDWARDS_A, x2 + y2, name=f"{name}/mixed")
    cross = cs.mul(x1y2, y1x2, name=f"{name}/cross") * EDWARDS_D
    x = divide(cs, x1y2 + y1x2, 1 + cross, name=f"{name}/x")
    y = divide(cs, mixed + x1y2 * EDWARDS_A - y1x2, 1 - cross, name=f"{name}/y")
    return x, y


def is_on_curve(cs: ConstraintSystem, point: EdwardsPoint, *, name: str) -> LC:
    """Return a wire holding 1 if a*x^2 + y^2 = 1 + d*x^2*y^2, else 0. Constraints: 5, named {name}/..

    (0, 0) is no point; the identity and the other points of small order are.
    """
    x, y = point
    xx, yy = cs.mul(x, x, name=f"{name}/xx"), cs.mul(y, y, name=f"{name}/yy")
    xxyy = cs.mul(xx, yy, name=f"{name}/xxyy")
    return is_zero(cs, xx * EDWARDS_A + yy - 1 - xxyy * EDWARDS_D, name=f"{name}/equation")


def divide(cs: ConstraintSystem, dividend: LC, divisor: LC, *, name: str) -> LC:
    """Return dividend / divisor: 1 constraint, named {name}. Refuses a zero divisor, but 0 / 0 is free."""
    (quotient,) = cs.hint(Opcode.DIV, dividend, divisor, name=name)
    cs.assert_product(quotient, divisor, dividend, name=name)
    return quotient
