"""Makes the selection of a tick: `selection.py` says what it is and when it is as good as the whole book."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from rollup.admission import ALONE
from rollup.auction import Entry, Reach
from rollup.orders import SignedOrder
from rollup.params import Params
from rollup.quotes import QuotedOrder, SignedQuote
from rollup.shapes import Shape
from rollup.tick import Tick
from rollup.units import MARKET_COUNT, PRICE_BITS
from sequencer.node.arrays import Booleans, Integers
from sequencer.node.auction_book import AuctionBook
from sequencer.node.cutting import Budget, choose_oldest
from sequencer.node.order_table import RestingOrder
from sequencer.node.participants import GetPositions, Participants
from sequencer.node.selection import LeftOut, Selection, withdraw_places

__all__ = ["Scene", "select_for_batch"]

_MARGIN_QUARTERS = 5  # of what the lanes take: so much is offered where more could trade, as some will fall


@dataclass(frozen=True)
class Scene:
    """What the auction is about to meet beside the orders. Liquidations and the fund may turn out otherwise."""

    tick: Tick
    params: Params
    shape: Shape
    get_positions: GetPositions
    entries: Mapping[int, Sequence[Entry]]  # of liquidations and the fund, by market
    victims: Collection[int]  # accounts to be liquidated: their orders wait
    fund_sides: frozenset[tuple[int, int]]  # (market, direction) of orders that the fund may look for

    @property
    def lanes(self) -> Budget:
        """What the lanes take at most."""
        return Budget(self.shape.max_orders, len(self.shape.order_capacities))

    @property
    def budget(self) -> Budget:
        """What a batch is offered at most where orders compete for lanes."""
        return Budget(*(-(-most * _MARGIN_QUARTERS // 4) for most in self.lanes))


def select_for_batch(book: AuctionBook, scene: Scene, margin: int) -> Selection:
    """Return what to offer; of each side of a market that trades `margin` orders beyond what its price asks for.

    A margin as large as the book offers everything, more than lanes take or not.
    """
    orders = book.find_participants(scene.tick, scene.get_positions)
    if margin >= len(book):
        return _offer(book, book.table.rows, orders.take(np.zeros(0, np.int64)), is_all=True)
    standing = orders.take(~np.isin(orders.accounts, list(scene.victims)))
    crossings = book.find_crossings(scene.tick, scene.params, standing, scene.entries)
    has_volume = np.array([crossing.volume_lots > 0 for crossing in crossings])
    within = _find_within(orders, [crossing.reach for crossing in crossings])
    chosen = _cut(book, orders, np.flatnonzero(within & has_volume[orders.markets]), scene)
    if chosen is None:
        offered = within | _find_beyond(orders, within, np.where(has_volume, margin, 1))
    else:
        offered = np.isin(np.arange(len(orders.rows)), chosen)
    eager = list_eager_rows(book, scene.fund_sides)
    rows = np.unique(np.concatenate([orders.rows[offered], _add_crossing(book, orders, eager)]))
    selection = _offer(book, rows, orders.take(~offered))
    met = frozenset((one.account, one.slot) for one in (book.table.get_row(row).sent.order for row in eager.tolist()))
    return replace(selection, is_cut=chosen is not None, fund_sides=scene.fund_sides, eager=met)


def list_eager_rows(book: AuctionBook, fund_sides: Collection[tuple[int, int]]) -> Integers:
    """Return of each (market, direction) the row of the order that would meet the fund first, whether it may trade."""
    eager, rows = [], book.table.rows
    markets, directions = book.table.column("market", rows), book.table.column("direction", rows)
    for market, direction in fund_sides:
        side = rows[(markets == market) & (directions == direction)]
        if len(side):
            keys, limits = book.table.column("key", side), book.table.column("limit", side)
            eager.append(int(side[np.lexsort((keys, -direction * limits))[0]]))  # of equals the oldest
    return np.array(eager, np.int64)


def _add_crossing(book: AuctionBook, orders: Participants, eager: Integers) -> Integers:
    """Return the rows with all that holds one of them back: an order that crosses an older of its account."""
    held = np.setdiff1d(eager, orders.rows).tolist()
    pairs = {(one.account, one.market) for one in (book.table.get_row(row).sent.order for row in held)}
    added, rows = [eager], book.table.rows
    accounts, markets = book.table.column("account", rows), book.table.column("market", rows)
    for account, market in pairs:
        if account in orders.crossing:
            added.append(rows[(accounts == account) & (markets == market)])
    return np.concatenate(added)


def _offer(book: AuctionBook, rows: Integers, left_out: Participants, *, is_all: bool = False) -> Selection:
    return Selection(
        orders=_assemble([book.table.get_row(row) for row in rows.tolist()]),
        n_orders=len(rows),
        is_all=is_all,
        is_cut=False,
        left_out=_describe_left_out(left_out),
        idle=left_out.idle,
        crossing=left_out.crossing,
        fund_sides=frozenset(),
        eager=frozenset(),
    )


def _find_within(orders: Participants, reaches: Sequence[Reach]) -> Booleans:
    """Return which limits lie within the reach of their market's clearing."""
    lowest = np.array([reach.lowest_ticks for reach in reaches], np.int64)[orders.markets]
    highest = np.array([reach.highest_ticks for reach in reaches], np.int64)[orders.markets]
    return np.where(orders.directions > 0, orders.limits >= lowest, orders.limits <= highest)


