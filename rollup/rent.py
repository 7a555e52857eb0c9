"""Rent: what a leaf pays for its place in the state, charged first whenever a lane uses it."""

from __future__ import annotations

from rollup.accounts import Account
from rollup.tick import Tick

__all__ = ["charge_rent", "compute_rent"]


def compute_rent(account: Account, tick: Tick) -> int:
    """Return what the account owes since it was last touched, in atoms. Exact.

    Below 2**104: 40 bits of seconds times a rate below 2**64.
    """
    return (tick.header.timestamp_s - account.last_touched_s) * tick.rent_rate


def charge_rent(account: Account, tick: Tick) -> tuple[Account, int]:
    """Return the account as a lane works on it, and the rent it paid, which may take cash below zero.

    Raises ValueOutOfRange where cash would leave its bounds.
    """
    rent_atoms = compute_rent(account, tick)
    touched = account.with_changes(cash_atoms=account.cash_atoms - rent_atoms, last_touched_s=tick.header.timestamp_s)
    return touched, rent_atoms
