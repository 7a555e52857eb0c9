"""Finding accounts below maintenance among many: float64 sorts out the clearly healthy, exact integers decide.

Error bound. Every input is below 2**120 and converts with relative error u = 2**-53. equity - maintenance is a sum of
2 * 16 + 1 terms, each a product of at most three rounded factors (5 roundings), summed in any order (at most 33 more):
|computed - exact| <= 64 * u * sum |term| for all of it, and the sum of |terms| is itself computed to within 1 %.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from rollup.accounts import Account
from rollup.liquidation import is_liquidatable
from rollup.margin import Margin, MarginFractions, compute_margin
from rollup.takeover import is_rescuable
from rollup.units import FIRST_USER_ACCOUNT, LOT_TICK_ATOMS

__all__ = ["compute_health_key", "find_liquidatable", "find_rescuable", "screen_margins"]

RELATIVE_ERROR = 65 * 2.0**-53


def screen_margins(
    accounts: Sequence[Account], marks_ticks: Sequence[int], funding_index: Sequence[int], fractions: MarginFractions
) -> NDArray[np.bool_]:
    """Return, for each account, False only if its equity is certainly at or above its maintenance requirement."""
    cash = np.array([float(account.cash_atoms) for account in accounts])
    sizes = np.array([account.sizes_lots for account in accounts], dtype=np.float64).reshape(len(accounts), -1)
    notional = sizes * (np.array(marks_ticks, dtype=np.float64) * LOT_TICK_ATOMS)
    funding = sizes * np.array([float(index) for index in funding_index])
    required = (
        np.abs(sizes) * np.array(marks_ticks, dtype=np.float64) * np.array(fractions.maintenance_ppm, dtype=float)
    )
    excess = cash + notional.sum(axis=1) - funding.sum(axis=1) - required.sum(axis=1)
    magnitude = np.abs(cash) + (np.abs(notional) + np.abs(funding) + required).sum(axis=1)
    return np.asarray(excess < RELATIVE_ERROR * 1.01 * magnitude)


def find_liquidatable(
    accounts: Mapping[int, Account],
    marks_ticks: Sequence[int],
    funding_index: Sequence[int],
    fractions: MarginFractions,
) -> list[tuple[int, Margin]]:
    """Return (account id, margin) of all user accounts below maintenance, worst health (equity / maintenance) first.

    Ties go to the lower id. Exact: the screen only leaves out accounts that cannot be among them.
    """
    held = {i: account for i, account in accounts.items() if any(account.sizes_lots)}
    found = _list_suspects(held, marks_ticks, funding_index, fractions)
    below = [(account_id, margin) for account_id, margin in found if is_liquidatable(margin)]
    return sorted(below, key=lambda item: (compute_health_key(item[1]), item[0]))


def find_rescuable(
    accounts: Mapping[int, Account],
    marks_ticks: Sequence[int],
    funding_index: Sequence[int],
    fractions: MarginFractions,
) -> list[tuple[int, Margin]]:
    """Return (account id, margin) of all user accounts that may be taken over or deleveraged, worst health first.

    Debts without a position come last, the largest first: they do not grow. Ties go to the lower id. Exact.
    """
    at_risk = {i: account for i, account in accounts.items() if account.cash_atoms < 0 or any(account.sizes_lots)}
    found = _list_suspects(at_risk, marks_ticks, funding_index, fractions)
    due = [(account_id, margin) for account_id, margin in found if is_rescuable(margin)]
    held = [item for item in due if item[1].maintenance]
    debts = [item for item in due if not item[1].maintenance]
    worst_first = sorted(held, key=lambda item: (compute_health_key(item[1]), item[0]))
    return worst_first + sorted(debts, key=lambda item: (item[1].equity, item[0]))


def _list_suspects(
    accounts: Mapping[int, Account],
    marks_ticks: Sequence[int],
    funding_index: Sequence[int],
    fractions: MarginFractions,
) -> list[tuple[int, Margin]]:
    """Return (account id, margin) of those user accounts that the screen does not leave out."""
    ids = [i for i in accounts if i >= FIRST_USER_ACCOUNT]
    if not ids:
        return []
    suspects = screen_margins([accounts[i] for i in ids], marks_ticks, funding_index, fractions)
    suspected = [(i, accounts[i]) for i, is_suspect in zip(ids, suspects, strict=True) if is_suspect]
    prices = (marks_ticks, funding_index, fractions)
    return [(i, compute_margin(account.cash_atoms, account.sizes_lots, *prices)) for i, account in suspected]


def compute_health_key(margin: Margin) -> int:
    """Return floor(equity * 2**64 / maintenance): a sort key, finer than any difference that matters to the choice."""
    return (margin.equity << 64) // margin.maintenance
