"""What the node refuses before anything of it is in the log."""

from __future__ import annotations

from dataclasses import dataclass

from rollup.errors import RollupError

__all__ = ["RecordMalformed"]


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
