"""Follows contracts on the base layer: deposits, forced requests, settlements, or whatever events one lists.

Each look at the chain (`poll`) compares the block hashes it remembers with the chain's, tells what was undone back to
the last block both share, reads one bounded range of blocks onwards, and tells what has become final. Notices wait in
the state file until they are acknowledged, so a process that dies goes on where it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from eth_typing import ABIElement
from eth_utils.abi import event_abi_to_log_topic

from verifier.artifacts import Artifact
from verifier.base_layer.errors import BlockUnknown
from verifier.base_layer.interface import Block, ChainReader, Log
from verifier.watcher_errors import FinalBlockReplaced, ReorgTooDeep
from verifier.watcher_state import Kind, Notice, Step, WatcherState

__all__ = ["Kind", "Notice", "Watched", "Watcher", "list_topics"]


@dataclass(frozen=True)
class Watched:
    """Which logs, from where, and how far back the chain may change its mind."""

    chain_id: int
    addresses: tuple[bytes, ...]
    topics: tuple[bytes, ...]  # first topics of the events; none: every log of the contracts
    first_block: int
    max_reorg_blocks: int = 64  # two epochs, after which Ethereum calls a block final
    max_range_blocks: int = 1_000  # asked for at once
    max_waiting_notices: int = 100_000  # with more of them nothing is read until some are acknowledged

    def describe(self) -> str:
        """Return what a state file is bound to: with another chain, contract or event it could not go on."""
        names = (" ".join(f"0x{one.hex()}" for one in sorted(many)) for many in (self.addresses, self.topics))
        return f"chain {self.chain_id}, contracts {next(names)}, events {next(names)}, from block {self.first_block}"


class Watcher:
    """One chain, one state file. Not for several threads."""

    def __init__(self, chain: ChainReader, watched: Watched, path: Path) -> None:
        """Open or create the state file. Raises WatcherStateForeign."""
        assert watched.addresses, "nothing is watched"
        assert watched.max_reorg_blocks > 0
        assert watched.max_range_blocks > 0
        self._chain, self._watched = chain, watched
        self._state = WatcherState(path, watched.describe(), watched.first_block)

    @property
    def cursor(self) -> int:
        """The number of the last block that was read."""
        return self._state.get_cursor()

    @property
    def final(self) -> int:
        """The number of the last block that was read and is final; -1 before there is one."""
        return self._state.get_final()

    def close(self) -> None:
        """Close the state file."""
        self._state.close()

    def get_notices(self, limit: int = 1_000) -> list[Notice]:
        """Return the oldest notices that were not acknowledged, in order."""
        return self._state.get_notices(limit)

    def acknowledge(self, sequence: int) -> None:
        """Drop the notices up to this one: they have been dealt with."""
        self._state.acknowledge(sequence)

    def poll(self) -> int:
        """Look at the chain once and return how many notices that made.

        Raises ReorgTooDeep, FinalBlockReplaced, WatcherStateMoved, and what the chain raises. Nothing is recorded then.
        """
        cursor = self.cursor
        if self._state.count_notices() >= self._watched.max_waiting_notices:
            return 0
        step = self._look(cursor)
        return 0 if step is None else self._state.apply(step, cursor)

    def catch_up(self) -> int:
        """Poll until the head is reached and nothing more becomes known; return how many notices that made."""
        total, before = 0, None
        while (now := (self.cursor, self.final, self._state.get_blocks())) != before:
            before = now  # with the hashes: one range of a replaced chain may end where the old one did
            total += self.poll()
        return total

    def _look(self, cursor: int) -> Step | None:
        """Return what is new, or None where the chain changed under our eyes: the next look will see what became."""
        # asked first: whatever chain is read afterwards contains this block
        finalized, head, known = self._chain.get_finalized_number(), self._chain.get_head(), self._state.get_blocks()
        common = self._find_common(cursor, known)
        if common < self.final:
            raise FinalBlockReplaced(common, self.final)
        last = min(head.number, common + self._watched.max_range_blocks)
        keep_from = head.number - self._watched.max_reorg_blocks
        # of blocks so old that they are not replaced any more the range's last one will do
        first_young = max(common + 1, min(keep_from, last))
        try:
            blocks = [self._chain.get_block(number) for number in range(first_young, last + 1)]
            logs = self._read_logs(common + 1, first_young - 1, blocks)
        except BlockUnknown:
            return None
        if last < common or not self._fits(common, known, blocks):
            return None
        return Step(
            undone=self._state.get_logs_above(common),
            seen=logs,
            blocks={block.number: block.hash for block in blocks},
            common=common,
            cursor=last,
            final=max(self.final, min(finalized, last)),
            keep_from=keep_from,
        )

    def _find_common(self, cursor: int, known: dict[int, bytes]) -> int:
        """Return the last block that we read and that still stands. Assumes `known` newest first."""
        for number, block_hash in known.items():
            if self._get_hash(number) == block_hash:
                return number
        if not known:
            return cursor
        if min(known) > self._watched.first_block:
            raise ReorgTooDeep(cursor, min(known))
        return self._watched.first_block - 1  # every block that we ever read is remembered, and was replaced

    def _get_hash(self, number: int) -> bytes | None:
        try:
            return self._chain.get_block(number).hash
        except BlockUnknown:  # the chain is shorter now
            return None

    def _read_logs(self, first: int, last: int, young: Sequence[Block]) -> list[Log]:
        """Return what is watched of the old blocks first..last, by number, and of the young ones after them, by hash.

        By hash, since a node that is behind would answer a number with less, and nobody would notice.
        """
        addresses, topics = self._watched.addresses, self._watched.topics
        logs = list(self._chain.get_logs(first, last, addresses)) if first <= last else []
        for block in young:
            logs += self._chain.get_block_logs(block, addresses)
        return [log for log in logs if not topics or (log.topics and log.topics[0] in topics)]

    def _fits(self, common: int, known: dict[int, bytes], blocks: Sequence[Block]) -> bool:
        """Return whether blocks read one by one are of one chain, which goes on from `common`.

        Whether it still stands is no matter: the next look compares what is remembered of it.
        """
        hashes = {block.number: block.hash for block in blocks} | {common: known.get(common)}
        parents = ((hashes.get(block.number - 1), block.parent_hash) for block in blocks)
        return all(parent in (None, named) for parent, named in parents)


def list_topics(artifact: Artifact, *events: str) -> tuple[bytes, ...]:
    """Return the first topics of these events of a contract. Raises KeyError where it has none of a name."""
    by_name: dict[str, ABIElement] = {entry["name"]: entry for entry in artifact.abi if entry["type"] == "event"}  # type: ignore[misc]
    return tuple(event_abi_to_log_topic(by_name[event]) for event in events)  # type: ignore[arg-type]
