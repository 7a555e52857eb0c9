"""Takeover: what liquidation comes too late for goes to the insurance fund, positions and cash together.

At the marks the fund gains exactly the account's equity: cash is kept relative to the funding index
(`rollup/margin.py`), so that `cash + sum s_m * (P_m * 10**6 - F_m)` moves with the pair (cash, sizes).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from rollup.accounts import NO_POSITIONS, Account
from rollup.margin import Margin

__all__ = ["PROVABLE_BITS", "add_to_fund", "empty_account", "is_provable", "is_rescuable", "is_takeover"]

PROVABLE_BITS: Final = 108  # of any equity or requirement in a takeover or deleveraging: 3e14 USD


def is_rescuable(margin: Margin) -> bool:
    """Return whether the account may be taken over or deleveraged: equity below 0, or below half of maintenance."""
    return margin.equity < 0 or 2 * margin.equity < margin.maintenance


def is_takeover(margin: Margin, fund_equity_atoms: int) -> bool:
    """Return whether the fund takes a rescuable account: its own equity would not end below 0. Else deleverage."""
    return fund_equity_atoms + margin.equity >= 0


def is_provable(margin: Margin, fund_equity_atoms: int) -> bool:
    """Return whether the circuit has bits for a rescue of this standing: a bound on completeness, not on soundness."""
    return max(abs(margin.equity), margin.maintenance, abs(fund_equity_atoms)) < 1 << PROVABLE_BITS


def empty_account(account: Account) -> Account:
    """Return the account without positions and cash; key, owner, epoch, nonces, tier and orders stay."""
    return account.with_changes(cash_atoms=0, sizes_lots=NO_POSITIONS)


def add_to_fund(fund: Account, taken: Account) -> Account:
    """Return the fund with the account's positions and cash, in range or not: its lane's end decides, as the circuit's.

    What is too much after one takeover another may balance, or the fund's fill.
    """
    sizes = tuple(held + more for held, more in zip(fund.sizes_lots, taken.sizes_lots, strict=True))
    return replace(fund, sizes_lots=sizes, cash_atoms=fund.cash_atoms + taken.cash_atoms)
