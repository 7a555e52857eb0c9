"""Why a proof was not made though nothing is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass

from rollup.errors import RollupError

__all__ = ["MemoryShort", "ProofCancelled"]


@dataclass(eq=False)
class ProofCancelled(RollupError):
    """The proof's token was cancelled, while it waited or in the making."""

    code = "proof_cancelled"
    who: str
    stage: str

    def __str__(self) -> str:
        return f"{self.who}: cancelled ({self.stage})"


@dataclass(eq=False)
class MemoryShort(RollupError):
    """The proof might need more memory than it may have; it was not begun."""

    code = "memory_short"
    who: str
    needed_bytes: int
    available_bytes: int

    def __str__(self) -> str:
        return f"{self.who}: a proof may need {self.needed_bytes} bytes, {self.available_bytes} are available"
