"""Which constraint classes a template's determinism rests on: found by dropping them from the Jacobian."""

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
        self._names = {wire: shape.ops[index].name for wire, index in shape.writer_of.items()}
        self._jacobian = [
            {} if index in shape.followers else jacobian_row(row, values, self._names)
            for index, row in enumerate(shape.rows)
        ]
        self._shape = shape
        self._nullity = self._drop(()).nullity

    def find(self, classes: Sequence[str]) -> dict[str, str]:
        """Return, for each class whose drop lets a wire move, the name of one that does."""
        return {name: freed for name in classes if (freed := self._freed_without(name)) is not None}

    def _freed_without(self, name: str) -> str | None:
        """Return what moves without the class. Fewer rows dropped free less, so the cheapest proof is tried first."""
        for dropped in _few_then_all(self._shape.rows_of_class[name]):
            kernel = self._drop(dropped)
            if kernel.nullity > self._nullity:
                return self._names[kernel.free_columns()[-1]]
        return None

    def _drop(self, dropped: Sequence[int]) -> Kernel:
        kernel = Kernel()
        for index, row in enumerate(self._jacobian):
            if index not in dropped:
                kernel.add_row(row)
        return kernel


def _few_then_all(rows: list[int]) -> Iterator[list[int]]:
    """Yield one row, neighbours, then all of them, or so many that more would only cost time."""
    sizes = sorted({1, 2, 8, min(len(rows), _MAX_DROPPED)})
    for size in sizes:
        if size <= len(rows):
            yield rows[:size]
    if len(rows) > 1:
        yield rows[-1:]
        yield rows[-2:]
