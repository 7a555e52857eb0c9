"""The process that makes auctions: told the records of the log, it says when it wants an auction and what came of it.

It has the books to itself, so that acknowledging orders never waits for an auction. Snapshots are made here too, of
what it learnt from the same records: that is a second of Python, and the node's own is for acknowledging. It decides
nothing that the log does not say: should it die, another one begins where the log stands. An auction that was called
before and of which nothing came is not held then: records after it are in the books already. Another is called.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Final, TypeAlias

from prover import kernel
from rollup.codec import encode_trace
from rollup.errors import RollupError
from rollup.shapes import get_shape
from rollup.units import MARKET_COUNT
from sequencer.node.auction_book import Depth
from sequencer.node.command_codec import decode_command
from sequencer.node.commands import Kind, QueueEntrySeen
from sequencer.node.history import History
from sequencer.node.links import LogRecord
from sequencer.node.live import LiveState
from sequencer.node.live_codec import encode_live
from sequencer.node.outcome import Outcome, encode_outcome
from sequencer.node.priorities import give_way
from sequencer.node.sequencing import Sequencing

__all__ = [
    "ENGINE_NICENESS",
    "AuctionWanted",
    "BooksSeen",
    "EngineFailed",
    "EngineMessage",
    "EngineStart",
    "OutcomeMade",
    "SnapshotMade",
    "SnapshotWanted",
    "run_engine",
]

_DEPTH_LEVELS: Final = 50
ENGINE_NICENESS: Final = 7  # a quarter of the processor where orders want it too: they are acknowledged meanwhile


@dataclass(frozen=True)
class EngineStart:
    """What the log says so far."""

    live: LiveState
    history: History


@dataclass(frozen=True)
class SnapshotWanted:
    """The state is to be encoded as it stands after the records told so far. Assumes that no auction is under way."""

    sequence: int  # of the last of them


@dataclass(frozen=True)
class AuctionWanted:
    """An auction now might do something."""


@dataclass(frozen=True)
class OutcomeMade:
    """What came of the auction that was called, and the batch's trace in the bytes of a batch file."""

    outcome: Outcome
    body: bytes  # of its record
    trace: bytes | None
    seconds: float  # it took


@dataclass(frozen=True)
class BooksSeen:
    """The depth of the markets in use, since it changed."""

    sequence: int  # of the last record in it
    depths: dict[int, Depth]
    prices: dict[int, int]  # at which they would clear now, in ticks


@dataclass(frozen=True)
class EngineFailed:
    """The engine cannot go on: the log says what cannot be."""

    error: RollupError


@dataclass(frozen=True)
class SnapshotMade:
    """The state behind a record, as a snapshot's body."""

    sequence: int
    body: bytes


EngineMessage: TypeAlias = AuctionWanted | OutcomeMade | BooksSeen | EngineFailed | SnapshotMade


def run_engine(connection: Connection, shape_name: str, tick_s: float) -> None:
    """Serve until the other end closes: where it starts comes in, then lists of records; messages go out."""
    kernel.install()
    give_way(ENGINE_NICENESS)
    try:
        start: EngineStart = connection.recv()
        _Loop(connection, Sequencing(start.live, get_shape(shape_name)), start.history, tick_s).run()
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        return
    except RollupError as error:
        connection.send(EngineFailed(error))


class _Loop:
    def __init__(self, connection: Connection, sequencing: Sequencing, history: History, tick_s: float) -> None:
        self._connection, self._sequencing, self._tick_s = connection, sequencing, tick_s
        self._history = history  # of what stands in the log
        self._made: Outcome | None = None  # the last one
        self._snapshots: SimpleQueue[SnapshotMade] = SimpleQueue()  # made, and not sent yet
        self._sequence = self._shown = 0
        self._is_asked = False  # an auction was wanted, and none was called since

    def run(self) -> None:
        """Answer records as they come, and look at the books at every tick."""
        next_tick = time.monotonic()
        while True:
            if self._connection.poll(max(0.0, next_tick - time.monotonic())):
                message: list[LogRecord] | SnapshotWanted = self._connection.recv()
                if isinstance(message, SnapshotWanted):
                    self._begin_snapshot(message.sequence)
                else:
                    for record in message:
                        self._take(record)
                continue
            next_tick = time.monotonic() + self._tick_s
            self._look()

    def _take(self, record: LogRecord) -> None:
        self._sequence = record.sequence
        if record.kind in (Kind.GROUP, Kind.PROVED, Kind.SETTLED):
            return  # they do not concern the books
        if record.kind == Kind.OUTCOME:
            if self._sequencing.live.auction is not None:  # called before this process began, and made by the last one
                self._made = self._sequencing.follow(record)
            assert self._made is not None, "an outcome that nobody made"
            self._history.add_outcome(self._made, self._sequencing.live.before, record.time_us)
            return
        if record.kind == Kind.ENTRY:
            seen = decode_command(record.kind, record.body)
            assert isinstance(seen, QueueEntrySeen)
            self._history.add_entry(seen.index, seen.entry)
        self._sequencing.apply(record)
        if record.kind == Kind.AUCTION:
            self._run_auction()

    def _run_auction(self) -> None:
        started_s = time.perf_counter()
        outcome, trace = self._sequencing.run_auction()
        self._is_asked = False
        self._made = outcome
        data = None if trace is None else encode_trace(trace)
        self._connection.send(OutcomeMade(outcome, encode_outcome(outcome), data, time.perf_counter() - started_s))

    def _begin_snapshot(self, sequence: int) -> None:
        """Encode what stands now in a thread: auctions go on."""
        live, history = self._sequencing.live.copy(), self._history.copy()

        def encode() -> None:
            self._snapshots.put(SnapshotMade(sequence, encode_live(live, history.dump())))

        threading.Thread(target=encode, name="snapshot", daemon=True).start()

    def _look(self) -> None:
        while not self._snapshots.empty():
            self._connection.send(self._snapshots.get())
        if not self._is_asked and self._sequencing.would_act(int(time.time())):
            self._is_asked = True
            self._connection.send(AuctionWanted())
        if self._shown != self._sequence:
            self._shown = self._sequence
            params, orders = self._sequencing.live.params, self._sequencing.books.orders
            markets = [market for market in range(MARKET_COUNT) if params.is_market_open(market)]
            depths = {market: orders.get_depth(market, _DEPTH_LEVELS) for market in markets}
            self._connection.send(BooksSeen(self._sequence, depths, dict(self._sequencing.indicative)))
