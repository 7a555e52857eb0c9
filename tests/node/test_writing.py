"""The one hand that writes: on the loop or beside it, what is written, followed and vouched for is one log."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path
from random import Random
from typing import Any

from sequencer.node.links import LogRecord, Record
from sequencer.node.opening import open_store
from sequencer.node.receipts import ReceiptChain, verify_chain
from sequencer.node.store import MAX_READ, Artifact, Store
from sequencer.node.writing import Writer

KEY, DOMAIN = bytes(range(32)), 7


class WatchedStore:
    """A store that notes in which thread it is written, and takes longer if asked."""

    def __init__(self, store: Store) -> None:
        self.store, self.append_s = store, 0.0
        self.on_loop: list[bool] = []

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 (whatever a store has)
        return getattr(self.store, name)

    def append(self, *args: Any, **named: Any) -> int:  # noqa: ANN401 (as the store's)
        """Do as the store does."""
        self.on_loop.append(threading.current_thread() is threading.main_thread())
        time.sleep(self.append_s)
        return self.store.append(*args, **named)


class Desk:
    """A writer over a folder's store, and what it told."""

    def __init__(self, store: Store) -> None:
        self.store, self.chain = WatchedStore(store), ReceiptChain(KEY, DOMAIN, store.head)
        self.followed: list[LogRecord] = []
        self.writer = Writer(self.store, self.chain, self.followed.extend)  # type: ignore[arg-type] # a store but for its class

    async def write(self, count: int, *artifacts: Artifact) -> bool:
        """Append so many records; return whether that was done on the loop."""
        await self.writer.append([Record(1, b"x")] * count, artifacts)
        return self.store.on_loop[-1]


def test_few_records_are_written_on_the_loop_where_the_disk_is_quick(tmp_path: Path) -> None:
    async def play(desk: Desk) -> None:
        desk.writer._append_s = 0.0  # as after a while on a quick disk
        assert await desk.write(1)
        desk.writer._append_s = 0.0
        assert not await desk.write(1_000)
        desk.writer._append_s = 0.0
        assert not await desk.write(1, Artifact("batch", "1", b"trace"))

    with open_store(str(tmp_path)) as store:
        asyncio.run(play(Desk(store)))


def test_slow_disk_keeps_a_thread_busy_and_not_the_loop(tmp_path: Path) -> None:
    async def play(desk: Desk) -> None:
        assert not await desk.write(1)  # nothing is known of the disk yet
        desk.writer._append_s, desk.store.append_s = 0.0, 0.02
        assert await desk.write(1)  # the first that is slow
        assert not await desk.write(1)
        assert not await desk.write(1)

    with open_store(str(tmp_path)) as store:
        asyncio.run(play(Desk(store)))


def test_few_records_do_not_overtake_those_that_asked_before(tmp_path: Path) -> None:
    async def play(desk: Desk) -> None:
        desk.writer._append_s = 0.0
        many = asyncio.create_task(desk.writer.append([Record(1, b"many")] * 200))
        more = asyncio.create_task(desk.writer.append([Record(1, b"more")] * 200))
        await asyncio.sleep(0)  # both have asked, neither has written
        await asyncio.gather(many, more, desk.writer.append([Record(1, b"few")]))
        assert [one.body for one in desk.followed] == [b"many"] * 200 + [b"more"] * 200 + [b"few"]

    with open_store(str(tmp_path)) as store:
        asyncio.run(play(Desk(store)))


def test_groups_of_many_tasks_are_one_log_in_order(tmp_path: Path) -> None:
    async def play(desk: Desk) -> None:
        random, sizes = Random(0), []

        async def append(number: int) -> None:
            await asyncio.sleep(random.random() / 50)
            desk.writer._append_s = random.choice((0.0, 1.0))  # a disk that is quick at times
            sizes.append(count := random.choice((1, 2, 5, 200)))
            records = [Record(number + 1, b"%d" % index) for index in range(count)]
            linked, receipts = await desk.writer.append(records)
            assert [(one.kind, one.body) for one in linked] == [tuple(one) for one in records]
            assert [one.sequence for one in receipts] == [one.sequence for one in linked]
            verify_chain(receipts, desk.chain.public_key, DOMAIN)

        await asyncio.gather(*(append(number) for number in range(60)))
        await desk.writer.drain()
        assert len(desk.followed) == sum(sizes)
        assert False in desk.store.on_loop

    with open_store(str(tmp_path)) as store:
        desk = Desk(store)
        asyncio.run(play(desk))
        written = [one for after in range(0, store.last_sequence, MAX_READ) for one in store.read(after, MAX_READ)]
        assert desk.followed == written
        assert desk.chain.head == store.head
