"""A node, running: its core, the proving pipeline and the publisher behind it, prices in front, all from one folder.

Started, it is where its store says; stopped, nothing is lost: what is in the making is made again from the log.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from rollup.codec import decode_trace
from rollup.errors import RollupError
from sequencer.node import collecting
from sequencer.node.alarms import Alarms
from sequencer.node.base_messages import PublisherConfig, PublisherSettings
from sequencer.node.commands import QueueEntrySeen
from sequencer.node.errors import StoreFull, StoreUnavailable
from sequencer.node.links import Record
from sequencer.node.node import Node, NodeSettings
from sequencer.node.oracle import PriceSource
from sequencer.node.pipeline import ProvingPipeline
from sequencer.node.pipeline_types import GroupSettled, PipelineSettings
from sequencer.node.price_refusals import PricesRefused
from sequencer.node.price_watch import PriceWatch
from sequencer.node.proving_pool import ProofExecutor
from sequencer.node.pruning import DAY_S, prune
from sequencer.node.publisher_process import PublisherProcess
from sequencer.node.stages import BATCH, name_batch
from sequencer.node.store import Artifact, Store
from sequencer.node.view_types import BatchStage

__all__ = ["RunSettings", "RunningNode", "running_node"]

_PACE_S: Final = 0.5  # how often the interval between auctions follows the backlog
_PAUSE_S: Final = 0.5  # before the store is asked again


@dataclass(frozen=True)
class RunSettings:
    """Where a node's parts are."""

    folder: Path
    base_layer: str  # embedded:PATH or a node's address
    node: NodeSettings
    pipeline: PipelineSettings
    publisher: PublisherSettings = field(default_factory=PublisherSettings)
    snapshot_records: int = 100_000  # in the log behind the last snapshot
    min_interval_s: float = 0.25  # between auctions
    prices_s: float = 1.0  # between two looks at the prices
    keep_settled_days: float = 0.0  # of settled batches' files and their log; 0: for ever