def _find_beyond(orders: Participants, within: Booleans, margins: Integers) -> Booleans:
    """Return the next orders beyond, the most eager first: of each side of market m as many as `margins[m]`."""
    beyond = np.zeros(len(orders.rows), np.bool_)
    for market in range(MARKET_COUNT):
        for direction in (1, -1):
            side = np.flatnonzero(~within & (orders.markets == market) & (orders.directions == direction))
            order = np.lexsort((orders.keys[side], -direction * orders.limits[side]))
            beyond[side[order[: margins[market]]]] = True
    return beyond


def _cut(book: AuctionBook, orders: Participants, willing: Integers, scene: Scene) -> Integers | None:
    """Return the orders to offer where more could trade than the lanes take, else None."""
    own = orders.take(willing)
    resting = [book.table.get_row(row) for row in own.rows.tolist()]
    turns = [_get_turn(one) for one in resting]
    if len(willing) <= scene.lanes.n_orders and len(set(turns)) <= scene.lanes.n_turns:
        return None
    return willing[choose_oldest(own, turns, scene.entries, scene.budget)]


def _get_turn(resting: RestingOrder) -> tuple[int, int]:
    is_quoted = isinstance(resting.sent, QuotedOrder)
    return resting.sent.order.account, resting.sequence if is_quoted else ALONE


def _assemble(chosen: Sequence[RestingOrder]) -> tuple[SignedOrder | SignedQuote, ...]:
    """Return the orders as they were sent, in order of arrival: those of a quote together again."""
    sent: list[SignedOrder | SignedQuote] = []
    for _, group in groupby(sorted(chosen, key=lambda one: one.sequence), key=lambda one: one.sequence):
        parts = [one.sent for one in group]
        first = parts[0]
        if isinstance(first, QuotedOrder):
            sent.append(withdraw_places(first.signed, [part.place for part in parts if isinstance(part, QuotedOrder)]))
        else:
            sent.append(first)
    return tuple(sent)


def _describe_left_out(orders: Participants) -> tuple[LeftOut, ...]:
    highest, lowest = np.zeros(MARKET_COUNT, np.int64), np.full(MARKET_COUNT, 2**PRICE_BITS, np.int64)
    is_buy = orders.directions > 0
    np.maximum.at(highest, orders.markets[is_buy], orders.limits[is_buy])
    np.minimum.at(lowest, orders.markets[~is_buy], orders.limits[~is_buy])
    return tuple(map(LeftOut, highest.tolist(), lowest.tolist()))
