"""What each part of a proof would take if nothing but instructions cost time: operations times cycles, over the clock.

Of vector instructions, eight lanes each, two go a cycle, of which one may multiply: what takes longer is the bound. The
counts are read off prover/native/lanes/src (element.rs, fq2.rs, coordinate/, slots.rs, pack.rs, fft/). Memory is not in
them, nor latency.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["compute_bound_s"]

Counts = Mapping[str, int]
"""Operations by part."""

_LANES: Final = 8


@dataclass(frozen=True)
class Work:
    """Vector instructions: multiply-adds, and the others."""

    multiply_adds: int
    others: int

    def __add__(self, more: Work) -> Work:
        return Work(self.multiply_adds + more.multiply_adds, self.others + more.others)

    def __rmul__(self, times: int) -> Work:
        return Work(times * self.multiply_adds, times * self.others)

    def count_cycles_a_lane(self) -> float:
        """Return the cycles of one of the eight."""
        return max(self.multiply_adds, (self.multiply_adds + self.others) / 2) / _LANES


def _others(n: int) -> Work:
    return Work(0, n)


# Fq: a scan of 50 multiply-adds, a reduction of 51 and ten others, carries.
_SCAN: Final = Work(50, 0)
_REDUCTION: Final = Work(51, 10)
_CARRY: Final = _others(12)
_SQUARE_SCAN: Final = Work(30, 8)
_PRODUCT: Final = _SCAN + _REDUCTION + _CARRY
_DIFFERENCE: Final = _others(10) + _CARRY  # a - b + K p
_SUM: Final = _others(5) + _CARRY
_REDUCED: Final = _others(13) + _CARRY  # by the table
_TAKEN: Final = _others(15) + _REDUCED  # columns less coordinates, reduced

# An addition: two products that keep the chain (up and down), the inverse, the slope, x3 and y3, and what is chosen.
_ADD_G1: Final = (
    4 * _PRODUCT  # chain up, chain down, inverse, slope
    + 2 * _DIFFERENCE  # denominator, numerator
    + (_SQUARE_SCAN + _REDUCTION + _TAKEN)  # x3
    + (_DIFFERENCE + _SCAN + _REDUCTION + _TAKEN)  # y3
    + _others(30)  # five comparisons, five selections
)
# Fq2: three scans, two reductions, two sums before and three differences after; what is taken on has no carries.
_PRODUCT_2_RAW: Final = 3 * _SCAN + 2 * _REDUCTION + 2 * _SUM + _others(35)
_PRODUCT_2: Final = _PRODUCT_2_RAW + 2 * _CARRY
_SQUARE_2: Final = 2 * (_SCAN + _REDUCTION) + 2 * _SUM + _DIFFERENCE
_ADD_G2: Final = (
    4 * _PRODUCT_2
    + 4 * _DIFFERENCE
    + (_SQUARE_2 + 2 * _TAKEN)
    + (2 * _DIFFERENCE + _PRODUCT_2_RAW + 2 * _TAKEN)
    + _others(60)
)
_GATHER_G1: Final = _others(100)  # 8 loads, 24 shuffles, two unpackings, negation, 10 stores
_GATHER_G2: Final = 2 * _GATHER_G1
# A product by a twiddle: a scan, one limb lost (10 multiply-adds of 13), carries. A radix-4 butterfly of four vectors
# has four, one value reduced, and sums and differences; of one in four or fewer all twiddles but one are one, and it
# reduces three.
_FIXED_PRODUCT: Final = _SCAN + Work(10, 3) + _CARRY
_BUTTERFLY: Final = 4 * _FIXED_PRODUCT + _REDUCED + 3 * _SUM + 4 * _DIFFERENCE
_BUTTERFLY_BY_ONE: Final = _FIXED_PRODUCT + 3 * _REDUCED + 2 * _SUM + 3 * _DIFFERENCE + _others(4 * 5)
_FOUR_BUTTERFLIES: Final = 3 * _BUTTERFLY + _BUTTERFLY_BY_ONE
_PRODUCTS_OF_FOUR: Final = 16

# One at a time, in cycles. An inversion: 6,300 (eprint 2020/972, 255 bits), 21 products of 60, and eight of the
# lanes, each waiting for the one before.
_INVERSION_CYCLES: Final = 6300 + 21 * 60 + 8 * 60
_SCALAR_CYCLES: Final = 20  # out of Montgomery form: 20 products of words
_CUT_CYCLES: Final = 2  # a digit
_SORT_CYCLES: Final = 6  # a digit counted, placed, and copied into the plan
_JOIN_CYCLES: Final = 16  # a scalar, sorted by eight passes of bytes


def compute_bound_s(name: str, counts: Counts, clock_hz: float) -> float | None:
    """Return a part's seconds of one thread, None for what has no bound worth stating."""
    cycles = _count_cycles(name, counts)
    return None if cycles is None else cycles / clock_hz


def _count_cycles(name: str, counts: Counts) -> float | None:
    n = counts[name]
    sum_name, _, part = name.partition("/")
    is_g2 = sum_name == "B2"
    vector = {
        "rows": _PRODUCT.count_cycles_a_lane(),  # as if it were in lanes
        "FFT": _FOUR_BUTTERFLIES.count_cycles_a_lane() / _PRODUCTS_OF_FOUR,
        "gather": (_GATHER_G2 if is_g2 else _GATHER_G1).count_cycles_a_lane(),
        "add": (_ADD_G2 if is_g2 else _ADD_G1).count_cycles_a_lane(),
        "buckets": (_ADD_G2 if is_g2 else _ADD_G1).count_cycles_a_lane(),
    }
    scalar = {"join": _JOIN_CYCLES, "sort": _SORT_CYCLES, "invert": _INVERSION_CYCLES}
    kind = part or name
    if kind == "recode":
        # L has nearly all wires: its digits stand for those that the wires are cut into, less the repeated ones'
        n_digits = counts["L/sort" if sum_name == "wires" else f"{sum_name}/sort"]
        return n * _SCALAR_CYCLES + n_digits * _CUT_CYCLES
    cycles = vector | scalar
    return n * cycles[kind] if kind in cycles else None
