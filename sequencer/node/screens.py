"""Every account's standing in float64, with a bound on how far it can be off: what is certain needs no integers.

Error bound, u = 2**-53. A price is made exactly, as an integer, and then rounded once: P * 10**6 - F for equity, P *
ppm for maintenance. A size is exact, so each of the 16 products has 2 roundings, and the sums add at most 17 more, in
whatever order. Let S be the sum of the absolute values of all terms of both: equity is within 20 u S, maintenance
within 19 u S, and so 2 * equity - maintenance within (40 + 19 + 3) u S, the last for the subtraction. S itself is
computed to within 20 u. Rent adds one term of 3 roundings and one sum. 128 u S covers all of it twice. Nothing
overflows: terms are below 2**125.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rollup.tick import Tick
from rollup.units import LOT_TICK_ATOMS
from sequencer.node.account_table import AccountTable
from sequencer.node.arrays import Floats

__all__ = ["RELATIVE_ERROR", "Screen", "compute_screen"]

RELATIVE_ERROR = 128 * 2.0**-53


@dataclass(frozen=True)
class Screen:
    """By row, in atoms. Neither value, nor twice equity less maintenance, is further from the truth than `error`."""

    equity: Floats
    maintenance: Floats  # 0 if and only if the account has no position
    error: Floats

    def lower_health(self) -> Floats:
        """Return what is certainly not above equity / maintenance; only where there is a position."""
        lowest = self.equity - self.error
        # of the two ends of maintenance the one that makes the quotient smaller
        divisor = self.maintenance + np.where(lowest < 0, -self.error, self.error)
        with np.errstate(divide="ignore", invalid="ignore"):
            quotient = lowest / divisor
        # where the error swallows maintenance nothing is certain; one rounding each in numerator, divisor, quotient
        certain = np.where(divisor > 0, quotient - 4 * 2.0**-53 * np.abs(quotient), -np.inf)
        return np.asarray(certain)

    def less_rent(self, table: AccountTable, tick: Tick) -> Screen:
        """Return the same once every account has paid its rent."""
        rent = (tick.header.timestamp_s - table.touched_s) * float(tick.rent_rate)
        return Screen(self.equity - rent, self.maintenance, self.error + RELATIVE_ERROR * rent)


def compute_screen(table: AccountTable, tick: Tick) -> Screen:
    """Return the standing of all accounts at the tick's marks, funding and fractions."""
    header = tick.header
    worth = _to_floats([p * LOT_TICK_ATOMS - f for p, f in zip(header.marks_ticks, header.funding_index, strict=True)])
    weights = _to_floats([p * ppm for p, ppm in zip(header.marks_ticks, tick.fractions.maintenance_ppm, strict=True)])
    maintenance = _dot(table.absolute_sizes, weights)
    magnitude = np.abs(table.cash) + _dot(table.absolute_sizes, np.abs(worth)) + maintenance
    return Screen(table.cash + _dot(table.sizes, worth), maintenance, RELATIVE_ERROR * magnitude)


def _to_floats(values: Sequence[int]) -> Floats:
    return np.array([float(value) for value in values])


def _dot(rows: Floats, weights: Floats) -> Floats:
    # not `rows @ weights`: a matrix library would start threads of its own beside the prover's
    return np.asarray(np.einsum("nm,m->n", rows, weights))
