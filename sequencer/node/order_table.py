"""Resting orders as arrays, one row each: what an auction of all of them looks at, and the orders themselves beside it.

An account has one order a slot. Rows of removed orders are given to new ones; `key` keeps the order of arrival.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rollup.admission import SentOrder
from rollup.quotes import QUOTE_ORDERS, QuotedOrder
from sequencer.node.arrays import Integers, grow

__all__ = ["COLUMNS", "OrderTable", "RestingOrder"]

COLUMNS = ("key", "account", "market", "direction", "limit", "remaining", "flags", "max_fee", "expiry", "filled")
_FIRST_CAPACITY = 1_024


@dataclass(frozen=True, slots=True)
class RestingOrder:
    """One order of the book: its place in order of arrival, shared by all orders of a quote, and what was filled."""

    sent: SentOrder
    sequence: int
    filled_lots: int


class OrderTable:
    """Mutable. A row holds the ten numbers of an order, named as in `COLUMNS`, or zeros: keys begin at 1."""

    def __init__(self) -> None:
        self._columns = np.zeros((_FIRST_CAPACITY, len(COLUMNS)), np.int64)
        self._orders: list[RestingOrder | None] = []
        self._rows: dict[tuple[int, int], int] = {}
        self._free: list[int] = []

    def __len__(self) -> int:
        return len(self._rows)

    def get(self, account: int, slot: int) -> RestingOrder | None:
        """Return the order that rests in a slot, if one does."""
        row = self._rows.get((account, slot))
        return None if row is None else self._orders[row]

    def get_row(self, row: int) -> RestingOrder:
        """Return the order of a row in use."""
        order = self._orders[row]
        assert order is not None
        return order

    def put(self, resting: RestingOrder) -> None:
        """Set the order of a slot; one that rests there goes."""
        order, place = resting.sent.order, 0
        if isinstance(resting.sent, QuotedOrder):
            place = resting.sent.place
        row = self._take_row((order.account, order.slot))
        self._orders[row] = resting
        self._columns[row] = (
            resting.sequence * QUOTE_ORDERS + place + 1,
            order.account,
            order.market,
            order.direction,
            order.limit_ticks,
            order.size_lots - resting.filled_lots,
            order.flags,
            order.max_fee_e6,
            order.expiry_s,
            resting.filled_lots,
        )

    def remove(self, account: int, slot: int) -> RestingOrder | None:
        """Take the order of a slot out and return it; None where there is none."""
        row = self._rows.pop((account, slot), None)
        if row is None:
            return None
        order, self._orders[row] = self._orders[row], None
        self._columns[row] = 0
        self._free.append(row)
        return order

    def column(self, name: str, rows: Integers) -> Integers:
        """Return one of the ten numbers of some rows."""
        return np.asarray(self._columns[rows, COLUMNS.index(name)])

    @property
    def rows(self) -> Integers:
        """The rows in use."""
        return np.flatnonzero(self._columns[:, 0])

    def _take_row(self, slot: tuple[int, int]) -> int:
        if slot not in self._rows:
            self._rows[slot] = self._free.pop() if self._free else self._append()
        return self._rows[slot]

    def _append(self) -> int:
        row = len(self._orders)
        if row == len(self._columns):
            self._columns = grow(self._columns, 2 * row)
        self._orders.append(None)
        return row
