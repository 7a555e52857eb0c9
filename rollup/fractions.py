"""Margin fractions in effect: those of the parameters, raised by open interest and by congestion.

A busy exchange may liquidate late, so it asks for more margin: up to a quarter more at full use. The initial fraction
follows at once; the maintenance fraction follows a rise an hour late, so that nobody is liquidated without notice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from rollup.params import Params
from rollup.units import PPM, USD_E12

__all__ = [
    "CONGESTION_FREE_PPM",
    "RISE_DELAY_S",
    "Fractions",
    "MaintenanceFactor",
    "compute_factor",
    "compute_fractions",
    "raise_fraction",
    "scale_initial",
    "step_maintenance_factor",
]

CONGESTION_FREE_PPM: Final = 500_000  # up to half of the capacity raises nothing
RISE_DELAY_S: Final = 3_600


@dataclass(frozen=True)
class Fractions:
    """Margin fractions by market as they apply in one batch, ppm."""

    initial_ppm: tuple[int, ...]
    maintenance_ppm: tuple[int, ...]


class MaintenanceFactor(NamedTuple):
    """The factor of maintenance fractions, and the higher one it waits for."""

    factor_ppm: int
    pending_ppm: int  # above the factor while it waits
    since_s: int  # when the wait began


def compute_factor(congestion_ppm: int) -> int:
    """Return the factor of the fractions at a congestion, ppm: 10**6 to 1.25 * 10**6."""
    return PPM + max(0, congestion_ppm - CONGESTION_FREE_PPM) // 2


def step_maintenance_factor(before: MaintenanceFactor, factor_ppm: int, timestamp_s: int) -> MaintenanceFactor:
    """Return the maintenance factor after a tick that found `factor_ppm`: a fall counts at once, a rise an hour late.

    It never exceeds factor_ppm. While it waits, only the least of what was found is waited for.
    """
    if factor_ppm <= before.factor_ppm:
        return MaintenanceFactor(factor_ppm, factor_ppm, timestamp_s)
    if before.pending_ppm <= before.factor_ppm:
        return MaintenanceFactor(before.factor_ppm, factor_ppm, timestamp_s)
    least_ppm = min(before.pending_ppm, factor_ppm)
    if timestamp_s - before.since_s >= RISE_DELAY_S:
        return MaintenanceFactor(least_ppm, factor_ppm, timestamp_s)
    return MaintenanceFactor(before.factor_ppm, least_ppm, before.since_s)


def scale_initial(initial_ppm: int, open_interest_lots: int, mark_ticks: int, low_usd: int, high_usd: int) -> int:
    """Return the initial fraction raised by open interest, ppm, ceiled: as it is up to low_usd, 1 from high_usd.

    Linear in between, as dYdX v4 does (protocol, perpetuals: base to upper cap of open notional). low_usd < high_usd.
    """
    low, high = low_usd * USD_E12, high_usd * USD_E12
    above = min(max(open_interest_lots * mark_ticks - low, 0), high - low)
    return initial_ppm - (initial_ppm - PPM) * above // (high - low)  # minus a floored negative: ceiled


def raise_fraction(fraction_ppm: int, factor_ppm: int) -> int:
    """Return fraction * factor, ppm, ceiled, at most 1."""
    return min(PPM, -(-fraction_ppm * factor_ppm // PPM))


def compute_fractions(
    params: Params,
    open_interest_lots: Sequence[int],
    marks_ticks: Sequence[int],
    factor_ppm: int,
    maintenance_factor_ppm: int,
) -> Fractions:
    """Return the fractions in effect. The maintenance fraction never exceeds the initial one: nor do their factors."""
    initial = []
    for market, lots, mark_ticks in zip(params.markets, open_interest_lots, marks_ticks, strict=True):
        scaled = scale_initial(market.initial_ppm, lots, mark_ticks, market.oi_low_usd, market.oi_high_usd)
        initial.append(raise_fraction(scaled, factor_ppm))
    maintenance = (raise_fraction(fraction, maintenance_factor_ppm) for fraction in params.maintenance_ppm)
    return Fractions(tuple(initial), tuple(maintenance))
