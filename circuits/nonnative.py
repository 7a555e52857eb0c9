"""Sums of products modulo the order P of BLS12-381's scalar field, over the integers. Widths: `circuits/limbs.py`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from circuits.bits import from_bits, to_bits
from circuits.inputs import private_bits
from circuits.limbs import (
    LIMB_BITS,
    LIMB_COUNT,
    RESIDUE_BITS,
    CarryWidth,
    Number,
    X,
    compute_widths,
    split,
    split_width,
)
from circuits.linear import LC, sum_lc
from circuits.system import ConstraintSystem
from rollup.bls_field import P
from rollup.field import R, inverse

_PAIR_INVERSE: Final = inverse(X**2)
_COLUMN_COUNT: Final = 2 * LIMB_COUNT - 1  # coefficients of a product of two numbers, and values that determine them


@dataclass(frozen=True)
class Residue:
    """A number below 2**255 made of its bits, least significant first: congruent to what it was reduced from."""

    bits: tuple[LC, ...]

    @property
    def limbs(self) -> list[LC]:
        """Its four limbs of 65, 65, 65 and 60 bits, as sums of bits."""
        return split_bits(self.bits)


def split_bits(bits: Sequence[LC]) -> list[LC]:
    """Return the limbs that bits spell, least significant first. No constraint."""
    return [from_bits(bits[start : start + LIMB_BITS]) for start in range(0, len(bits), LIMB_BITS)]


def materialise_bits(cs: ConstraintSystem, bits: Sequence[LC], *, name: str) -> Number:
    """Return the number that booleans spell, each limb a wire of its own: factors read it at many points.

    Constraints: one a limb, named {name}/limb[i].
    """
    limbs = [cs.materialise(limb, name=f"{name}/limb[{i}]") for i, limb in enumerate(split_bits(bits))]
    return Number.of_width(limbs, len(bits))


def reduce_sum(
    cs: ConstraintSystem, products: Sequence[tuple[Number, Number]], addend: Number | None, *, name: str
) -> Residue:
    """Return a residue below 2**255 congruent modulo P to sum a_j * b_j + addend; the prover may choose which.

    Private inputs: {name}/quotient[i] and {name}/remainder[i], limbs. A number too wide is refused when this is built.
    Constraints: 7 a product, 255, the quotient's and the carries' bits (`compute_widths`) and 3; in a window of eight
    56 + 255 + 256 + 122 + 122 + 3. Named {name}/product[j]/point[t], {name}/quotient[i]/bit[k],
    {name}/remainder[i]/bit[k], {name}/low/bit[k], {name}/low/sum, {name}/high/.. and {name}/modulo_r.
    """
    widths = compute_widths(products, addend)
    with cs.scope(name):
        total = _sum_products(cs, products)
        quotient = split_bits(_private_number(cs, "quotient", widths.quotient_bits))
        residue = Residue(tuple(_private_number(cs, "remainder", RESIDUE_BITS)))
        plus = [total, addend.limbs if addend else ()]
        d = _subtract(plus, [_multiply_by_p(quotient), residue.limbs])
        carry = _carry(cs, d[0] + d[1] * X, widths.low, name="low")
        _carry(cs, carry + d[2] + d[3] * X, widths.high, name="high")
        cs.assert_zero(sum_lc([column * pow(X, n, R) for n, column in enumerate(d)]), name="modulo_r")
    return residue


def _sum_products(cs: ConstraintSystem, products: Sequence[tuple[Number, Number]]) -> list[LC]:
    """Return the coefficients of sum_j a_j(X) * b_j(X), which its values at seven points determine."""
    values: list[list[LC]] = [[] for _ in range(_COLUMN_COUNT)]
    for j, (a, b) in enumerate(products):
        for point in range(_COLUMN_COUNT):
            values[point].append(cs.mul(a.at(point), b.at(point), name=f"product[{j}]/point[{point}]"))
    sums = [sum_lc(parts) for parts in values]
    return [sum_lc([value * weight for value, weight in zip(sums, row, strict=True)]) for row in _interpolation()]


@cache
def _interpolation() -> list[list[int]]:
    """Return M with coefficient[n] = sum_t M[n][t] * value[t], values taken at 0, 1, .. 6 (Lagrange, modulo r)."""
    columns = []
    for t in range(_COLUMN_COUNT):
        basis, scale = [1], 1
        for other in range(_COLUMN_COUNT):
            if other != t:  # basis *= X - other
                basis = [low - other * high for low, high in zip([0, *basis], [*basis, 0], strict=True)]
                scale = scale * (t - other)
        columns.append([c * inverse(scale) % R for c in basis])
    return [list(row) for row in zip(*columns, strict=True)]


def _private_number(cs: ConstraintSystem, name: str, n_bits: int) -> list[LC]:
    """Return n_bits booleans, the bits of the private limbs {name}[i]."""
    return [bit for i, width in enumerate(split_width(n_bits)) for bit in private_bits(cs, f"{name}[{i}]", width)]


def _carry(cs: ConstraintSystem, pair: LC, width: CarryWidth, *, name: str) -> LC:
    """Return k with pair = X**2 * k over the integers: the quotient in the field, range-checked."""
    carry = pair * _PAIR_INVERSE
    to_bits(cs, carry + width.offset, width.n_bits, name=name)
    return carry


def _multiply_by_p(quotient: Sequence[LC]) -> list[LC]:
    columns: list[list[LC]] = [[] for _ in range(_COLUMN_COUNT)]
    for i, limb in enumerate(quotient):
        for j, constant in enumerate(split(P)):
            columns[i + j].append(limb * constant)
    return [sum_lc(column) for column in columns]


def _subtract(plus: Sequence[Sequence[LC]], minus: Sequence[Sequence[LC]]) -> list[LC]:
    """Return the coefficients of a sum of polynomials less another sum."""
    return [
        sum_lc([lc for limbs in plus for lc in limbs[n : n + 1]] + [-lc for limbs in minus for lc in limbs[n : n + 1]])
        for n in range(_COLUMN_COUNT)
    ]
