"""What can go wrong while a node is measured."""

from __future__ import annotations

from dataclasses import dataclass

from rollup.errors import RollupError

__all__ = ["NodeEnded"]


@dataclass(eq=False)
class NodeEnded(RollupError):
    """The node that was to be measured does not serve."""

    code = "node_ended"
    log: str
    last: str  # of what it said

    def __str__(self) -> str:
        return f"{self.log}: the node does not serve: {self.last}"
