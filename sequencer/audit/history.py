"""What is known of a node's log: the statements in its order, found by account, and the gaps between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from sequencer.audit.statements import Statement
from sequencer.node.commands import CancelAllOrders, CancelOrder, PlaceOrder, PlaceQuote

__all__ = ["History"]


@dataclass(frozen=True)
class History:
    """Statements that the node signed, by rising sequence; of one record those with its body first."""

    statements: Sequence[Statement]

    def list_account(self, account: int, below: int) -> list[Statement]:
        """Return the account's orders, quotes and cancels in records below a number."""
        return [statement for statement in self._by_account.get(account, ()) if statement.sequence < below]

    def list_unseen(self, first: int, last: int) -> list[tuple[int, int]]:
        """Return the ranges of records from `first` to `last` whose bodies are not known."""
        clipped = ((max(first, low), min(last, high)) for low, high in self._gaps)
        ranges = [(low, high) for low, high in clipped if low <= high]
        behind = max(first, self._last + 1)
        return ranges if last < behind else [*ranges, (behind, last)]

    def list_whole(self) -> list[Statement]:
        """Return the statements of the records from the first to the last before a gap, each once."""
        end = self._gaps[0][0] - 1 if self._gaps else self._last
        by_sequence: dict[int, Statement] = {}
        for statement in self.statements:
            if statement.body is not None and statement.sequence <= end:
                by_sequence.setdefault(statement.sequence, statement)
        return list(by_sequence.values())

    @cached_property
    def _by_account(self) -> dict[int, list[Statement]]:
        found: dict[int, list[Statement]] = {}
        for statement in self.statements:
            command = statement.command
            if isinstance(command, PlaceOrder | PlaceQuote | CancelOrder | CancelAllOrders):
                found.setdefault(command.account, []).append(statement)
        return found

    @cached_property
    def _seen(self) -> list[int]:
        return sorted({statement.sequence for statement in self.statements if statement.body is not None})

    @property
    def _last(self) -> int:
        return self._seen[-1] if self._seen else 0

    @cached_property
    def _gaps(self) -> list[tuple[int, int]]:
        """Ranges of unknown records below the last known one."""
        pairs = zip([0, *self._seen], self._seen, strict=False)
        return [(low + 1, high - 1) for low, high in pairs if high - low > 1]
