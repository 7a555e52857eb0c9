"""The node's side of its publisher: started again when it is lost, and each notice dealt with once, in order."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from itertools import count
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Final, Protocol

from sequencer.node.alarms import Alarms
from sequencer.node.base_messages import (
    Acknowledge,
    AlarmChanged,
    Answer,
    Ask,
    ChainSeen,
    EntryNotice,
    FromPublisher,
    Notice,
    PublicRequest,
    PublisherConfig,
    Stop,
    ToPublisher,
)
from sequencer.node.commands import QueueEntrySeen
from sequencer.node.pipeline_state import ProvedGroup
from sequencer.node.pipeline_types import GroupSettled
from sequencer.node.proving_errors import EntryOutOfTurn, PublisherLost
from sequencer.node.publisher_main import run_publisher
from verifier.queue_entries import decode_entry
from verifier.watcher import Kind

__all__ = ["Listener", "PublisherProcess"]

_RESTART_PAUSE_S: Final = 1.0
_STOP_PATIENCE_S: Final = 5.0


class Listener(Protocol):
    """Who hears of the base layer. Called from the publisher's thread in the node, one call at a time."""

    def on_entry(self, entry: QueueEntrySeen) -> None:
        """Take the next final entry of the queue; return once it is durable. Each comes once, in order."""
        ...

    def on_entry_seen(self, entry: QueueEntrySeen, is_undone: bool) -> None:
        """Hear of an entry that is not final yet, or of one that a reorg took back. May come twice after a crash."""
        ...

    def on_settled(self, settled: GroupSettled, done: Callable[[], None]) -> None:
        """Take note of a settled group, and call `done` once that is durable: `ProvingPipeline.settled`."""
        ...

    def on_lost(self) -> None:
        """The publisher was lost and is started again: hand it all proved groups anew (`ProvingPipeline.republish`)."""
        ...


