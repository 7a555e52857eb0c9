"""All accounts for the risk of every tick: the view of `rollup/risk_view.py` that never loops over all of them.

Screens of float64 leave out who is certainly not concerned, and say of the others who may come first; exact integers
decide, for as many as are read. The book stands still while a batch is made; `apply` takes over what the batch changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from heapq import merge
from itertools import chain, islice
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from rollup.accounts import Account
from rollup.liquidation import is_liquidatable
from rollup.margin import Margin
from rollup.rent import compute_rent
from rollup.risk import compute_health_key
from rollup.takeover import is_rescuable
from rollup.tick import Tick
from rollup.txs.effect import compute_margin_at
from rollup.txs.evict import is_evictable
from rollup.units import FIRST_USER_ACCOUNT
from sequencer.node.account_table import AccountTable
from sequencer.node.arrays import Floats, Integers
from sequencer.node.holders_book import HoldersBook, HoldersView
from sequencer.node.lazy_order import LazyOrder, Sorted, iterate_in_order
from sequencer.node.screens import compute_screen

__all__ = ["RiskBook"]

_Order: TypeAlias = LazyOrder[Sorted[Margin]]
_ROUNDED_UP = 1 + 2.0**-48  # above what the roundings of cash, seconds, rate and their product take away
_HEALTH_UNIT = 2.0**64  # as in rollup/risk.py: a key is floor(equity * 2**64 / maintenance)


class RiskBook:
    """A `RiskView` of the accounts it was made of, as they are after each `apply`."""

    def __init__(self, accounts: Mapping[int, Account]) -> None:
        self._table = AccountTable(accounts)
        self._standing: _Standing | None = None

    def __len__(self) -> int:
        return len(self._table)

    def apply(self, changed: Mapping[int, Account]) -> None:
        """Take over accounts as a batch left them (`BatchResult.changed`)."""
        for account_id, account in changed.items():
            self._table.put(account_id, account)
        self._standing = None

    def get_positions(self, account_ids: Integers, markets: Integers) -> Integers:
        """Return positions in lots, signed, of as many accounts as markets, pair by pair."""
        return self._table.get_positions(account_ids, markets)

    def find_evictable(self, tick: Tick, idle_s: int, limit: int) -> list[int]:
        """Return up to `limit` accounts that may be evicted and were not touched for `idle_s`, longest untouched first.

        As `find_evictable` of rollup/txs/evict.py, which loops over all of them.
        """
        table, now_s = self._table, tick.header.timestamp_s
        owed = (now_s - table.touched_s) * float(tick.rent_rate) * _ROUNDED_UP
        suspects = table.is_open & (table.cash >= 0) & (table.cash <= owed) & (table.touched_s <= now_s - idle_s)
        suspects &= (table.ids >= FIRST_USER_ACCOUNT) & ~table.sizes.any(axis=1)
        rows = np.flatnonzero(suspects)
        in_order = rows[np.lexsort((table.ids[rows], table.touched_s[rows]))].tolist()
        found = (row for row in in_order if _is_evictable(table.accounts[row], tick))
        return [int(table.ids[row]) for row in islice(found, limit)]

    # --- the view ---------------------------------------------------------------------------------------------------
    def find_liquidatable(self, changed: Mapping[int, Account], tick: Tick) -> Iterator[tuple[int, Margin]]:
        """Return (account id, margin) of those below maintenance, worst health first; worked out as it is read."""
        return _overlay(self._get_standing(tick).liquidatable, changed, tick, is_liquidatable)

    def find_rescuable(self, changed: Mapping[int, Account], tick: Tick) -> Iterator[tuple[int, Margin]]:
        """Return (account id, margin) of those that may be rescued, worst health first, debts without a position last.

        Worked out as it is read.
        """
        return _overlay(self._get_standing(tick).rescuable, changed, tick, is_rescuable)

    def find_holders(self, changed: Mapping[int, Account], tick: Tick) -> HoldersView:
        """Return the user accounts with equity left after rent, to be asked for by market and side."""
        return HoldersView(self._get_standing(tick).holders, changed, tick)

    def _get_standing(self, tick: Tick) -> _Standing:
        if self._standing is None or self._standing.tick != tick:
            self._standing = _Standing(self._table, tick)
        return self._standing


class _Standing:
    """All accounts at one tick: the three orders, as far as they were asked for."""

    def __init__(self, table: AccountTable, tick: Tick) -> None:
        self.tick = tick
        self._table = table
        self._screen = compute_screen(table, tick)
        self._is_user = table.ids >= FIRST_USER_ACCOUNT

    @cached_property
    def liquidatable(self) -> _Order:
        screen = self._screen
        suspects = (screen.maintenance > 0) & (screen.equity - screen.maintenance < screen.error)
        return LazyOrder(self._order(suspects, screen.lower_health() * _HEALTH_UNIT, is_liquidatable))

    @cached_property
    def rescuable(self) -> _Order:
        screen = self._screen
        held = screen.maintenance > 0
        due = (screen.equity < screen.error) | (2 * screen.equity - screen.maintenance < screen.error)
        by_health = self._order(due & held, screen.lower_health() * _HEALTH_UNIT, is_rescuable)
        return LazyOrder(chain(by_health, self._order(due & ~held, screen.equity - screen.error, is_rescuable)))

    @cached_property
    def holders(self) -> HoldersBook:
        return HoldersBook(self._table, self._screen.less_rent(self._table, self.tick), self.tick)

    def _order(
        self, suspects: NDArray[np.bool_], lows: Floats, is_due: Callable[[Margin], bool]
    ) -> Iterator[Sorted[Margin]]:
        rows: Integers = np.flatnonzero(suspects & self._is_user)
        ids, accounts = self._table.ids, self._table.accounts

        def make(index: int) -> Sorted[Margin] | None:
            row = int(rows[index])
            return _judge(int(ids[row]), accounts[row], self.tick, is_due)

        return iterate_in_order(np.floor(lows[rows]), make)


def _is_evictable(account: Account, tick: Tick) -> bool:
    return is_evictable(account, compute_rent(account, tick))


def _judge(account_id: int, account: Account, tick: Tick, is_due: Callable[[Margin], bool]) -> Sorted[Margin] | None:
    """Return the account with its key, exact: health as in rollup/risk.py, or the equity of a debt without position."""
    margin = compute_margin_at(account, tick)
    if account_id < FIRST_USER_ACCOUNT or not is_due(margin):
        return None
    return compute_health_key(margin) if margin.maintenance else margin.equity, account_id, margin


def _overlay(
    order: _Order, changed: Mapping[int, Account], tick: Tick, is_due: Callable[[Margin], bool]
) -> Iterator[tuple[int, Margin]]:
    """Return what the order holds of accounts that did not change, and what is due of those that did, in one order."""
    left_out = frozenset(changed)
    judged = (_judge(account_id, account, tick, is_due) for account_id, account in changed.items())
    own = sorted((item for item in judged if item is not None), key=_get_key)
    unchanged = (item for item in order if item[1] not in left_out)
    return ((account_id, margin) for _, account_id, margin in merge(unchanged, own, key=_get_key))


def _get_key(item: Sorted[Margin]) -> tuple[bool, int, int]:
    key, account_id, margin = item
    return margin.maintenance == 0, key, account_id
