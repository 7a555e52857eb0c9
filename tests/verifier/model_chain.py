"""A chain of numbered blocks with logs that may be replaced: the model that watchers are held against."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256

from verifier.base_layer import Block, Log
from verifier.base_layer.errors import BlockUnknown

CONTRACT = bytes(19) + b"\x01"
STRANGER = bytes(19) + b"\x02"
TOPIC, OTHER_TOPIC = b"\x11" * 32, b"\x22" * 32
KINDS = ((CONTRACT, (TOPIC,)), (CONTRACT, (OTHER_TOPIC,)), (STRANGER, (TOPIC,)), (CONTRACT, ()))


class ModelChain:
    """A ChainReader. A change may be set off in the middle of somebody's reading."""

    def __init__(self) -> None:
        self._salt = 0
        self.final = 0
        self.highest = 0  # ever
        self.blocks = [Block(0, 0, sha256(b"genesis").digest(), bytes(32))]
        self.logs: list[tuple[Log, ...]] = [()]
        self._change_after: tuple[int, Callable[[], None]] | None = None

    def extend(self, kinds: Sequence[int] = ()) -> None:
        """Add a block with these logs."""
        self._salt += 1
        number, parent = len(self.blocks), self.blocks[-1].hash
        block = Block(number, number * 12, sha256(parent + self._salt.to_bytes(8, "big")).digest(), parent)
        self.blocks.append(block)
        self.logs.append(
            tuple(
                Log(
                    *KINDS[kind][:1], KINDS[kind][1], bytes([kind]), number, block.hash, sha256(block.hash).digest(), at
                )
                for at, kind in enumerate(kinds)
            )
        )
        self.highest = max(self.highest, number)

    def cut(self, common: int) -> None:
        """Forget the blocks after this one."""
        del self.blocks[common + 1 :], self.logs[common + 1 :]

    def change_after(self, n_calls: int, change: Callable[[], None]) -> None:
        """Make this change just before the n-th question from now."""
        self._change_after = (n_calls, change)

    def list_logs(self) -> list[Log]:
        """Return all that a watcher of CONTRACT and TOPIC is to see."""
        logs = (log for of_block in self.logs for log in of_block)
        return [log for log in logs if log.address == CONTRACT and log.topics[:1] == (TOPIC,)]

    def get_head(self) -> Block:
        """Return the last block."""
        self._count()
        return self.blocks[-1]

    def get_finalized_number(self) -> int:
        """Return the number of the last final block."""
        self._count()
        return self.final

    def get_block(self, number: int) -> Block:
        """Return a block. Raises BlockUnknown."""
        self._count()
        if not 0 <= number < len(self.blocks):
            raise BlockUnknown(number)
        return self.blocks[number]

    def get_logs(self, first_block: int, last_block: int, addresses: Sequence[bytes] = ()) -> tuple[Log, ...]:
        """Return the logs of these blocks and contracts."""
        self._count()
        logs = (log for of_block in self.logs[first_block : last_block + 1] for log in of_block)
        return tuple(log for log in logs if not addresses or log.address in addresses)

    def get_block_logs(self, block: Block, addresses: Sequence[bytes] = ()) -> tuple[Log, ...]:
        """Return the logs of this block and these contracts. Raises BlockUnknown."""
        self._count()
        if block not in self.blocks:
            raise BlockUnknown(block.number)
        return tuple(log for log in self.logs[block.number] if not addresses or log.address in addresses)

    def _count(self) -> None:
        if self._change_after is not None:
            left, change = self._change_after
            self._change_after = (left - 1, change) if left > 1 else None
            if left <= 1:
                change()
