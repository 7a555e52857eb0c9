"""An exact order worked out no further than it is read: floats say who may be next, integers who is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from typing import Any, Generic, TypeAlias, TypeVar

import numpy as np

from sequencer.node.arrays import Floats, Integers

__all__ = ["LazyOrder", "Sorted", "iterate_in_order"]

_FIRST_PART = 256

T = TypeVar("T")
Sorted: TypeAlias = tuple[Any, int, T]
"""(exact key, account id, what is sorted): ids are unique, so that no more is ever compared."""


def iterate_in_order(lows: Floats, make: Callable[[int], Sorted[T] | None]) -> Iterator[Sorted[T]]:
    """Yield what `make` returns of each index of `lows`, in order of key and id, None left out.

    Assumes that no key is below its `lows`. An item is certain to be next when its key is below all lows to come.
    """
    found: list[Sorted[T]] = []
    for index in _sort_in_parts(lows):
        low = float(lows[index])  # a Python float: against integers and fractions it compares exactly
        while found and found[0][0] < low:
            yield heappop(found)
        made = make(index)
        if made is not None:
            heappush(found, made)
    while found:
        yield heappop(found)


def _sort_in_parts(lows: Floats) -> Iterator[int]:
    """Yield the indices of `lows`, rising; the first few without sorting the rest."""
    if len(lows) <= _FIRST_PART:
        yield from np.argsort(lows).tolist()
        return
    indices: Integers = np.argpartition(lows, _FIRST_PART - 1)
    first, rest = indices[:_FIRST_PART], indices[_FIRST_PART:]
    yield from first[np.argsort(lows[first])].tolist()
    yield from rest[np.argsort(lows[rest])].tolist()


class LazyOrder(Generic[T]):
    """An iterator that may be read again and again: what was worked out once is kept."""

    def __init__(self, source: Iterator[T]) -> None:
        self._source = source
        self._known: list[T] = []

    def __iter__(self) -> Iterator[T]:
        position = 0
        while True:
            if position == len(self._known):
                try:
                    self._known.append(next(self._source))
                except StopIteration:
                    return
            yield self._known[position]
            position += 1
