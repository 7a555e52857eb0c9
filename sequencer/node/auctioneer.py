"""Calls auctions: when the engine wants one and it is time, and writes what came of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Final

from rollup.errors import RollupError
from sequencer.node.commands import Kind
from sequencer.node.engine import Engine
from sequencer.node.engine_loop import (
    AuctionWanted,
    BooksSeen,
    EngineFailed,
    EngineMessage,
    EngineStart,
    OutcomeMade,
    SnapshotMade,
)
from sequencer.node.errors import StoreFull, StoreUnavailable
from sequencer.node.history import History
from sequencer.node.links import LogRecord, Record
from sequencer.node.live import Auction, LiveState, encode_auction
from sequencer.node.outcome import Outcome
from sequencer.node.refusals import StateDiverged
from sequencer.node.restarts import Restarts
from sequencer.node.stages import BATCH, name_batch
from sequencer.node.store import Artifact
from sequencer.node.writing import Writer

__all__ = ["Auctioneer"]

_PAUSE_S: Final = 0.5  # before the store is asked again


class Auctioneer:
    """One engine, started again where it dies, and the task that calls its auctions."""

    def __init__(
        self,
        live: LiveState,
        history: History,
        shape_name: str,
        tick_s: float,
        writer: Writer,
        on_books: Callable[[BooksSeen], None],
        on_batch: Callable[[int, bytes], None],
    ) -> None:
        """`on_batch` is handed each batch, by number and as a file's bytes, once it is durable."""
        self.interval_s = tick_s  # between auctions, at least
        self.deaths = 0  # of the engine so far
        self.last_auction_s = 0.0  # how long it took
        self.failure: RollupError | None = None  # why there can be no auctions any more
        self._live, self._history, self._shape_name, self._tick_s = live, history, shape_name, tick_s
        self._writer, self._on_books, self._on_batch = writer, on_books, on_batch
        self._engine: Engine | None = None
        self._restarts = Restarts("engine")
        self._restart: asyncio.TimerHandle | None = None  # of an engine that waits to be started again
        self._void: Auction | None = None  # called before the engine began: it never holds that one
        self._inbox: asyncio.Queue[tuple[int, EngineMessage]] = asyncio.Queue()  # with the number of the engine
        self._called_at = 0.0
        self._made: OutcomeMade | None = None  # the last one
        self._snapshot: asyncio.Future[SnapshotMade | None] | None = None  # wanted
        self._is_snapshot_asked = False

    @property
    def engine_pid(self) -> int | None:
        """Of the engine's process, None where none runs."""
        return None if self._engine is None else self._engine.pid

    def list_alarms(self) -> tuple[str, ...]:
        """Return why there are no auctions, or may be none, if that is so."""
        if self.failure is not None:
            return (f"no auctions: {self.failure}",)
        dying = self._restarts.find_alarm(time.monotonic())
        return () if dying is None else (dying,)

    def start(self) -> None:
        """Start the engine where the log stands."""
        number, self._void, self._restart = self.deaths, self._live.auction, None
        self._restarts.note_start(time.monotonic())

        def take(message: EngineMessage) -> None:
            if isinstance(message, EngineFailed):
                self.failure = message.error  # now: its process ends, and is not to be started again
            self._inbox.put_nowait((number, message))

        start = EngineStart(self._live.copy(), self._history.copy())
        self._engine = Engine(start, self._shape_name, self._tick_s, take, self._start_again)

    def close(self) -> None:
        """End the engine, and do not start it again."""
        if self._restart is not None:
            self._restart.cancel()
            self._restart = None
        if self._engine is not None:
            self._engine.close()
            self._engine = None
        self._end_snapshot(None)

    def tell(self, records: Sequence[LogRecord]) -> None:
        """Hand records of the log on, which `live` holds already."""
        if self._engine is not None and records:  # none: artefacts alone were written
            self._engine.tell(records)
            self._ask_snapshot(records[-1].sequence)

    async def make_snapshot(self, sequence: int) -> SnapshotMade | None:
        """Return the state as the engine has it, behind record `sequence`, the log's last, or a later one.

        None where no engine runs, or it ends meanwhile. Assumes that no other snapshot is waited for.
        """
        if self._engine is None or self.failure is not None:
            return None
        self._snapshot, self._is_snapshot_asked = asyncio.get_running_loop().create_future(), False
        self._ask_snapshot(sequence)
        return await self._snapshot

    def _ask_snapshot(self, sequence: int) -> None:
        """Ask for the snapshot that is wanted, unless an outcome is on its way: the engine is ahead of the log then."""
        if self._snapshot is None or self._is_snapshot_asked or self._engine is None or self._is_under_way:
            return
        self._is_snapshot_asked = True
        self._engine.ask_snapshot(sequence)

    def _end_snapshot(self, made: SnapshotMade | None) -> None:
        if self._snapshot is not None and not self._snapshot.done():
            self._snapshot.set_result(made)
        self._snapshot = None

    @property
    def _is_under_way(self) -> bool:
        """Whether the engine has an auction to hold, whose outcome is not in the log yet."""
        return self._live.auction not in (None, self._void)

    async def run(self) -> None:
        """Answer the engine until cancelled, or until there can be no auctions any more: `failure` says why."""
        while self.failure is None:
            number, message = await self._inbox.get()
            if number != self.deaths or self.failure is not None:
                continue  # of an engine that has died since: what took its place knows nothing of it
            try:
                await self._answer(message)
            except RollupError as error:
                self.failure = error
        self._end_snapshot(None)

    async def _answer(self, message: EngineMessage) -> None:
        match message:
            case BooksSeen() as seen:
                self._on_books(seen)
            case AuctionWanted():
                await self._call()
            case OutcomeMade() as made:
                await self._keep(made)
            case SnapshotMade() as made:
                self._end_snapshot(made)
            case EngineFailed(error):
                self.failure = error

    async def _call(self) -> None:
        """Write that an auction is held, once the interval and the second of the last batch are over."""
        if self._is_under_way:
            return
        await asyncio.sleep(max(0.0, self._called_at + self.interval_s - time.monotonic()))
        while (timestamp_s := int(time.time())) <= self._live.state.header.timestamp_s:
            left_s = self._live.state.header.timestamp_s + 1 - time.time()
            await asyncio.sleep(max(0.0, min(left_s, _PAUSE_S)))  # a clock that went back may be set right meanwhile
        self._called_at = time.monotonic()
        await self._write([Record(Kind.AUCTION, encode_auction(timestamp_s))])

    async def _keep(self, made: OutcomeMade) -> None:
        """Write what came of an auction, unless another engine's word on it stands already."""
        if self._live.auction is None or self._live.auction.sequence != made.outcome.auction:
            return
        self._check_follows(made)
        self.last_auction_s = made.seconds
        self._made = made
        record = Record(Kind.OUTCOME, made.body)
        if made.trace is None or made.outcome.batch is None:
            await self._write([record])
            return
        number = made.outcome.batch.header.batch_number
        await self._write([record], [Artifact(BATCH, name_batch(number), made.trace)])
        self._on_batch(number, made.trace)

    def recall(self, record: LogRecord) -> Outcome | None:
        """Return what an OUTCOME record holds, if it is the one that was written last: it need not be read again."""
        made = self._made
        return made.outcome if made is not None and record.kind == Kind.OUTCOME and record.body == made.body else None

    def _check_follows(self, made: OutcomeMade) -> None:
        """Raise StateDiverged where the batch is not on the log's state: in the log it would bar the next start."""
        batch, root = made.outcome.batch, self._live.state.state_root
        if batch is not None and batch.old_state_root != root:
            raise StateDiverged(made.outcome.auction, "old_state_root", str(batch.old_state_root), str(root))

    async def _write(self, records: Sequence[Record], artifacts: Sequence[Artifact] = ()) -> None:
        """Write, however long the store takes to come back: an auction once held is not held otherwise."""
        while True:
            try:
                await self._writer.append(records, artifacts)
            except (StoreFull, StoreUnavailable):
                await asyncio.sleep(_PAUSE_S)
            else:
                return

    def _start_again(self) -> None:
        """The engine died: another takes its place, with what the log says, after a pause where it keeps dying."""
        self.deaths += 1
        self.close()
        pause_s = self._restarts.note_end(time.monotonic())
        if self.failure is not None:
            return
        if pause_s:
            self._restart = asyncio.get_running_loop().call_later(pause_s, self.start)
        else:
            self.start()
