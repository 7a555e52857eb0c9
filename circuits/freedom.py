"""Which constraint classes a template's determinism rests on: found by dropping them from the Jacobian.

Dropping rows can only free wires downstream of the wires that those rows pinned. Let P be the rows that pinned one wire
each in the full elimination. A wire is *downstream* of another if its pinning row mentions the other. Rows that pinned
wires outside the downstream set mention none inside (else they would be in it), so in every vector of the smaller
kernel the outside part is zero: eliminating the rows that touch the downstream set, on its columns alone, is enough.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from circuits.determinism import jacobian_row
from circuits.sparse import Kernel
from circuits.variation import Shape

_MAX_DROPPED = 64  # rows dropped at once: a kernel of higher dimension is slow and says no more


class ClassDropper:
    """The Jacobian of one witness, kept so that many classes can be dropped from it in turn.

    Rows that an output can always satisfy (`Shape.followers`) are left out: where a mutant lets an output move, that
    row does not object.
    """

    def __init__(self, shape: Shape, values: Sequence[int]) -> None:
        self._shape = shape
        self._names = {wire: shape.ops[index].name for wire, index in shape.writer_of.items()}
        self._jacobian = [
            {} if index in shape.followers else jacobian_row(row, values, self._names)
            for index, row in enumerate(shape.rows)
        ]
        kernel = Kernel()
        self._pinned_by = [kernel.add_row(row) for row in self._jacobian]
        self._rows_at: dict[int, list[int]] = {}
        for index, row in enumerate(self._jacobian):
            for wire in row:
                self._rows_at.setdefault(wire, []).append(index)

    def find(self, classes: Sequence[str]) -> dict[str, str]:
        """Return, for each class whose drop lets a wire move, the name of one that does."""
        return {name: freed for name in classes if (freed := self._freed_without(name)) is not None}

    def _freed_without(self, name: str) -> str | None:
        """Return what moves without the class. Fewer rows dropped free less, so the cheapest proof is tried first."""
        for dropped in _few_then_all(self._shape.rows_of_class[name]):
            columns, rows = self._downstream(frozenset(dropped))
            kernel = Kernel()
            for index in sorted(rows):
                kernel.add_row({wire: c for wire, c in self._jacobian[index].items() if wire in columns})
            if kernel.nullity:
                return self._names[kernel.free_columns()[-1]]
        return None

    def _downstream(self, dropped: frozenset[int]) -> tuple[set[int], set[int]]:
        """Return the wires that could move without these rows, and the rows left that mention one of them."""
        queue = [wire for row in dropped if (wire := self._pinned_by[row]) is not None]
        columns, rows = set(queue), set[int]()
        while queue:
            for row in self._rows_at.get(queue.pop(), ()):
                if row not in rows and row not in dropped:
                    rows.add(row)
                    pinned = self._pinned_by[row]
                    if pinned is not None and pinned not in columns:
                        columns.add(pinned)
                        queue.append(pinned)
        return columns, rows


def _few_then_all(rows: list[int]) -> Iterator[list[int]]:
    """Yield one row, neighbours, then all of them, or so many that more would only cost time."""
    for size in sorted({1, 2, 8, min(len(rows), _MAX_DROPPED)}):
        if size <= len(rows):
            yield rows[:size]
    if len(rows) > 1:
        yield rows[-1:]
        yield rows[-2:]
