"""Funding: longs pay shorts the average premium of clearing prices over marks, over eight hours, in proportion to time.

The index F of a market is what one lot held long since the beginning has paid, in atoms. A premium of PREMIUM_ONE is 1.
"""

from __future__ import annotations

from typing import Final

from rollup.units import FUNDING_BITS, PPM, PREMIUM_ONE

__all__ = [
    "FUNDING_PERIOD_S",
    "MAX_FUNDING_INDEX",
    "clamp_rate",
    "compute_sample",
    "compute_sample_weight",
    "step_funding_index",
    "step_premium",
]

FUNDING_PERIOD_S: Final = 28_800  # a rate is paid once in eight hours
MAX_FUNDING_INDEX: Final[int] = 2**FUNDING_BITS - 1


def clamp_rate(premium: int, funding_clamp_ppm: int) -> int:
    """Return the funding rate for eight hours, 1e-12: the premium within +-funding_clamp_ppm."""
    bound = funding_clamp_ppm * (PREMIUM_ONE // PPM)
    return min(max(premium, -bound), bound)


def step_funding_index(index: int, premium: int, funding_clamp_ppm: int, mark_ticks: int, elapsed_s: int) -> int:
    """Return the index after elapsed_s (at most 65535) at the rate of the premium before and the new mark.

    Atoms a lot, floored, held within +-(2**72 - 1). rate * 1e-12 of a lot's worth, mark * 10**6 atoms, is
    rate * mark / 10**6 atoms.
    """
    rate = clamp_rate(premium, funding_clamp_ppm)
    moved = index + rate * mark_ticks * elapsed_s // (FUNDING_PERIOD_S * PPM)
    return min(max(moved, -MAX_FUNDING_INDEX), MAX_FUNDING_INDEX)


def compute_sample(price_ticks: int, mark_ticks: int) -> int:
    """Return the premium of a clearing price over the mark, 1e-12, floored.

    In [-PREMIUM_ONE, PREMIUM_ONE] for a positive price of at most twice the mark, as every price of a band is.
    """
    return price_ticks * PREMIUM_ONE // mark_ticks - PREMIUM_ONE


def compute_sample_weight(volume_lots: int, impact_lots: int) -> int:
    """Return how much a batch's premium counts, ppm, floored: in proportion to its volume, up to impact_lots."""
    return min(PPM, volume_lots * PPM // impact_lots)


def step_premium(premium: int, sample: int, weight_ppm: int, elapsed_s: int, window_s: int) -> int:
    """Return the average premium after a batch, 1e-12, floored.

    The sample counts for its weight times the elapsed share of the window. PREMIUM_ONE is added on both sides, so that
    nothing that is divided is negative.
    """
    w, whole = weight_ppm * min(elapsed_s, window_s), PPM * window_s
    return ((premium + PREMIUM_ONE) * (whole - w) + (sample + PREMIUM_ONE) * w) // whole - PREMIUM_ONE
