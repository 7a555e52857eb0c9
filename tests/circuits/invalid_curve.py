"""Keys off the curve: why the EdDSA gadget holds the key's eighth to the curve's equation.

The formulas of a Montgomery curve never read the constant term a6 of v^2 = u^3 + A*u^2 + u + a6, so a point off it is a
point of another curve, and the gadget would compute there (Biehl, Meyer, Mueller: CRYPTO 2000). For one a6 the curve
has a node, and its points are the field's units: order 983 divides r - 1. With Q of order 983, h * Q is guessed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from circuits.ladder import CURVE_ORDER
from circuits.montgomery import MONTGOMERY_A as A
from rollup.babyjubjub import BASE8, EDWARDS_A, EDWARDS_D, Point, multiply_base8
from rollup.field import R, inverse
from rollup.poseidon import poseidon

__all__ = ["GuessedSignature", "guess_signatures", "halve_with_another_square", "square_root"]

ORDER = 983
GUESS = 5  # -h * Q is guessed to be this multiple of Q
assert (R - 1) % ORDER == 0


@dataclass(frozen=True)
class GuessedSignature:
    """A key that nobody holds, its eighth off the curve, and a signature under it."""

    key: Point
    eighth: Point
    r8: Point
    s: int


def square_root(a: int) -> int | None:
    """Return a square root modulo r, None where there is none (Tonelli, Shanks)."""
    if pow(a, (R - 1) // 2, R) != 1:
        return 0 if a % R == 0 else None
    odd, twos = R - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    root, residue, generator = pow(a, (odd + 1) // 2, R), pow(a, odd, R), pow(5, odd, R)
    while residue != 1:
        order, square = 0, residue
        while square != 1:
            order, square = order + 1, square * square % R
        step = pow(generator, 1 << (twos - order - 1), R)
        generator, twos = step * step % R, order
        root, residue = root * step % R, residue * generator % R
    return root


def to_edwards(u: int, v: int) -> Point:
    """Return (u / v, (u - 1) / (u + 1))."""
    return u * inverse(v) % R, (u - 1) * inverse(u + 1) % R


def _nodal_point(unit: int) -> tuple[int, int]:
    """Return the point of the nodal curve that stands for a unit of the field; multiplying units adds points."""
    root = square_root(A * A - 3)
    assert root is not None
    node = (root - A) * inverse(3) % R  # a double root of u^3 + A*u^2 + u + a6, which has the third root -A - 2 * node
    slope = square_root(3 * node + A)  # of the tangents at the node
    assert slope is not None
    t = slope * (1 + unit) * inverse(1 - unit) % R
    w = (t * t - slope * slope) % R
    return (w + node) % R, t * w % R


def guess_signatures(message: int) -> Iterator[GuessedSignature]:
    """Yield signatures whose challenge turned out as guessed: S * B8 + GUESS * Q = R8. One try in 983 does."""
    unit = pow(5, (R - 1) // ORDER, R)
    key = to_edwards(*_nodal_point(pow(unit, 8, R)))
    eighth = to_edwards(*_nodal_point(unit))
    guessed = to_edwards(*_nodal_point(pow(unit, 64 * GUESS, R)))
    response = multiply_base8(1)
    for s in range(1, 60 * ORDER):
        r8 = _add(response, guessed)
        h = poseidon([*r8, *key, message])
        multiple = -h if h > (R - 1) // 2 else CURVE_ORDER - h  # what the ladder computes modulo the curve's own order
        if multiple % ORDER == GUESS:
            yield GuessedSignature(key, eighth, r8, s)
        response = _add(response, BASE8)


def _add(left: Point, right: Point) -> Point:
    """Return the Edwards sum by the formula, whatever the points lie on."""
    (x1, y1), (x2, y2) = left, right
    cross = EDWARDS_D * x1 * x2 * y1 * y2
    x = (x1 * y2 + y1 * x2) * inverse(1 + cross)
    return x % R, (y1 * y2 - EDWARDS_A * x1 * x2) * inverse(1 - cross) % R


# --- a false square of the abscissa -----------------------------------------------------------------------------------
Polynomial = list[int]  # lowest coefficient first


def halve_with_another_square(u2: int, v2: int) -> tuple[int, int, int] | None:
    """Return (u, v, square) that satisfy the curve's equation and double to (u2, v2) with `square` in place of u^2.

    In the slope x: u = (x^2 - A - u2) / 2, v = x * (u - u2) - v2. The equation gives the square; the doubling's
    slope is then a sextic in x, and the honest halves are the roots of a quartic that divides it. None where the
    quadratic left has no root.
    """
    half = inverse(2)
    u: Polynomial = [(-A - u2) * half, 0, half]
    v = _plus(_times([0, 1], _plus(u, [-u2])), [-v2])
    chord = _times([0, 2], v)  # 2 * x * v
    uu = _times(u, u)
    sextic = _plus(_times(chord, u), _times([-3], _times(v, v)), _times([A], uu), _times([2], u))
    quartic = _plus(chord, _times([-3], uu), _times([-2 * A], u), [-1])
    c, b, a = _divide(sextic, quartic)
    root = square_root(b * b - 4 * a * c)
    if root is None:
        return None
    x = (root - b) * inverse(2 * a) % R
    u_at, v_at = _at(u, x), _at(v, x)
    return u_at, v_at, (v_at * v_at * inverse(u_at) - A * u_at - 1) % R


def _plus(*terms: Polynomial) -> Polynomial:
    size = max(map(len, terms))
    return [sum(t[i] for t in terms if i < len(t)) % R for i in range(size)]


def _times(left: Polynomial, right: Polynomial) -> Polynomial:
    product = [0] * (len(left) + len(right) - 1)
    for i, a in enumerate(left):
        for j, b in enumerate(right):
            product[i + j] = (product[i + j] + a * b) % R
    return product


def _divide(dividend: Polynomial, divisor: Polynomial) -> Polynomial:
    """Return the quotient. Assumes that nothing is left over."""
    rest, quotient = list(dividend), [0] * (len(dividend) - len(divisor) + 1)
    for i in reversed(range(len(quotient))):
        quotient[i] = rest[i + len(divisor) - 1] * inverse(divisor[-1]) % R
        for j, coefficient in enumerate(divisor):
            rest[i + j] = (rest[i + j] - quotient[i] * coefficient) % R
    assert not any(rest), "the quartic of the honest halves divides"
    return quotient


def _at(polynomial: Polynomial, x: int) -> int:
    return sum(c * pow(x, i, R) for i, c in enumerate(polynomial)) % R
