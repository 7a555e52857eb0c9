"""Which orders a batch is offered when more could trade than it has lanes for: the oldest, both sides in step.

The rules would find a fit themselves, by clearing again and again with ever fewer orders; from some hundred on that
takes longer than a tick. The choice is the sequencer's (docs/model.md): arrival decides, as it does there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from heapq import heapify, heappop, heappush
from typing import NamedTuple

from rollup.auction import Entry
from sequencer.node.participants import Participants

__all__ = ["Budget", "choose_oldest"]


class Budget(NamedTuple):
    """How much is offered at most."""

    n_orders: int
    n_turns: int  # lanes: an account's orders signed alone share one, those of a quote another


class _Queues:
    """One market's orders in order of arrival, by side; whichever side has fewer lots so far is next."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.lots = {1: 0, -1: 0}
        self.waiting: dict[int, list[tuple[int, int, int]]] = {1: [], -1: []}  # (key, index, lots), the oldest last
        for entry in entries:
            self.lots[entry.direction] += entry.size_lots

    def get_next(self) -> tuple[int, int, int] | None:
        """Return what is next; None when a side has run out, so that more of the other would find nobody."""
        side = self._next_side
        return self.waiting[side][-1] if self.waiting[side] else None

    def pop(self) -> None:
        side = self._next_side
        self.lots[side] += self.waiting[side].pop()[2]

    @property
    def _next_side(self) -> int:
        return 1 if self.lots[1] <= self.lots[-1] else -1


def choose_oldest(
    orders: Participants, turns: Sequence[tuple[int, int]], entries: Mapping[int, Sequence[Entry]], budget: Budget
) -> list[int]:
    """Return indices of the orders to offer, at most as many as the budget allows.

    `turns` says of each order whose turn it shares; `entries` are liquidations and the fund, by market. Assumes that
    all could trade at the prices in view.
    """
    queues = _sort_into_queues(orders, entries)
    heap = [(head[0], market) for market, queue in queues.items() if (head := queue.get_next()) is not None]
    heapify(heap)
    chosen: list[int] = []
    used: set[tuple[int, int]] = set()
    while heap and len(chosen) < budget.n_orders:
        _, market = heappop(heap)
        head = queues[market].get_next()
        assert head is not None
        turn = turns[head[1]]
        if turn in used or len(used) < budget.n_turns:
            used.add(turn)
            chosen.append(head[1])
            queues[market].pop()
        else:
            queues[market].waiting[int(orders.directions[head[1]])].pop()  # no lane for it: the next in line
        following = queues[market].get_next()
        if following is not None:
            heappush(heap, (following[0], market))
    return chosen


def _sort_into_queues(orders: Participants, entries: Mapping[int, Sequence[Entry]]) -> dict[int, _Queues]:
    queues: dict[int, _Queues] = {}
    columns = (orders.keys, orders.markets, orders.directions, orders.lots)
    rows = zip(*(column.tolist() for column in columns), range(len(orders.keys)), strict=True)
    for key, market, direction, lots, index in sorted(rows, reverse=True):
        if market not in queues:
            queues[market] = _Queues(entries.get(market, ()))
        queues[market].waiting[direction].append((key, index, lots))
    return queues