class RunningNode:
    """The parts, and how they hear of each other. Threads of pipeline and publisher call back here."""

    def __init__(
        self, store: Store, settings: RunSettings, executor: ProofExecutor, prices: PriceSource | None
    ) -> None:
        """Read the store. Raises StoreError, PipelineCorrupt, and what `Node` does."""
        self._loop = asyncio.get_running_loop()
        self._store, self._prices, self._settings = store, prices, settings
        self.alarms = Alarms()
        self.node = Node(store, settings.node)
        self.pipeline = ProvingPipeline(
            store,
            self._write,
            executor,
            settings.pipeline,
            publish=lambda group: self.publisher.publish(group),
            on_stage=self._on_stage,
            alarms=self.alarms,
        )
        config = PublisherConfig(settings.base_layer, settings.folder, settings.publisher)
        self.publisher = PublisherProcess(config, self.node.live.next_entry, self, self.alarms)
        self.node.on_batch = self._add_batch
        self.node.get_backlog = lambda: self.pipeline.backlog
        self.node.get_alarms = self.alarms.list_texts
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = threading.Event()
        self._decoding = ThreadPoolExecutor(1, "batches")  # off the loop, one after the other

    async def start(self) -> None:
        """Start every part; batches that the pipeline does not know yet are handed to it."""
        for number in range(self.pipeline.next_batch, self.node.live.state.header.batch_number + 1):
            trace = self._store.get_artifact(BATCH, name_batch(number))
            assert trace is not None, f"batch {number} is in the log and not in the store"
            self.pipeline.add(decode_trace(trace, name_batch(number)))
        self._tell_stages()
        self.pipeline.start()
        self.publisher.start()
        await self.node.start()
        collecting.rest()
        self._tasks = [asyncio.create_task(self._keep_pace())]
        if self._prices is not None:
            self._tasks.append(asyncio.create_task(self._bring_prices(self._prices)))

    async def stop(self) -> None:
        """Stop every part and keep a snapshot, from which the next start begins. Raises StoreError: there is none."""
        self._stopping.set()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        # their threads write through this loop, so it goes on turning while they end
        await asyncio.to_thread(self._decoding.shutdown)
        await asyncio.to_thread(self.publisher.close)
        await asyncio.to_thread(self.pipeline.close)
        await self.node.stop()
        await self.node.put_snapshot()

    # --- from the pipeline's thread ---------------------------------------------------------------------------------
    def _write(self, records: Sequence[Record], artifacts: Sequence[Artifact]) -> None:
        """Return once it is durable. Raises StoreError."""
        asyncio.run_coroutine_threadsafe(self.node.write(records, artifacts), self._loop).result()

    def _on_stage(self, batch: int, stage: BatchStage) -> None:
        progress = self.pipeline.get_progress(batch)
        if progress is not None:
            self._loop.call_soon_threadsafe(self.node.set_progress, batch, replace(progress, stage=stage))

    # --- from the publisher's thread: `Listener` --------------------------------------------------------------------
    def on_entry(self, entry: QueueEntrySeen) -> None:
        """Take the next final entry of the queue; return once it is durable, however long the store takes.

        Raises StoreFull, StoreUnavailable where the node stops meanwhile: the publisher tells it again after a start.
        """
        while True:
            taken = asyncio.run_coroutine_threadsafe(self.node.take_entry(entry.index, entry.entry), self._loop)
            try:
                taken.result()
            except (StoreFull, StoreUnavailable):
                if self._stopping.wait(_PAUSE_S):
                    raise
            else:
                return

    def on_entry_seen(self, entry: QueueEntrySeen, is_undone: bool) -> None:
        """Show an entry that is not final yet, or is no more."""
        self._loop.call_soon_threadsafe(self.node.see_entry, entry, is_undone)

    def on_settled(self, settled: GroupSettled, done: Callable[[], None]) -> None:
        """Take note of a settled group."""
        self.pipeline.settled(settled, done)

    def on_lost(self) -> None:
        """The publisher begins anew: it is told again of what is proved."""
        self.pipeline.republish()

    # --- on the loop ------------------------------------------------------------------------------------------------
    def _add_batch(self, number: int, trace: bytes) -> None:
        self._decoding.submit(lambda: self.pipeline.add(decode_trace(trace, name_batch(number))))

    def _tell_stages(self) -> None:
        """Set the stage of the batches that are remembered from the log."""
        for view in self.node.list_batches(1_000_000):
            progress = self.pipeline.get_progress(view.number)
            if progress is not None:
                self.node.set_progress(view.number, progress)

    async def _keep_pace(self) -> None:
        """Let auctions follow the backlog, watch the oracle, and take a snapshot where a start would read too much."""
        watch = PriceWatch(time.monotonic())
        while True:
            silence = watch.look(self.node.get_oracle().is_stale, time.monotonic())
            if silence is None:
                self.alarms.clear("oracle_silent")
            else:
                self.alarms.sound("oracle_silent", silence)
            self.node.set_interval(max(self.pipeline.interval_ms / 1000, self._settings.min_interval_s))
            if self.node.records_since_snapshot >= self._settings.snapshot_records:
                with contextlib.suppress(StoreFull, StoreUnavailable):  # the next look tries again
                    await self._put_snapshot()
            collecting.collect()
            await asyncio.sleep(_PACE_S)

    async def _put_snapshot(self) -> None:
        """Take a snapshot; what need not be kept behind the one before it is removed."""
        before = self.node.snapshot_sequence
        await self.node.put_snapshot()
        if self._settings.keep_settled_days:
            since_s = int(time.time() - self._settings.keep_settled_days * DAY_S)
            try:
                await asyncio.to_thread(prune, self._store, self.pipeline.n_settled, since_s, before)
            except RollupError as error:
                self.alarms.sound("pruning", f"{error.code}: {error}")
            else:
                self.alarms.clear("pruning")

    async def _bring_prices(self, source: PriceSource) -> None:
        """Write what the signers say where it is new, or the last they said grows old."""
        said: tuple[int, ...] = ()
        said_s = 0
        while True:
            now_s = int(time.time())
            messages = source.sign(now_s)
            if messages[0].prices_ticks != said or now_s - said_s >= self.node.params.oracle_max_age_s // 4:
                with contextlib.suppress(StoreFull, StoreUnavailable):  # the next ones may find room
                    for signed in messages:
                        with contextlib.suppress(PricesRefused):  # a clock that went back: the next look is later
                            await self.node.submit_prices(signed)
                    said, said_s = messages[0].prices_ticks, now_s
            await asyncio.sleep(self._settings.prices_s)


@asynccontextmanager
async def running_node(
    store: Store, settings: RunSettings, executor: ProofExecutor, prices: PriceSource | None
) -> AsyncIterator[RunningNode]:
    """Yield a node that runs while the body does. Raises as `RunningNode`."""
    running = RunningNode(store, settings, executor, prices)
    await running.start()
    try:
        yield running
    finally:
        await running.stop()
