"""Sums of products modulo the order P of BLS12-381's scalar field, over the integers. Widths: `circuits/limbs.py`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

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

_PAIR_INVERSE = inverse(X**2)


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
        plus, minus = (addend.limbs if addend else ()), residue.limbs
        times_p = _multiply_by_p(quotient)
        columns = [
            sum_lc([*_at(total, n), *_at(plus, n), -sum_lc([*_at(times_p, n), *_at(minus, n)])])
            for n in range(LIMB_COUNT)
        ]
        carry = _carry(cs, columns[0] + columns[1] * X, widths.low, name="low")
        _carry(cs, carry + columns[2] + columns[3] * X, widths.high, name="high")
        left = sum_lc([_compose(total), _compose(plus)])
        cs.assert_equal(left, _compose(quotient) * P + _compose(minus), name="modulo_r")
    return residue


def _sum_products(cs: ConstraintSystem, products: Sequence[tuple[Number, Number]]) -> list[LC]:
    """Return the coefficients of sum_j a_j(X) * b_j(X), which its values at seven points determine."""
    n_points = 2 * LIMB_COUNT - 1
    values: list[list[LC]] = [[] for _ in range(n_points)]
    for j, (a, b) in enumerate(products):
        for point in range(n_points):
            values[point].append(cs.mul(a.at(point), b.at(point), name=f"product[{j}]/point[{point}]"))
    sums = [sum_lc(parts) for parts in values]
    return [sum_lc([value * weight for value, weight in zip(sums, row, strict=True)]) for row in _interpolation()]


@cache
def _interpolation() -> list[list[int]]:
    """Return M with coefficient[n] = sum_t M[n][t] * value[t], values taken at 0, 1, .. 6 (Lagrange, modulo r)."""
    n_points = 2 * LIMB_COUNT - 1
    columns = []
    for t in range(n_points):
        basis, scale = [1], 1
        for other in range(n_points):
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
    columns: list[list[LC]] = [[] for _ in range(2 * LIMB_COUNT - 1)]
    for i, limb in enumerate(quotient):
        for j, constant in enumerate(split(P)):
            columns[i + j].append(limb * constant)
    return [sum_lc(column) for column in columns]


def _compose(limbs: Sequence[LC]) -> LC:
    return sum_lc([limb * pow(X, i, R) for i, limb in enumerate(limbs)])


def _at(limbs: Sequence[LC], n: int) -> Sequence[LC]:
    return limbs[n : n + 1]
