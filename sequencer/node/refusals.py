"""What the node refuses before anything of it is in the log, and whom it stops telling."""

from __future__ import annotations

from dataclasses import dataclass

from rollup.errors import RollupError

__all__ = ["RecordMalformed", "SubscriberSlow"]


@dataclass(eq=False)
class RecordMalformed(RollupError):
    """A record of the log is not what its kind says."""

    code = "record_malformed"
    kind: int
    field: str
    got: str
    expected: str

    def __str__(self) -> str:
        return f"record of kind {self.kind}: {self.field}: got {self.got}, expected {self.expected}"


@dataclass(eq=False)
class SubscriberSlow(RollupError):
    """A subscriber took events more slowly than they came, and is not told the rest."""

    code = "subscriber_slow"
    limit_events: int

    def __str__(self) -> str:
        return f"more than {self.limit_events} events wait: read what was missed, and subscribe again"
