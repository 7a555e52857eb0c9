"""The resting orders of all markets, and what an auction of all of them would do now.

Nothing is kept sorted: whether an order may trade depends on mark, fee, time and position, so that every tick looks at
all of them anyway, in arrays. Prices are those of `rollup/auction.py`, exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from rollup.admission import SentOrder
from rollup.auction import Entry
from rollup.params import Params
from rollup.quotes import SignedQuote
from rollup.tick import Tick
from rollup.trade_lanes import OrderReport
from rollup.units import MARKET_COUNT
from sequencer.node.arrays import Integers
from sequencer.node.crossing import Crossing, find_crossing
from sequencer.node.order_table import OrderTable, RestingOrder
from sequencer.node.participants import GetPositions, Participants, find_participants

__all__ = ["AuctionBook", "Depth", "Level"]


class Level(NamedTuple):
    """What rests at one price."""

    price_ticks: int
    lots: int
    n_orders: int


class Depth(NamedTuple):
    """The levels of both sides, the most eager first."""

    bids: tuple[Level, ...]
    asks: tuple[Level, ...]


class AuctionBook:
    """One order a slot of an account. Assumes that admission let each of them in."""

    def __init__(self) -> None:
        self.table = OrderTable()

    def __len__(self) -> int:
        return len(self.table)

    def add(self, sent: SentOrder, sequence: int, filled_lots: int = 0) -> None:
        """Let an order rest; what rests in its slot goes. `sequence` rises with arrival, one for all of a quote.

        Assumes that filled_lots is below its size.
        """
        self.table.put(RestingOrder(sent, sequence, filled_lots))

    def add_quote(self, signed: SignedQuote, sequence: int) -> None:
        """Let the orders of a quote rest that nothing was filled of yet."""
        for quoted in signed.quoted_orders:
            self.add(quoted, sequence)

    def get(self, account: int, slot: int) -> RestingOrder | None:
        """Return what rests in a slot."""
        return self.table.get(account, slot)

    def remove(self, account: int, slot: int) -> RestingOrder | None:
        """Take out what rests in a slot and return it; None where nothing does."""
        return self.table.remove(account, slot)

    def remove_expired(self, timestamp_s: int) -> list[RestingOrder]:
        """Take out and return all orders that a batch of this time would refuse as expired."""
        rows = self.table.rows
        late = rows[self.table.column("expiry", rows) < timestamp_s]
        late = late[np.argsort(self.table.column("key", late))]  # by arrival: rows depend on what was here before
        expired = [self.table.get_row(row) for row in late.tolist()]
        for resting in expired:
            self.remove(resting.sent.order.account, resting.sent.order.slot)
        return expired

    def apply_fills(self, fills: Iterable[OrderReport]) -> None:
        """Take over what a batch filled; orders filled completely go, and what is left of IOC orders."""
        for fill in fills:
            order = fill.order
            resting = self.get(order.account, order.slot)
            if resting is None or resting.sent.order != order:
                continue  # cancelled or replaced since
            filled_lots = resting.filled_lots + fill.fill_lots
            if order.is_ioc or filled_lots == order.size_lots:
                self.remove(order.account, order.slot)
            else:
                self.add(resting.sent, resting.sequence, filled_lots)

    def get_depth(self, market: int, n_levels: int) -> Depth:
        """Return the best levels of a market, of all that rests there, whether it may trade now or not."""
        rows = self.table.rows
        rows = rows[self.table.column("market", rows) == market]
        sides = (rows[self.table.column("direction", rows) == direction] for direction in (1, -1))
        bids, asks = (self._sum_levels(side) for side in sides)
        return Depth(tuple(bids[::-1][:n_levels]), tuple(asks[:n_levels]))

    def find_participants(self, tick: Tick, get_positions: GetPositions) -> Participants:
        """Return the orders that may trade in a batch of this tick. `get_positions`: `RiskBook.get_positions`."""
        return find_participants(self.table, tick, get_positions)

    def find_crossings(
        self, tick: Tick, params: Params, orders: Participants, entries: Mapping[int, Sequence[Entry]]
    ) -> tuple[Crossing, ...]:
        """Return where each market would clear now: its indicative price, volume, imbalance. `entries` by market."""
        crossings = []
        for market in range(MARKET_COUNT):
            own = orders.take(orders.markets == market)
            forced = entries.get(market, ())
            directions = _join(own.directions, [entry.direction for entry in forced])
            limits = _join(own.limits, [entry.limit_ticks for entry in forced])
            lots = _join(own.lots, [entry.size_lots for entry in forced])
            band = (tick.header.marks_ticks[market], params.markets[market].band_ppm)
            crossings.append(find_crossing(directions, limits, lots, *band))
        return tuple(crossings)

    def _sum_levels(self, rows: Integers) -> list[Level]:
        prices, level, counts = np.unique(self.table.column("limit", rows), return_inverse=True, return_counts=True)
        lots = [0] * len(prices)  # Python integers: nobody bounds how many orders rest at a price
        for position, size in zip(level.tolist(), self.table.column("remaining", rows).tolist(), strict=True):
            lots[position] += size
        return list(map(Level, prices.tolist(), lots, counts.tolist()))


def _join(column: Integers, more: list[int]) -> Integers:
    return np.concatenate([column, np.array(more, np.int64)]) if more else column
