"""The kernel of a sparse matrix over the BN254 scalar field, found row by row."""

from __future__ import annotations

from collections.abc import Mapping

from rollup.field import R


class Kernel:
    """The vectors d with M d = 0, for a matrix M whose rows come one at a time as `column -> coefficient`.

    Every column starts as a free parameter of d. A row is rewritten in the parameters still free and solved for the
    highest of them. Where columns come in the order of a witness program and each row follows the wires it speaks of,
    nearly every row holds one free parameter, which it sets to zero: there is next to no fill-in, and a parameter left
    free at the end is the earliest wire that could move.
    """

    def __init__(self) -> None:
        self._zero: set[int] = set()  # columns whose entry of d is 0
        self._solved: dict[int, dict[int, int]] = {}  # column -> its entry of d as parameter -> coefficient, not empty
        self._users: dict[int, set[int]] = {}  # parameter -> columns whose solved entry mentions it
        self._touched: set[int] = set()

    def add_row(self, row: Mapping[int, int]) -> int | None:
        """Take one more row of M; return the parameter it settles, None where it says nothing new.

        Assumes its coefficients are not 0 mod r.
        """
        open_columns = row.keys() - self._zero
        if not open_columns:
            return None
        self._touched |= open_columns
        equation = self._in_parameters(row, open_columns)
        if not equation:
            return None
        pivot = max(equation)
        self._solve(pivot, equation.pop(pivot), equation)
        return pivot

    def is_touched(self, column: int) -> bool:
        """Return whether some row had a coefficient at this column."""
        return column in self._touched

    def free_columns(self) -> list[int]:
        """Return one touched column for each dimension in which touched columns can move, ascending."""
        return sorted(self._touched - self._zero - self._solved.keys())

    @property
    def nullity(self) -> int:
        """The dimension of the kernel on the touched columns."""
        return len(self._touched) - len(self._zero) - len(self._solved)

    def _in_parameters(self, row: Mapping[int, int], open_columns: set[int]) -> dict[int, int]:
        equation: dict[int, int] = {}
        for column in open_columns:
            factor = row[column]
            for parameter, c in self._solved.get(column, {column: 1}).items():
                equation[parameter] = equation.get(parameter, 0) + factor * c
        return {parameter: reduced for parameter, c in equation.items() if (reduced := c % R)}

    def _solve(self, pivot: int, coefficient: int, rest: Mapping[int, int]) -> None:
        """Write `pivot` as -rest / coefficient, here and wherever it was a parameter."""
        scale = -pow(coefficient, -1, R) if rest else 0
        entry = {parameter: c * scale % R for parameter, c in rest.items()}
        self._store(pivot, entry)
        for column in self._users.pop(pivot, ()):
            moved = self._solved.pop(column)
            factor = moved.pop(pivot)
            for parameter in moved:
                self._users[parameter].discard(column)
            for parameter, c in entry.items():
                moved[parameter] = (moved.get(parameter, 0) + factor * c) % R
            self._store(column, {parameter: c for parameter, c in moved.items() if c})

    def _store(self, column: int, entry: dict[int, int]) -> None:
        if not entry:
            self._zero.add(column)
            return
        self._solved[column] = entry
        for parameter in entry:
            self._users.setdefault(parameter, set()).add(column)
