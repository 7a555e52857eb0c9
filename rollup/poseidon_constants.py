"""Poseidon's constants for BN254 as circomlib has them, derived on first use instead of kept as tables.

Poseidon (eprint 2019/458) appendix F: an 80-bit Grain LFSR, seeded by the instance's parameters, yields the round
constants (rejection sampled) and then the Cauchy matrix (reduced mod R, not rejected, as the reference script does).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import compress, islice
from typing import Final

from rollup.field import R, inverse

__all__ = ["FULL_ROUNDS", "MAX_WIDTH", "MIN_WIDTH", "PARTIAL_ROUNDS", "derive_constants"]

MIN_WIDTH: Final = 2
MAX_WIDTH: Final = 17
FULL_ROUNDS: Final = 8
PARTIAL_ROUNDS: Final = (56, 57, 56, 60, 60, 63, 64, 63, 60, 66, 60, 65, 70, 60, 64, 68)  # circomlib, width 2 first

_FIELD_BITS = 254
_STATE_BITS = 80
_TAPS = (0, 13, 23, 38, 51, 62)  # b[i + 80] is the xor of b[i + tap]
_BLOCK_BITS = _STATE_BITS - _TAPS[-1]  # as many new bits depend on old ones alone
_WARM_UP_BITS = _STATE_BITS + 160  # the seed itself, then 160 clockings thrown away


@cache
def derive_constants(width: int) -> tuple[list[int], list[list[int]]]:
    """Return (round constants, MDS matrix) for a state of `width` elements.

    The constants are flat, round by round: round r adds `constants[r * width + i]` to element i. The matrix acts as
    `new[i] = sum_j mds[i][j] * old[j]`. Both are shared between callers: do not write to them.

    Raises ValueError unless MIN_WIDTH <= width <= MAX_WIDTH.
    """
    if not MIN_WIDTH <= width <= MAX_WIDTH:
        raise ValueError(f"Poseidon width {width} is outside {MIN_WIDTH}..{MAX_WIDTH}")
    rounds = FULL_ROUNDS + PARTIAL_ROUNDS[width - 2]
    n_values = rounds * width
    # 4 raw bits an output bit, 1.33 samples a constant; a third above that is next to never too little
    n_raw_bits = (n_values + 2 * width + 20) * _FIELD_BITS * 7
    while True:
        samples = _samples(_seed(width), n_raw_bits)
        constants = list(islice((sample for sample in samples if sample < R), n_values))
        points = [sample % R for sample in islice(samples, 2 * width)]
        if len(points) == 2 * width:
            return constants, _cauchy_matrix(points[:width], points[width:])
        n_raw_bits *= 2


def _cauchy_matrix(xs: list[int], ys: list[int]) -> list[list[int]]:
    return [[inverse(x + y) for y in ys] for x in xs]


def _seed(width: int) -> int:
    """Return the LFSR's first 80 bits, bit i of the result being b[i]: the instance's description, then ones."""
    fields = ((1, 2), (0, 4), (_FIELD_BITS, 12), (width, 12), (FULL_ROUNDS, 10), (PARTIAL_ROUNDS[width - 2], 10))
    text = "".join(f"{value:0{n_bits}b}" for value, n_bits in fields) + "1" * 30  # prime field, S-box x^5 (coded 0)
    return int(text[::-1], 2)


def _samples(seed: int, n_raw_bits: int) -> Iterator[int]:
    """Yield 254-bit integers, first bit most significant, until the raw bits run out."""
    raw = f"{_extend(seed, n_raw_bits):0{n_raw_bits}b}"[::-1][_WARM_UP_BITS:]
    # Of each pair of raw bits the second counts if the first is one.
    bits = "".join(compress(raw[1::2], raw[0::2].encode().translate(_ASCII_BITS)))
    for start in range(0, len(bits) - _FIELD_BITS + 1, _FIELD_BITS):
        yield int(bits[start : start + _FIELD_BITS], 2)


_ASCII_BITS: Final = bytes.maketrans(b"01", b"\x00\x01")


def _extend(seed: int, n_bits: int) -> int:
    """Return the first n_bits of the LFSR's sequence, bit i of the result being b[i].

    Over GF(2) the square of the feedback polynomial spreads its taps by two, so `b[i + 80s]` is the xor of
    `b[i + tap * s]` for every power of two s: with 80s bits known, 18s new ones come from one shift and xor.
    """
    sequence, known, spread = seed, _STATE_BITS, 1
    while known < n_bits:
        while known >= 2 * spread * _STATE_BITS:
            spread *= 2
        window = sequence >> (known - _STATE_BITS * spread)
        block = 0
        for tap in _TAPS:
            block ^= window >> (tap * spread)
        sequence |= (block & ((1 << _BLOCK_BITS * spread) - 1)) << known
        known += _BLOCK_BITS * spread
    return sequence & ((1 << n_bits) - 1)
