"""Liquidation step 1: one reduce-only fill without a signature, no larger than it takes, with a bounded penalty.

Let a fill of q lots close part of a position at p*, and let one lot change equity by e (p* against the mark). Then
equity_pre(q) = equity_0 + q * e, initial(q) = initial_0 - q * P * initial_ppm, maintenance(q) alike. All are linear in
q, so the largest fill and the worst price have closed forms, exact in integers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rollup.auction import compute_band
from rollup.margin import Margin, MarginFractions, compute_requirement
from rollup.units import FIRST_USER_ACCOUNT, LOT_TICK_ATOMS, PPM

__all__ = [
    "LiquidationCase",
    "compute_penalty",
    "find_largest_markets",
    "is_liquidatable",
    "is_out_of_reach",
    "is_provable_fill",
    "make_case",
]

# Bounds of the circuit's cheap comparisons: beyond them a liquidation cannot be proved (docs/architecture.md).
# Its differences of two such values stay below 2**100 atoms.
_MAX_MAINTENANCE: Final[int] = 2**92
_MAX_AMOUNT: Final[int] = 2**99


def is_liquidatable(margin: Margin) -> bool:
    """Return whether the account has positions and fails its maintenance requirement."""
    return margin.maintenance > 0 and margin.equity < margin.maintenance


def find_largest_markets(
    sizes_lots: Sequence[int], marks_ticks: Sequence[int], fractions: MarginFractions
) -> tuple[int, ...]:
    """Return the markets with the account's largest maintenance requirement, several when they tie."""
    requirements = list(map(compute_requirement, sizes_lots, marks_ticks, fractions.maintenance_ppm))
    return tuple(market for market, required in enumerate(requirements) if required == max(requirements))


def compute_penalty(fill_lots: int, price_ticks: int, liquidation_fee_ppm: int, equity_pre_atoms: int) -> int:
    """Return min(fill * p* * liquidation_fee_ppm, max(equity_pre, 0)), in atoms. Exact: lots * ticks * ppm is atoms."""
    return min(fill_lots * price_ticks * liquidation_fee_ppm, max(equity_pre_atoms, 0))


@dataclass(frozen=True)
class LiquidationCase:
    """An account that may be liquidated, and the one market where."""

    account: int
    market: int
    size_lots: int  # signed position there, not 0
    margin: Margin  # before the fill
    mark_ticks: int
    initial_ppm: int
    maintenance_ppm: int

    @property
    def direction(self) -> int:
        """Direction of the closing fill: -1 sells a long, +1 buys back a short."""
        return -1 if self.size_lots > 0 else 1

    def compute_equity_pre(self, fill_lots: int, price_ticks: int) -> int:
        """Return equity after the fill and before the penalty, in atoms. Exact."""
        gain_ticks = -self.direction * (price_ticks - self.mark_ticks)
        return self.margin.equity + fill_lots * gain_ticks * LOT_TICK_ATOMS

    def compute_limit_ticks(self) -> int:
        """Return the worst price at which the fill does not lower equity over maintenance.

        (equity_0 + q*e) * m_0 >= equity_0 * (m_0 - q*P*ppm) is, for every q >= 1, e * m_0 + equity_0 * P * ppm >= 0.
        Below 1 tick where no price is too low.
        """
        per_lot = self.margin.equity * self.mark_ticks * self.maintenance_ppm
        room_ticks = per_lot // (LOT_TICK_ATOMS * self.margin.maintenance)  # floored: the limit is inside
        return self.mark_ticks + self.direction * room_ticks

    def is_price_allowed(self, price_ticks: int) -> bool:
        """Return whether a fill at this price keeps equity over maintenance from falling."""
        return self.direction * (self.compute_limit_ticks() - price_ticks) >= 0

    def compute_max_fill(self, price_ticks: int) -> int:
        """Return the largest q such that q - 1 lots leave equity below the initial requirement; at most the position.

        Assumes equity < initial requirement before, so that one lot is always allowed.
        """
        gain_ticks = -self.direction * (price_ticks - self.mark_ticks)
        shortfall = self.margin.initial - self.margin.equity  # positive
        closed_per_lot = gain_ticks * LOT_TICK_ATOMS + self.mark_ticks * self.initial_ppm
        if closed_per_lot <= 0:
            return abs(self.size_lots)
        return min(abs(self.size_lots), (shortfall - 1) // closed_per_lot + 1)

    def compute_entry(self, band_ppm: int) -> tuple[int, int] | None:
        """Return (limit_ticks, size_lots) to enter in the auction, or None where the band leaves no allowed price.

        The size is the largest fill at any price the entry may meet: that at the limit, the worst price.
        """
        low, high = compute_band(self.mark_ticks, band_ppm)
        limit = self.compute_limit_ticks()
        limit = max(limit, low) if self.direction < 0 else min(limit, high)
        return (limit, self.compute_max_fill(limit)) if low <= limit <= high else None


def is_out_of_reach(margin: Margin, band_ppm: int, maintenance_ppm: int) -> bool:
    """Return whether no price of the band is allowed in a market with these parameters: the account's debt is too
    large.

    The worst price lies equity / maintenance * P * maintenance_ppm / 10**6 from the mark, with a debt on the wrong side
    of it, and floored away from it. The band reaches P * band_ppm / 10**6, floored. If so where band / maintenance_ppm
    is largest, then in every market.
    """
    return -margin.equity * maintenance_ppm > band_ppm * margin.maintenance


def is_provable_fill(case: LiquidationCase, fill_lots: int, price_ticks: int) -> bool:
    """Return whether equity after the fill, and the most its penalty can be, stay within the circuit's bounds."""
    equity_pre = case.compute_equity_pre(fill_lots, price_ticks)
    return abs(equity_pre) < _MAX_AMOUNT and fill_lots * price_ticks * PPM < _MAX_AMOUNT


def make_case(
    account_id: int, sizes_lots: Sequence[int], margin: Margin, marks_ticks: Sequence[int], fractions: MarginFractions
) -> LiquidationCase | None:
    """Return the case of an account that may be liquidated, or None. Ties between markets go to the first.

    None also beyond what the circuit proves: a market's maintenance of 2**92 atoms (5e9 USD), equity or initial
    requirement of 2**99 (6e11 USD).
    """
    if account_id < FIRST_USER_ACCOUNT or not is_liquidatable(margin):
        return None
    market = find_largest_markets(sizes_lots, marks_ticks, fractions)[0]
    requirement = compute_requirement(sizes_lots[market], marks_ticks[market], fractions.maintenance_ppm[market])
    if requirement >= _MAX_MAINTENANCE or max(abs(margin.equity), margin.initial) >= _MAX_AMOUNT:
        return None
    own = fractions.initial_ppm[market], fractions.maintenance_ppm[market]
    return LiquidationCase(account_id, market, sizes_lots[market], margin, marks_ticks[market], *own)
