"""The base layer's queue as its events tell it: every entry since the beginning, in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from rollup.errors import BatchInvalid
from rollup.txs import ForcedTrade, QueueEntry

__all__ = ["QueueEntryMissing", "QueueEvent", "QueueEvents"]

QueueEvent: TypeAlias = QueueEntry | ForcedTrade


@dataclass(eq=False)
class QueueEntryMissing(BatchInvalid):
    """A batch consumes an entry of the queue of which there is no event."""

    code = "queue_entry_missing"
    position: int  # counted from 0, since genesis
    first: int  # the first one known
    end: int  # behind the last one known

    def __str__(self) -> str:
        return f"queue: no entry at position {self.position}, known are those from {self.first} to below {self.end}"


@dataclass(frozen=True)
class QueueEvents:
    """Entries in order; the first stands at position `first`, which is 0 unless a snapshot made older ones needless."""

    entries: Sequence[QueueEvent]
    first: int = 0

    def get(self, position: int) -> QueueEvent:
        """Return the entry at a position, counted as `queue_consumed` counts. Raises QueueEntryMissing."""
        end = self.first + len(self.entries)
        if not self.first <= position < end:
            raise QueueEntryMissing(position, self.first, end)
        return self.entries[position - self.first]
