"""The node's core, put together: one log, what follows from it, and the tasks that add to it.

Every record goes through one writer and comes back, durable, by `_follow`, the only place where anything is learnt. The
engine, a process of its own, is told the same records; its outcomes are records too. So the node is where its log is.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rollup.oracle import SignedPrices, pick_usable
from rollup.signature_cache import SignatureCache
from rollup.snapshot import Snapshot
from rollup.tick import run_tick
from sequencer.node.admission import Admission
from sequencer.node.auctioneer import Auctioneer
from sequencer.node.command_codec import decode_command, encode_command
from sequencer.node.commands import ClientCommand, Kind, OraclePrices, QueueEntrySeen
from sequencer.node.engine_loop import BooksSeen, SnapshotMade
from sequencer.node.event_types import Event
from sequencer.node.history import History
from sequencer.node.hub import Hub
from sequencer.node.intake import Answer, Intake
from sequencer.node.leaving import list_leaving
from sequencer.node.links import LogRecord, Record
from sequencer.node.live import LiveState
from sequencer.node.live_codec import encode_live
from sequencer.node.node_views import NodeViews
from sequencer.node.outcome import Outcome
from sequencer.node.pipeline_types import BatchProgress
from sequencer.node.price_desk import PriceDesk
from sequencer.node.receipts import Receipt, ReceiptChain
from sequencer.node.recovery import recover
from sequencer.node.store import Artifact, Store
from sequencer.node.writing import Writer
from sequencer.snapshots import SnapshotFile
from verifier.queue_entries import Entry

__all__ = ["Node", "NodeSettings"]


@dataclass(frozen=True)
class NodeSettings:
    """What a node is started with, besides its store."""

    genesis: Snapshot | SnapshotFile
    shape_name: str
    receipt_key: bytes  # 32 bytes that sign receipts
    tick_s: float = 0.25
    withdraw_only: bool = False


class Node(NodeViews):
    """A `Core`. Made and used on one event loop."""

    def __init__(self, store: Store, settings: NodeSettings) -> None:
        """Read the log. Raises StoreError, and what `recover` does."""
        self._store, self._settings = store, settings
        self.history, self._hub = History(), Hub()
        self.live = recover(store, settings.genesis, self._remember, self.history.load)
        self._chain = ReceiptChain(settings.receipt_key, self.params.domain, store.head)
        self.admission = Admission(self.live)
        self.admission.withdraw_only = settings.withdraw_only
        self._writer = Writer(store, self._chain, self._follow)
        self._intake = Intake(self.admission, self._writer, self.get_receipt)
        parts = (self._writer, self._see_books, self._hand_on)
        shape_name, tick_s = settings.shape_name, settings.tick_s
        self._auctioneer = Auctioneer(self.live, self.history, shape_name, tick_s, *parts)
        self._books = BooksSeen(0, {}, {})
        self._tasks: list[asyncio.Task[None]] = []
        self._signatures = SignatureCache()
        self._price_desk = PriceDesk(self.live, self._writer, self.get_receipt, self._signatures)
        self._bringing = asyncio.Lock()
        self.on_batch: Callable[[int, bytes], None] = lambda number, trace: None  # the next batch, durable
        self.get_backlog: Callable[[], int] = lambda: 0
        self.get_alarms: Callable[[], tuple[str, ...]] = tuple
        latest = store.latest_snapshot()
        self._snapshot = latest.head.sequence if latest else 0
        self._followed = store.last_sequence
        self._set_tick()

    async def start(self) -> None:
        """Begin to take commands and to make auctions."""
        self._auctioneer.start()
        self._tasks = [asyncio.create_task(self._intake.run()), asyncio.create_task(self._auctioneer.run())]

    async def stop(self) -> None:
        """Stop auctions and commands; those that wait are answered, and nothing is being written any more."""
        self._intake.close()
        for task in self._tasks[1:]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._writer.drain()
        self._auctioneer.close()

    async def put_snapshot(self) -> None:
        """Keep the state, so that the next start reads only what comes after. Made by the engine where one runs."""
        made = await self._auctioneer.make_snapshot(self._followed) or await self._make_snapshot()
        await asyncio.to_thread(self._store.put_snapshot, made.sequence, made.body)
        self._snapshot = made.sequence

    async def _make_snapshot(self) -> SnapshotMade:
        sequence, live, history = self._followed, self.live.copy(), self.history.copy()
        return SnapshotMade(sequence, await asyncio.to_thread(lambda: encode_live(live, history.dump())))

    @property
    def snapshot_sequence(self) -> int:
        """The last record in the latest snapshot, 0 before the first."""
        return self._snapshot

    @property
    def records_since_snapshot(self) -> int:
        """How many records the next start would read."""
        return self._followed - self._snapshot

    # --- what comes in ----------------------------------------------------------------------------------------------
    async def submit(self, commands: Sequence[ClientCommand]) -> list[Answer]:
        """Return each command's receipt once it is durable, or why it was refused. Raises StoreError, NodeBusy."""
        return await self._intake.submit(commands)

    async def submit_prices(self, signed: SignedPrices) -> Receipt:
        """Return the receipt of an oracle's message once it is durable.

        Raises ValueOutOfRange, PricesRefused, StoreError.
        """
        return await self._price_desk.take(signed)

    async def take_entry(self, index: int, entry: Entry) -> None:
        """Write a final entry of the base layer's queue; one that was written before is passed over."""
        async with self._bringing:  # two who bring the same at once must not both find it missing
            if index == self.live.next_entry:
                await self._writer.append([encode_command(QueueEntrySeen(index, entry))])

    async def write(self, records: Sequence[Record], artifacts: Sequence[Artifact] = ()) -> None:
        """Write records of the pipeline; artefacts that stand there already are no error. Raises StoreError."""
        await self._writer.append(records, artifacts)

    def see_entry(self, seen: QueueEntrySeen, is_undone: bool) -> None:
        """Show an entry of the queue that is not final on the base layer yet, or that a reorg took back."""
        view = self.history.see_entry(seen.index, seen.entry, is_undone)
        if view is not None:
            self._hub.publish([view])

    def set_progress(self, number: int, progress: BatchProgress) -> None:
        """Note how far a batch is, and tell."""
        view = self.history.set_progress(number, progress)
        if view is not None:
            self._hub.publish([view])

    def set_interval(self, seconds: float) -> None:
        """Keep so much time between auctions."""
        self._auctioneer.interval_s = seconds

    # --- what is durable --------------------------------------------------------------------------------------------
    def _follow(self, records: Sequence[LogRecord]) -> None:
        """Learn what was written."""
        for record in records:
            self._followed = record.sequence
            leaving = list_leaving(self.live, record) if len(self._hub) else ()  # nobody else wants to know
            outcome = self._apply(record)
            self._hub.publish(leaving)
            self._hub.publish(self._remember(self.live, record, outcome))
            if outcome is not None:
                self.admission.follow(outcome)
            if outcome is not None or record.kind == Kind.PRICES:
                self._set_tick()
        self._auctioneer.tell(records)

    def _apply(self, record: LogRecord) -> Outcome | None:
        """Take in a record; return the outcome if it is one. The auctioneer knows what stands in those it writes."""
        outcome = self._auctioneer.recall(record)
        if outcome is None:
            return self.live.apply(record)
        self.live.follow(outcome)
        return outcome

    def _remember(self, live: LiveState, record: LogRecord, outcome: Outcome | None) -> list[Event]:
        """Note what a record says for those who ask later; return it as events."""
        if outcome is None and record.kind != Kind.ENTRY:
            return []
        if outcome is None:
            command = decode_command(record.kind, record.body)
            assert isinstance(command, QueueEntrySeen)
            return [self.history.add_entry(command.index, command.entry)]
        return self.history.add_outcome(outcome, live.before, record.time_us)

    def _set_tick(self) -> None:
        """Judge by the prices that are known now."""
        header = self.live.state.header
        now_s = max(int(time.time()), header.timestamp_s + 1)
        messages = [decode_command(one.kind, one.body) for one in self.live.prices.values()]
        prices = [one.signed for one in messages if isinstance(one, OraclePrices)]
        usable = pick_usable(prices, self.params, header.signer_times_s, now_s, self._signatures)
        self.admission.set_tick(run_tick(header, self.params, usable, now_s))

    def _hand_on(self, number: int, batch: bytes) -> None:
        self.on_batch(number, batch)

    def _see_books(self, seen: BooksSeen) -> None:
        self._books = seen
