"""Which of a tape's trades become takers: the largest of each slice, or every one of them.

Consecutive trades of the same millisecond and side are one taker's sweep through the book.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from typing import Final

from rollup.shapes import Shape
from sequencer.market import Slice, compute_price_ticks
from sequencer.tape import Trade

__all__ = ["count_takers", "cut_sweeps", "merge_sweeps", "pick_largest"]

_RECENT: Final = 5  # a slice's takers are the largest among its last `_RECENT` times as many trades
_MAX_INTERVAL_S: Final = 5  # between two batches that take every trade
_MILLISECONDS: Final = 1_000


def count_takers(shape: Shape) -> int:
    """Return how many takers a batch has room for: one a TradeLane of one order, at least one."""
    return max(1, sum(capacity == 1 for capacity in shape.trade_capacities))


def pick_largest(part: Slice, n_takers: int) -> Slice:
    """Return the slice with the largest of its last buys and sells alone, as many of each, in tape order."""
    recent = part.trades[-n_takers * _RECENT :]
    largest = sorted(range(len(recent)), key=lambda i: (-recent[i].contracts, i))
    buys = [i for i in largest if recent[i].is_buy]
    sells = [i for i in largest if not recent[i].is_buy]
    n_buys = max(n_takers - n_takers // 2, n_takers - len(sells))
    picked = sorted([*buys[:n_buys], *sells[: n_takers - len(buys[:n_buys])]])
    return replace(part, trades=tuple(recent[i] for i in picked))


def merge_sweeps(trades: Sequence[Trade]) -> list[Trade]:
    """Return one trade a sweep: its contracts together, at the last price it reached."""
    sweeps = (list(own) for _, own in groupby(trades, key=lambda trade: (trade.time_ms, trade.is_buy)))
    return [replace(own[-1], contracts=sum(trade.contracts for trade in own)) for own in sweeps]


def cut_sweeps(trades: Sequence[Trade], n_takers: int) -> list[Slice]:
    """Return slices of at most `n_takers` sweeps and `_MAX_INTERVAL_S` seconds, which together hold all sweeps.

    Timestamps are at least one second apart: where sweeps come faster the batches fall behind the tape. The mark is the
    tape's price when the batch closes, not when the taker came.
    """
    times_ms = [trade.time_ms for trade in trades]
    slices: list[Slice] = []
    sweeps = merge_sweeps(trades)
    start = 0
    while start < len(sweeps):
        deadline_ms = sweeps[start].time_ms + _MAX_INTERVAL_S * _MILLISECONDS
        end = start + 1
        while end < min(start + n_takers, len(sweeps)) and sweeps[end].time_ms < deadline_ms:
            end += 1
        earliest_s = slices[-1].timestamp_s + 1 if slices else 0
        timestamp_s = max(sweeps[end - 1].time_ms // _MILLISECONDS, earliest_s)
        known = bisect_right(times_ms, max(sweeps[end - 1].time_ms, timestamp_s * _MILLISECONDS))
        slices.append(Slice(timestamp_s, compute_price_ticks(trades[known - 1].price_e9), tuple(sweeps[start:end])))
        start = end
    return slices
