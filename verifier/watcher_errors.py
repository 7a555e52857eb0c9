"""Why a watcher of the base layer stops: nothing of it is passed over in silence."""

from __future__ import annotations

from dataclasses import dataclass

from rollup.errors import RollupError


@dataclass(eq=False)
class ReorgTooDeep(RollupError):
    """The base layer replaced more blocks than this watcher remembers. Its state cannot be mended: watch anew."""

    code = "reorg_too_deep"
    cursor: int  # the last block that was read
    oldest: int  # the first block whose hash is remembered, and which is another's now

    def __str__(self) -> str:
        return f"blocks {self.oldest} to {self.cursor} were replaced, and none before them is remembered"


@dataclass(eq=False)
class FinalBlockReplaced(RollupError):
    """The base layer replaced a block that it had called final."""

    code = "final_block_replaced"
    common: int  # the last block that both chains share
    final: int

    def __str__(self) -> str:
        return f"the chain forks after block {self.common}, but block {self.final} was final"


@dataclass(eq=False)
class WatcherStateForeign(RollupError):
    """A state file belongs to another chain, contract, list of events or version, or is no state file."""

    code = "watcher_state_foreign"
    path: str
    got: str
    expected: str

    def __str__(self) -> str:
        return f"{self.path}: got {self.got}, expected {self.expected}"


@dataclass(eq=False)
class WatcherStateMoved(RollupError):
    """Another process watches with the same state file. What this one read is not recorded."""

    code = "watcher_state_moved"
    path: str

    def __str__(self) -> str:
        return f"{self.path}: another process writes to it"
