"""Who of the resting orders takes part in the auction of a tick: `may_trade_now` of `rollup/admission.py`, at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from rollup.auction import Entry, find_self_trades
from rollup.orders import POST_ONLY, REDUCE_ONLY
from rollup.tick import Tick
from rollup.units import MARKET_COUNT, PRICE_BITS
from sequencer.node.arrays import Booleans, Integers
from sequencer.node.order_table import OrderTable

__all__ = ["GetPositions", "Participants", "find_participants"]

GetPositions: TypeAlias = Callable[[Integers, Integers], Integers]
"""(accounts, markets) -> positions in lots, signed, pair by pair."""


@dataclass(frozen=True)
class Participants:
    """The orders that may trade, column by column, and the accounts with orders that only do not for what else there
    is.

    An order with nothing to reduce stays out unless its account's position changes before the auction of the same
    batch, one that crosses an older of its account unless that one falls.
    """

    rows: Integers
    keys: Integers  # rising with arrival
    accounts: Integers
    markets: Integers
    directions: Integers
    limits: Integers
    lots: Integers
    idle: frozenset[int]  # accounts with a reduce-only order and nothing to reduce
    crossing: frozenset[int]  # accounts with orders that cross each other

    def take(self, chosen: Booleans | Integers) -> Participants:
        """Return some of them."""
        return replace(self, **{name: getattr(self, name)[chosen] for name in _COLUMNS})


_COLUMNS = ("rows", "keys", "accounts", "markets", "directions", "limits", "lots")


def find_participants(table: OrderTable, tick: Tick, get_positions: GetPositions) -> Participants:
    """Return who takes part; none where prices are stale."""
    rows = table.rows if not tick.stale else np.zeros(0, np.int64)
    rows = rows[_may_trade(table, rows, tick)]
    accounts, markets = table.column("account", rows), table.column("market", rows)
    directions, lots = table.column("direction", rows), table.column("remaining", rows)
    reducing = np.flatnonzero(table.column("flags", rows) & REDUCE_ONLY)
    held = get_positions(accounts[reducing], markets[reducing])
    lots[reducing] = np.minimum(lots[reducing], np.maximum(0, -directions[reducing] * held))
    found = Participants(
        rows=rows,
        keys=table.column("key", rows),
        accounts=accounts,
        markets=markets,
        directions=directions,
        limits=table.column("limit", rows),
        lots=lots,
        idle=frozenset(accounts[lots == 0].tolist()),
        crossing=frozenset(),
    )
    return _leave_self_trades_out(found.take(lots > 0))


def _may_trade(table: OrderTable, rows: Integers, tick: Tick) -> Booleans:
    """Return whether mark, fee and time let an order trade."""
    marks = np.array(tick.header.marks_ticks, np.int64)[table.column("market", rows)]
    is_post_only = table.column("flags", rows) & POST_ONLY > 0
    crosses = is_post_only & (table.column("direction", rows) * (marks - table.column("limit", rows)) <= 0)
    too_dear = (table.column("filled", rows) == 0) & (tick.order_fee_e6 > table.column("max_fee", rows))
    is_expired = table.column("expiry", rows) < tick.header.timestamp_s
    return np.asarray(~(crosses | too_dear | is_expired))


def _leave_self_trades_out(orders: Participants) -> Participants:
    """Return them without those that cross an older order of their account: only accounts that cross are looked at."""
    groups, group = np.unique(orders.accounts * MARKET_COUNT + orders.markets, return_inverse=True)
    is_buy = orders.directions > 0
    highest, lowest = np.zeros(len(groups), np.int64), np.full(len(groups), 2**PRICE_BITS, np.int64)
    np.maximum.at(highest, group[is_buy], orders.limits[is_buy])
    np.minimum.at(lowest, group[~is_buy], orders.limits[~is_buy])
    crossing = np.flatnonzero((highest >= lowest)[group])
    if not len(crossing):
        return orders
    held = _find_held(orders.take(crossing))
    kept = orders.take(~np.isin(orders.keys, held.keys))
    return replace(kept, crossing=frozenset(held.accounts.tolist()))


def _find_held(orders: Participants) -> Participants:
    """Return the orders that the rule holds back."""
    columns = (orders.keys, orders.accounts, orders.directions, orders.limits, orders.lots)
    entries = [Entry(*values) for values in zip(*(column.tolist() for column in columns), strict=True)]
    held: list[int] = []
    for market in np.unique(orders.markets).tolist():
        held += find_self_trades([e for e, m in zip(entries, orders.markets.tolist(), strict=True) if m == market])
    return orders.take(np.isin(orders.keys, np.array(held, np.int64)))
