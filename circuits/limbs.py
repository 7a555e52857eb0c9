"""Integers wider than the field, as four limbs in base 2**65; and how wide everything in a congruence may become.

A congruence step (`circuits/nonnative.py`) proves over the integers

    S = sum_j a_j * b_j + c - q * P - rem = 0,        P the BLS12-381 scalar field's order, 255 bits.

Numbers are polynomials in X = 2**65 with non-negative limbs, so S = sum_n D_n * X**n. S is shown to be 0 modulo X**4 =
2**260 and modulo r, and |S| < 2**260 * r leaves only 0. Modulo X**4 by two carries, each over a pair of coefficients:

    D_0 + X * D_1 = X**2 * k_0        and        k_0 + D_2 + X * D_3 = X**2 * k_1.

Both are constraints of the field, so both sides together must stay below r. `compute_widths` derives every width from
the limbs' maxima and asserts that they do. For a window of eight (seven coefficients of 118-bit limbs times powers of
65-bit limbs, one accumulator times a power): D_1 < 7 * 2 * 2**183 + 2**132 and D_3 < 7 * (2 + 2**-4) * 2**183 + 2**132,
so a pair is below 2**251.9 and its carry below 2**121.9: 122 bits. X**2 times 122 bits is 2**252; r is 2**253.6. By the
limbs of q * P and rem a pair may fall 2**195 below 0, and its carry 2**65.
S < 2**510 + 7 * 2**503 + 2**248, so the quotient has 256 bits and q * P + rem < 2**510.9; 2**260 * r is 2**513.6.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from circuits.linear import LC, sum_lc
from rollup.bls_field import ELEMENT_BITS, P
from rollup.field import R

LIMB_BITS: Final = 65
LIMB_COUNT: Final = 4
X: Final = 1 << LIMB_BITS
TOTAL_BITS: Final = LIMB_BITS * LIMB_COUNT
RESIDUE_BITS: Final = P.bit_length()  # of a remainder: in range, not necessarily below P
PIECE_BITS: Final = 53  # a piece that begins in a limb's last place overhangs it by 52 bits
COEFFICIENT_LIMB_BITS: Final = 118  # at least 64 + 53, and what is left of 248 bits at the third limb

assert LIMB_BITS - 1 + PIECE_BITS <= COEFFICIENT_LIMB_BITS
assert ELEMENT_BITS - 2 * LIMB_BITS <= COEFFICIENT_LIMB_BITS


def split_width(n_bits: int) -> list[int]:
    """Return the widths of the limbs of an n_bits number: full ones, then what is left. None for no bits."""
    assert 0 <= n_bits <= TOTAL_BITS
    return [min(LIMB_BITS, n_bits - start) for start in range(0, n_bits, LIMB_BITS)]


def split(value: int, count: int = LIMB_COUNT) -> list[int]:
    """Return `count` limbs of a non-negative integer, least significant first. It must fit."""
    assert 0 <= value < 1 << LIMB_BITS * count, f"{value} does not fit {count} limbs"
    return [value >> LIMB_BITS * i & X - 1 for i in range(count)]


@dataclass(frozen=True)
class Number:
    """A non-negative integer sum limbs[i] * X**i, and what its limbs and itself are at most (inclusive)."""

    limbs: tuple[LC, ...]
    limb_max: tuple[int, ...]
    value_max: int

    @staticmethod
    def of_width(limbs: Sequence[LC], n_bits: int) -> Number:
        """Return the number of limbs that are proved to have the widths of an n_bits number's."""
        limb_max = tuple((1 << width) - 1 for width in split_width(n_bits))
        assert len(limbs) == len(limb_max), f"{len(limbs)} limbs for {n_bits} bits"
        return Number(tuple(limbs), limb_max, (1 << n_bits) - 1)

    @staticmethod
    def of_coefficient(limbs: Sequence[LC]) -> Number:
        """Return a coefficient. Assumes limbs below 2**118 and the integer below 2**248, so the last below 2**53."""
        assert len(limbs) == LIMB_COUNT, f"{len(limbs)} limbs, expected {LIMB_COUNT}"
        last_bits = ELEMENT_BITS - (LIMB_COUNT - 1) * LIMB_BITS
        widths = [COEFFICIENT_LIMB_BITS] * (LIMB_COUNT - 1) + [last_bits]
        return Number(tuple(limbs), tuple((1 << width) - 1 for width in widths), (1 << ELEMENT_BITS) - 1)

    def at(self, point: int) -> LC:
        """Return the limbs' polynomial at a point, in the scalar field of the circuit. No constraint."""
        return sum_lc([limb * pow(point, i, R) for i, limb in enumerate(self.limbs)])