class PublisherProcess:
    """The publisher, from outside. Methods return at once, from any thread."""

    def __init__(self, config: PublisherConfig, next_entry: int, listener: Listener, alarms: Alarms) -> None:
        """`next_entry`: how many final entries the node has. Nothing is started yet."""
        self._config, self._next_entry, self._listener, self.alarms = config, next_entry, listener, alarms
        self._sending, self._closing = threading.Lock(), threading.Event()
        self._connection: Connection | None = None
        self._process: BaseProcess | None = None
        self._thread = threading.Thread(target=self._keep_running, name="publisher", daemon=True)
        self._numbers, self._asked = count(), dict[int, Future[bytes]]()
        self._acknowledging = _InOrder(lambda sequence: self._send(Acknowledge(sequence)))
        self._codes: set[str] = set()  # of alarms that the process raised
        self.chain: ChainSeen | None = None  # as last seen

    @property
    def pid(self) -> int | None:
        """Of the process, None where there is none."""
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """Start the process and listen to it."""
        self._thread.start()

    def publish(self, group: ProvedGroup) -> None:
        """Hand over the next proved group."""
        self._send(group)

    def ask(self, request: PublicRequest) -> Future[bytes]:
        """Return what will be the answer to a request on the embedded chain: the hash of its transaction, mostly.

        The future raises Reverted, OptionInvalid where the base layer is another; PublisherLost.
        """
        ask, future = Ask(next(self._numbers), request), Future[bytes]()
        self._asked[ask.number] = future
        if not self._send(ask) and self._asked.pop(ask.number, None) is not None:
            future.set_exception(PublisherLost(0))
        return future

    def close(self) -> None:
        """Let it end after what it does; a few seconds later, at once. Calling again does nothing."""
        self._closing.set()
        self._send(Stop())
        process = self._process
        if process is not None:
            process.join(_STOP_PATIENCE_S)
            process.kill()
        if self._thread.is_alive():
            self._thread.join()

    def _send(self, message: ToPublisher) -> bool:
        """Say something, and return whether anybody hears; where the process is gone, its successor is told anew."""
        with self._sending:
            try:
                if self._connection is not None:
                    self._connection.send(message)
            except OSError:
                return False
            return self._connection is not None

    def _keep_running(self) -> None:
        while not self._closing.is_set():
            connection, process = self._start()
            try:
                while True:
                    self._hear(connection.recv())
            except (EOFError, ConnectionError):
                process.join()
            except Exception as error:  # what the listener raised: the store is gone, or the core refuses
                process.kill()
                process.join()
                self.alarms.sound("publisher_listener", f"{type(error).__name__}: {error}")
            self._clean_up(process)
            self._closing.wait(_RESTART_PAUSE_S)

    def _start(self) -> tuple[Connection, BaseProcess]:
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=run_publisher, args=(theirs, self._config), daemon=True)
        process.start()
        theirs.close()  # so that its end is heard
        with self._sending:
            self._connection, self._process = ours, process
        self._acknowledging.forget()
        self._listener.on_lost()
        return ours, process

    def _clean_up(self, process: BaseProcess) -> None:
        with self._sending:
            self._connection = None
        lost = PublisherLost(process.exitcode or 0)
        for number in list(self._asked):
            if (future := self._asked.pop(number, None)) is not None:
                future.set_exception(lost)
        for code in self._codes:
            self.alarms.clear(code)
        self._codes.clear()
        if not self._closing.is_set():
            self.alarms.sound("publisher_lost", str(lost))

    def _hear(self, message: FromPublisher) -> None:
        match message:
            case Notice(sequence, item):
                self._deal_with(sequence, item)
            case ChainSeen():
                self.chain = message
                self.alarms.clear("publisher_lost")
                self.alarms.clear("publisher_listener")
            case AlarmChanged(code, None):
                self._codes.discard(code)
                self.alarms.clear(code)
            case AlarmChanged(code, text):
                self._codes.add(code)
                self.alarms.sound(code, text or "")
            case Answer(number, transaction, error):
                future = self._asked.pop(number, None) or Future()
                if error is not None or transaction is None:
                    future.set_exception(error or PublisherLost(0))
                else:
                    future.set_result(transaction)

    def _deal_with(self, sequence: int, item: EntryNotice | GroupSettled | None) -> None:
        done = self._acknowledging.begin(sequence)
        if isinstance(item, GroupSettled):
            self._listener.on_settled(item, done)
            return
        if item is not None:
            entry = QueueEntrySeen(item.index, decode_entry(item.entry))
            if item.kind is Kind.FINAL:
                self._take_final(entry)
            else:
                self._listener.on_entry_seen(entry, item.kind is Kind.UNDONE)
        done()

    def _take_final(self, entry: QueueEntrySeen) -> None:
        if entry.index < self._next_entry:  # durable before a crash, and its acknowledgement lost
            return
        if entry.index > self._next_entry:
            raise EntryOutOfTurn(entry.index, self._next_entry)
        self._listener.on_entry(entry)
        self._next_entry += 1


class _InOrder:
    """Acknowledges up to the last of the notices before which all are dealt with, in whatever order they are."""

    def __init__(self, acknowledge: Callable[[int], object]) -> None:
        self._acknowledge, self._lock = acknowledge, threading.Lock()
        self._open: dict[int, bool] = {}  # by sequence, rising: whether it is dealt with

    def begin(self, sequence: int) -> Callable[[], None]:
        """Return what is to be called once this one is dealt with."""
        with self._lock:
            opened = self._open
            opened[sequence] = False
        return lambda: self._finish(opened, sequence)

    def forget(self) -> None:
        """Begin anew: the notices will be told again."""
        with self._lock:
            self._open = {}

    def _finish(self, opened: dict[int, bool], sequence: int) -> None:
        with self._lock:
            if opened is not self._open:  # told by a process that is gone
                return
            opened[sequence] = True
            last = None
            for number in list(opened):
                if not opened[number]:
                    break
                del opened[number]
                last = number
        if last is not None:
            self._acknowledge(last)
