"""Who holds the other side of a victim's position: the two orders in which counterparties are asked, read lazily.

The most leveraged are found by float bounds first, the largest by their sizes, which are exact. An account is opened,
its rent paid, only when its turn comes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from heapq import merge
from typing import TypeAlias

import numpy as np

from rollup.accounts import Account
from rollup.holders import Candidate, compute_leverage_key, compute_size_key, pick_side
from rollup.risk_view import open_candidate
from rollup.tick import Tick
from rollup.units import FIRST_USER_ACCOUNT
from sequencer.node.account_table import AccountTable
from sequencer.node.arrays import Floats, Integers
from sequencer.node.lazy_order import LazyOrder, Sorted, iterate_in_order
from sequencer.node.screens import Screen

__all__ = ["HoldersBook", "HoldersView"]

_Key: TypeAlias = Callable[[Candidate, int], tuple[Fraction, int] | tuple[int, int]]


class HoldersBook:
    """The accounts of a table at one tick. `screen` is their standing with rent paid."""

    def __init__(self, table: AccountTable, screen: Screen, tick: Tick) -> None:
        self._table = table
        self._screen = screen
        self._tick = tick
        self._by_leverage: dict[tuple[int, int], LazyOrder[Candidate]] = {}
        self._by_size: dict[tuple[int, int], LazyOrder[Candidate]] = {}

    def by_leverage(self, market: int, direction: int) -> LazyOrder[Candidate]:
        """Return the holders of the side by |size| / equity, falling; ties by account."""
        side = (market, direction)
        if side not in self._by_leverage:
            self._by_leverage[side] = LazyOrder(self._order_by_leverage(*side))
        return self._by_leverage[side]

    def by_size(self, market: int, direction: int) -> LazyOrder[Candidate]:
        """Return the holders of the side by |size|, falling; ties by account."""
        side = (market, direction)
        if side not in self._by_size:
            self._by_size[side] = LazyOrder(self._order_by_size(*side))
        return self._by_size[side]

    def _order_by_leverage(self, market: int, direction: int) -> Iterator[Candidate]:
        rows = self._find_rows(market, direction)
        lowest_equity = self._screen.equity[rows] - self._screen.error[rows]
        with np.errstate(divide="ignore"):
            highest = self._table.absolute_sizes[rows, market] / lowest_equity
        # one rounding in the quotient; where equity may be nothing leverage has no bound
        lows: Floats = np.where(lowest_equity > 0, -highest * (1 + 4 * 2.0**-53), -np.inf)

        def make(index: int) -> Sorted[Candidate] | None:
            candidate = self._open(int(rows[index]))
            return None if candidate is None else (*compute_leverage_key(candidate, market), candidate)

        return (candidate for _, _, candidate in iterate_in_order(lows, make))

    def _order_by_size(self, market: int, direction: int) -> Iterator[Candidate]:
        rows = self._find_rows(market, direction)
        order = np.lexsort((self._table.ids[rows], -self._table.absolute_sizes[rows, market]))
        opened = (self._open(row) for row in rows[order].tolist())
        return (candidate for candidate in opened if candidate is not None)

    def _find_rows(self, market: int, direction: int) -> Integers:
        table, screen = self._table, self._screen
        held = table.sizes[:, market] * direction > 0
        return np.flatnonzero(held & (table.ids >= FIRST_USER_ACCOUNT) & (screen.equity + screen.error > 0))

    def _open(self, row: int) -> Candidate | None:
        return open_candidate(int(self._table.ids[row]), self._table.accounts[row], self._tick)


class HoldersView:
    """The `Holders` of a batch in the making: the book's, with the accounts that it changed in their new standing."""

    def __init__(self, book: HoldersBook, changed: Mapping[int, Account], tick: Tick) -> None:
        self._book = book
        self._left_out = frozenset(changed)
        opened = (open_candidate(account_id, account, tick) for account_id, account in changed.items())
        self._own = [candidate for candidate in opened if candidate is not None]

    def by_leverage(self, market: int, direction: int) -> Iterator[Candidate]:
        """Yield the holders of the side by |size| / equity, falling; ties by account."""
        return self._merge(self._book.by_leverage(market, direction), market, direction, compute_leverage_key)

    def by_size(self, market: int, direction: int) -> Iterator[Candidate]:
        """Yield the holders of the side by |size|, falling; ties by account."""
        return self._merge(self._book.by_size(market, direction), market, direction, compute_size_key)

    def _merge(self, order: LazyOrder[Candidate], market: int, direction: int, key: _Key) -> Iterator[Candidate]:
        unchanged = (candidate for candidate in order if candidate.account not in self._left_out)
        own = sorted(pick_side(self._own, market, direction), key=lambda candidate: key(candidate, market))
        return merge(unchanged, own, key=lambda candidate: key(candidate, market))
