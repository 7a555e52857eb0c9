"""All accounts as arrays, one row each, kept up to date as batches change them.

Sizes stand as float64, and exactly: |size| < 2**48 < 2**53. Cash is rounded, its exact value is the account's own. Rows
are never given back: an emptied account keeps its own, all zero, for whoever opens it next.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rollup.accounts import Account
from rollup.units import MARKET_COUNT
from sequencer.node.arrays import Booleans, Floats, Integers, grow

__all__ = ["AccountTable"]

_FIRST_CAPACITY = 1_024


class AccountTable:
    """Mutable. The arrays are views of what is in use; a row's number never changes."""

    def __init__(self, accounts: Mapping[int, Account]) -> None:
        self.accounts: list[Account] = []  # by row: the exact values
        self._rows: dict[int, int] = {}
        self._ids = np.zeros(0, np.int64)
        self._cash, self._touched_s, self._is_open = np.zeros(0), np.zeros(0), np.zeros(0, np.bool_)
        self._sizes, self._absolute_sizes = np.zeros((0, MARKET_COUNT)), np.zeros((0, MARKET_COUNT))
        self._allocate(max(_FIRST_CAPACITY, len(accounts)))
        for account_id, account in accounts.items():
            self.put(account_id, account)

    def __len__(self) -> int:
        return len(self.accounts)

    @property
    def ids(self) -> Integers:
        """Account ids, shape (n,)."""
        return self._ids[: len(self)]

    @property
    def cash(self) -> Floats:
        """Cash in atoms, rounded to the nearest float64, shape (n,)."""
        return self._cash[: len(self)]

    @property
    def touched_s(self) -> Floats:
        """When each was last touched, exact, shape (n,)."""
        return self._touched_s[: len(self)]

    @property
    def is_open(self) -> Booleans:
        """Whether somebody has each, shape (n,)."""
        return self._is_open[: len(self)]

    @property
    def sizes(self) -> Floats:
        """Signed positions in lots, exact, shape (n, 16)."""
        return self._sizes[: len(self)]

    @property
    def absolute_sizes(self) -> Floats:
        """The same without their signs."""
        return self._absolute_sizes[: len(self)]

    def get(self, account_id: int) -> Account | None:
        """Return the account, None where it has no row."""
        row = self._rows.get(account_id)
        return None if row is None else self.accounts[row]

    def put(self, account_id: int, account: Account) -> None:
        """Set one account. A new row's cost is spread out: capacity doubles."""
        row = self._rows.get(account_id)
        if row is None:
            row = self._append(account_id, account)
        self.accounts[row] = account
        self._cash[row] = account.cash_atoms
        self._touched_s[row] = account.last_touched_s
        self._is_open[row] = not account.is_empty
        self._sizes[row] = account.sizes_lots
        np.abs(self._sizes[row], out=self._absolute_sizes[row])

    def get_positions(self, account_ids: Integers, markets: Integers) -> Integers:
        """Return the positions of these accounts in these markets, in lots, signed; 0 where an account has no row."""
        rows = np.fromiter((self._rows.get(i, -1) for i in account_ids.tolist()), np.int64, len(account_ids))
        held = self._sizes[rows, markets].astype(np.int64)
        return np.where(rows < 0, 0, held)

    def _append(self, account_id: int, account: Account) -> int:
        row = self._rows[account_id] = len(self.accounts)
        if row == len(self._ids):
            self._allocate(2 * row)
        self._ids[row] = account_id
        self.accounts.append(account)
        return row

    def _allocate(self, capacity: int) -> None:
        """Make room for so many rows."""
        self._ids = grow(self._ids, capacity)
        self._cash = grow(self._cash, capacity)
        self._touched_s = grow(self._touched_s, capacity)
        self._is_open = grow(self._is_open, capacity)
        self._sizes = grow(self._sizes, capacity)
        self._absolute_sizes = grow(self._absolute_sizes, capacity)
