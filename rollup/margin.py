"""Equity and requirements, exact. Takes plain numbers, so that `direct.py` uses the same rules on its own storage.

Cash is kept relative to the funding index: a fill of d lots at price p does `cash -= d * (p * 10**6 - F)`, and
`equity = cash + sum_m s_m * (P_m * 10**6 - F_m)`. No record of when a position last paid funding is needed.
Bounds are in `rollup/units.py`: |equity| < 2**125, requirements < 2**120, their products below the field's half.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

from rollup.units import LOT_TICK_ATOMS

__all__ = [
    "Margin",
    "MarginFractions",
    "compute_equity",
    "compute_fill_cash",
    "compute_initial",
    "compute_maintenance",
    "compute_margin",
    "compute_requirement",
    "is_healthier",
    "is_only_reducing",
    "is_provable_close",
    "is_valid_close",
]

CLOSE_BITS: Final = 208


class MarginFractions(Protocol):
    """Fractions by market, ppm: those of the parameters, or those in effect in a batch."""

    @property
    def initial_ppm(self) -> Sequence[int]: ...
    @property
    def maintenance_ppm(self) -> Sequence[int]: ...


class Margin(NamedTuple):
    """An account's standing at given marks, in atoms."""

    equity: int
    initial: int
    maintenance: int


def compute_equity(
    cash_atoms: int, sizes_lots: Sequence[int], marks_ticks: Sequence[int], funding_index: Sequence[int]
) -> int:
    """Return cash + sum_m s_m * (P_m * 10**6 - F_m), in atoms. Exact."""
    positions = zip(sizes_lots, marks_ticks, funding_index, strict=True)
    return cash_atoms + sum(size * (mark * LOT_TICK_ATOMS - index) for size, mark, index in positions if size)


def compute_requirement(size_lots: int, mark_ticks: int, fraction_ppm: int) -> int:
    """Return |size| * mark * fraction, in atoms. Exact, below 2**116."""
    return abs(size_lots) * mark_ticks * fraction_ppm


def compute_initial(sizes_lots: Sequence[int], marks_ticks: Sequence[int], fractions: MarginFractions) -> int:
    """Return the equity an account needs to take on risk, in atoms. Exact."""
    return sum(map(compute_requirement, sizes_lots, marks_ticks, fractions.initial_ppm))


def compute_maintenance(sizes_lots: Sequence[int], marks_ticks: Sequence[int], fractions: MarginFractions) -> int:
    """Return the equity an account must keep, in atoms; below it, it may be liquidated. Exact."""
    return sum(map(compute_requirement, sizes_lots, marks_ticks, fractions.maintenance_ppm))


def compute_margin(
    cash_atoms: int,
    sizes_lots: Sequence[int],
    marks_ticks: Sequence[int],
    funding_index: Sequence[int],
    fractions: MarginFractions,
) -> Margin:
    """Return equity and both requirements at the given marks, in atoms. Exact."""
    return Margin(
        compute_equity(cash_atoms, sizes_lots, marks_ticks, funding_index),
        compute_initial(sizes_lots, marks_ticks, fractions),
        compute_maintenance(sizes_lots, marks_ticks, fractions),
    )


def compute_fill_cash(delta_lots: int, price_ticks: int, funding_index: int) -> int:
    """Return what a fill of `delta_lots` (negative to sell) adds to cash, in atoms, before the fee. Exact."""
    return -delta_lots * (price_ticks * LOT_TICK_ATOMS - funding_index)


def is_only_reducing(sizes_before: Sequence[int], sizes_after: Sequence[int]) -> bool:
    """Return whether every position ends between 0 and where it began."""
    return all(min(0, old) <= new <= max(0, old) for old, new in zip(sizes_before, sizes_after, strict=True))


def is_healthier(before: Margin, after: Margin) -> bool:
    """Return whether equity over maintenance did not fall: equity_1 * maintenance_0 >= equity_0 * maintenance_1.

    Compared by multiplying: |product| < 2**245 (`rollup/units.py`).
    """
    return after.equity * before.maintenance >= before.equity * after.maintenance


def is_valid_close(before: Margin, after: Margin, sizes_before: Sequence[int], sizes_after: Sequence[int]) -> bool:
    """Return whether a lane with orders may close: initial margin met, or risk only reduced and health not worse."""
    if after.equity >= after.initial:
        return True
    return before.maintenance > 0 and is_only_reducing(sizes_before, sizes_after) and is_healthier(before, after)


def is_provable_close(before: Margin, after: Margin) -> bool:
    """Return whether the circuit can prove a valid close: a bound on completeness, not on what is sound.

    It gives 208 bits to the difference of products: 2**108 atoms of equity (3e14 USD) times 2**100 of requirement.
    """
    is_healthy = after.equity >= after.initial
    surplus = after.equity * before.maintenance - before.equity * after.maintenance
    return is_healthy or surplus < 2**CLOSE_BITS
