"""The one hand that writes the log: records in, their places and receipts out, once they are durable.

A few records go to a disk that was quick lately from the loop itself: two threads that take turns at Python, and a
waking of each, would take longer than writing does. More, or a disk that takes its time, keep a thread busy.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from sequencer.node.links import LogRecord, Record, link_records
from sequencer.node.receipts import Receipt, ReceiptChain
from sequencer.node.store import Artifact, Store

__all__ = ["Writer"]

_Written: TypeAlias = tuple[list[LogRecord], list[Receipt]]
_FEW: Final = 64  # records, signed and written in a millisecond or two
_QUICK_S: Final = 0.002  # that an append took lately
_WEIGHT: Final = 0.2  # of the latest one


class Writer:
    """Appends for several tasks of one event loop, one group at a time, in the order in which they ask."""

    def __init__(self, store: Store, chain: ReceiptChain, follow: Callable[[Sequence[LogRecord]], None]) -> None:
        """The chain stands at the store's head. `follow` is told of each group once it is durable, in order."""
        self._store, self._chain, self._follow = store, chain, follow
        self._lock = asyncio.Lock()
        self._running: set[asyncio.Task[_Written]] = set()
        self._append_s = 10 * _QUICK_S  # lately; slow until it has shown otherwise

    async def append(self, records: Sequence[Record], artifacts: Sequence[Artifact] = ()) -> _Written:
        """Return the records in their places, and their receipts. Raises StoreError: then no record was written.

        Artefacts that stand there already with the same bytes are no error. Raises ArtifactExists for other bytes.
        Whoever asks may be cancelled; what was begun is written, and followed, all the same.
        """
        if len(records) <= _FEW and not artifacts and self._append_s < _QUICK_S and not self._running:
            linked, receipts = self._append(records, artifacts)
            self._follow(linked)
            return linked, receipts
        task = asyncio.create_task(self._append_in_turn(records, artifacts))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def drain(self) -> None:
        """Wait until nothing is being written."""
        while self._running:
            await asyncio.wait(self._running)

    async def _append_in_turn(self, records: Sequence[Record], artifacts: Sequence[Artifact]) -> _Written:
        async with self._lock:
            linked, receipts = await asyncio.to_thread(self._append, records, artifacts)
            self._follow(linked)
        return linked, receipts

    def _append(self, records: Sequence[Record], artifacts: Sequence[Artifact]) -> _Written:
        fresh = [one for one in artifacts if self._store.get_artifact(one.kind, one.name) != one.body]
        if not records:
            for one in fresh:
                self._store.put_artifact(*one)
            return [], []
        head, now_us, started_s = self._chain.head, time.time_ns() // 1000, time.monotonic()
        self._store.append(records, now_us=now_us, artifacts=fresh)
        self._append_s += _WEIGHT * (time.monotonic() - started_s - self._append_s)
        linked = link_records(head, records, now_us)
        return linked, self._chain.vouch(linked)
