"""py-ecc's product in the field of pairings, without the terms that are zero: pairings take a third of the time.

In the loop of a pairing most factors are points of the twist and lines, with two to six coefficients of twelve.
"""

from __future__ import annotations

from py_ecc.fields import optimized_bn128_FQ12 as FQ12

__all__ = ["install"]

_DEGREE = 12
_multiply_densely = FQ12.__mul__


def install() -> None:
    """Let py-ecc multiply so in this process from now on."""
    FQ12.__mul__ = _multiply  # type: ignore[method-assign, assignment] # the same function, sooner


def _multiply(left: FQ12, right: FQ12 | int) -> FQ12:
    """Return the product in Fq[w] / (w**12 - 18*w**6 + 82)."""
    if not isinstance(right, FQ12):
        return _multiply_densely(left, right)
    product = [0] * (2 * _DEGREE - 1)
    factors = [(j, int(b)) for j, b in enumerate(right.coeffs) if b]
    for i, a in enumerate(map(int, left.coeffs)):
        if a:
            for j, b in factors:
                product[i + j] += a * b
    for i in range(2 * _DEGREE - 2, _DEGREE - 1, -1):
        product[i - 6] += 18 * product[i]
        product[i - 12] -= 82 * product[i]
    return FQ12(product[:_DEGREE])
