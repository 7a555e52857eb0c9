"""The one hand that writes the log: records in, their places and receipts out, once they are durable."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from sequencer.node.links import LogRecord, Record, link_records
from sequencer.node.receipts import Receipt, ReceiptChain
from sequencer.node.store import Artifact, Store

__all__ = ["Writer"]


class Writer:
    """Appends for several tasks of one event loop, one group at a time, in the order in which they ask."""

    def __init__(self, store: Store, chain: ReceiptChain, follow: Callable[[Sequence[LogRecord]], None]) -> None:
        """The chain stands at the store's head. `follow` is told of each group once it is durable, in order."""
        self._store, self._chain, self._follow = store, chain, follow
        self._lock = asyncio.Lock()
        self._running: set[asyncio.Task[tuple[list[LogRecord], list[Receipt]]]] = set()

    async def append(
        self, records: Sequence[Record], artifacts: Sequence[Artifact] = ()
    ) -> tuple[list[LogRecord], list[Receipt]]:
        """Return the records in their places, and their receipts. Raises StoreError: then no record was written.

        Artefacts that stand there already with the same bytes are no error. Raises ArtifactExists for other bytes.
        Whoever asks may be cancelled; what was begun is written, and followed, all the same.
        """
        task = asyncio.create_task(self._append_in_turn(records, artifacts))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def drain(self) -> None:
        """Wait until nothing is being written."""
        while self._running:
            await asyncio.wait(self._running)

    async def _append_in_turn(
        self, records: Sequence[Record], artifacts: Sequence[Artifact]
    ) -> tuple[list[LogRecord], list[Receipt]]:
        async with self._lock:
            linked, receipts = await asyncio.to_thread(self._append, records, artifacts)
            self._follow(linked)
        return linked, receipts

    def _append(
        self, records: Sequence[Record], artifacts: Sequence[Artifact]
    ) -> tuple[list[LogRecord], list[Receipt]]:
        fresh = [one for one in artifacts if self._store.get_artifact(one.kind, one.name) != one.body]
        if not records:
            for one in fresh:
                self._store.put_artifact(*one)
            return [], []
        head, now_us = self._chain.head, time.time_ns() // 1000
        self._store.append(records, now_us=now_us, artifacts=fresh)
        linked = link_records(head, records, now_us)
        return linked, self._chain.vouch(linked)