def limbs_of(pieces: Sequence[tuple[LC, int, int]]) -> list[LC]:
    """Return the four limbs of an element made of pieces (value, n_bits, bit offset in the element). No constraint.

    A piece stands whole in the limb in which it begins and may overhang it: limbs are not normalised.
    Assumes every piece proved below 2**n_bits. Asserts that pieces have at most 53 bits, do not overlap and end by bit
    248: so each limb is below 2**117 and the element below 2**248, which `evaluate_at` relies on.
    """
    limbs: list[list[LC]] = [[] for _ in range(LIMB_COUNT)]
    free_from = 0
    for value, n_bits, offset in sorted(pieces, key=lambda piece: piece[2]):
        assert 0 < n_bits <= PIECE_BITS, f"a piece of {n_bits} bits, at most {PIECE_BITS}"
        assert offset >= free_from, f"two pieces overlap at bit {offset}"
        free_from = offset + n_bits
        index, place = divmod(offset, LIMB_BITS)
        limbs[index].append(value * (1 << place))
    assert free_from <= ELEMENT_BITS, f"the last piece ends at bit {free_from}, expected at most {ELEMENT_BITS}"
    return [sum_lc(parts) for parts in limbs]


@dataclass(frozen=True)
class CarryWidth:
    """A carry k lies in [-offset, 2**n_bits - offset)."""

    n_bits: int
    offset: int


@dataclass(frozen=True)
class Widths:
    """What has to be range-checked in one congruence step."""

    quotient_bits: int
    low: CarryWidth
    high: CarryWidth


def compute_widths(products: Sequence[tuple[Number, Number]], addend: Number | None) -> Widths:
    """Return the widths of sum products + addend - q * P - rem = 0; asserts that nothing in it can wrap the field."""
    value_max = sum(a.value_max * b.value_max for a, b in products) + (addend.value_max if addend else 0)
    quotient_bits = (value_max // P).bit_length()
    # the lowest S: everything 0 but quotient and remainder; the highest: those two 0
    assert max(value_max, ((1 << quotient_bits) - 1) * P + (1 << RESIDUE_BITS) - 1) < R << TOTAL_BITS, "S can wrap"
    above = _sum_columns([*(_multiply(a.limb_max, b.limb_max) for a, b in products), addend.limb_max if addend else ()])
    quotient_max = [(1 << width) - 1 for width in split_width(quotient_bits)]
    residue_max = [(1 << width) - 1 for width in split_width(RESIDUE_BITS)]
    below = _sum_columns([_multiply(quotient_max, split(P)), residue_max])
    low, low_max = _carry(above[0] + X * above[1], below[0] + X * below[1])
    high, _ = _carry(low_max + above[2] + X * above[3], low.offset + below[2] + X * below[3])
    return Widths(quotient_bits, low, high)


def _carry(above: int, below: int) -> tuple[CarryWidth, int]:
    """Return the width of k = pair / X**2 for a pair in [-below, above], and k's maximum."""
    offset, maximum = below // X**2, above // X**2
    n_bits = (offset + maximum).bit_length()
    # pair - X**2 * k at its ends, k at its lowest and at its highest: as an integer it is 0 once it is 0 in the field
    assert above + X**2 * offset < R, "a pair less its carry can wrap"
    assert below + X**2 * ((1 << n_bits) - 1 - offset) < R, "a pair less its carry can wrap"
    return CarryWidth(n_bits, offset), maximum


def _multiply(a: Sequence[int], b: Sequence[int]) -> list[int]:
    columns = [0] * max(len(a) + len(b) - 1, 0)
    for i, left in enumerate(a):
        for j, right in enumerate(b):
            columns[i + j] += left * right
    return columns


def _sum_columns(polynomials: Sequence[Sequence[int]]) -> list[int]:
    """Return the lowest four coefficients of a sum."""
    return [sum(columns[n] for columns in polynomials if n < len(columns)) for n in range(LIMB_COUNT)]
