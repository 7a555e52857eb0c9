"""Blocks and logs of an embedded chain, as it answers for them: in memory here, in a file in `embedded_file.py`."""

from __future__ import annotations

from typing import Protocol

from verifier.base_layer.errors import BlockUnknown
from verifier.base_layer.interface import Block, Log

__all__ = ["BlockRecords", "MemoryRecords"]


class BlockRecords(Protocol):
    """Blocks from 0 on without gaps, each with its logs."""

    def add(self, block: Block, logs: tuple[Log, ...]) -> None:
        """Take in the next block; with it all that the chain wrote since the last one is kept, or nothing."""
        ...

    def get_head(self) -> Block:
        """Return the last block."""
        ...

    def get_block(self, number: int) -> Block:
        """Return a block. Raises BlockUnknown."""
        ...

    def get_logs(self, first_block: int, last_block: int) -> tuple[Log, ...]:
        """Return the logs of blocks first..last, in order."""
        ...


class MemoryRecords:
    """Two lists."""

    def __init__(self) -> None:
        self._blocks: list[Block] = []
        self._logs: list[tuple[Log, ...]] = []  # by block

    def add(self, block: Block, logs: tuple[Log, ...]) -> None:
        """See `BlockRecords`."""
        self._blocks.append(block)
        self._logs.append(logs)

    def get_head(self) -> Block:
        """See `BlockRecords`."""
        return self._blocks[-1]

    def get_block(self, number: int) -> Block:
        """See `BlockRecords`."""
        if not 0 <= number < len(self._blocks):
            raise BlockUnknown(number)
        return self._blocks[number]

    def get_logs(self, first_block: int, last_block: int) -> tuple[Log, ...]:
        """See `BlockRecords`."""
        parts = self._logs[max(first_block, 0) : max(last_block + 1, 0)]
        return tuple(log for logs in parts for log in logs)
