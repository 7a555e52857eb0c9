"""Eviction: nobody signs; a leaf that holds no position and cannot pay its rent is given back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rollup.accounts import Account
from rollup.errors import check_range
from rollup.rejections import AccountNotOpen, NotEvictable
from rollup.rent import compute_rent
from rollup.tick import Tick
from rollup.txs.effect import Effect, Flows
from rollup.units import ACCOUNT_BITS, FIRST_USER_ACCOUNT

__all__ = ["Evict", "find_evictable", "is_evictable"]


@dataclass(frozen=True)
class Evict:
    """Empty the leaf; the cash left in it is rent. The epoch stays, as when an account is closed."""

    account: int

    def apply(self, account: Account, tick: Tick) -> Effect:
        """Return the emptied leaf. Raises ValueOutOfRange, AccountNotOpen, NotEvictable."""
        check_range("account", self.account, FIRST_USER_ACCOUNT, 2**ACCOUNT_BITS - 1)
        if account.is_empty:
            raise AccountNotOpen(self.account)
        rent_atoms = compute_rent(account, tick)
        if not is_evictable(account, rent_atoms):
            raise NotEvictable(self.account, account.cash_atoms, rent_atoms)
        emptied = account.emptied().with_changes(last_touched_s=tick.header.timestamp_s)
        return Effect(emptied, Flows(rent_atoms=account.cash_atoms))


def is_evictable(account: Account, rent_atoms: int) -> bool:
    """Return whether an open account has no positions and cash in [0, rent]."""
    return not any(account.sizes_lots) and 0 <= account.cash_atoms <= rent_atoms


def find_evictable(accounts: Mapping[int, Account], tick: Tick) -> list[Evict]:
    """Return the evictions possible at the tick, the account longest untouched first."""
    opened = {i: a for i, a in accounts.items() if i >= FIRST_USER_ACCOUNT and not a.is_empty}
    found = [(a.last_touched_s, i) for i, a in opened.items() if is_evictable(a, compute_rent(a, tick))]
    return [Evict(account_id) for _, account_id in sorted(found)]
