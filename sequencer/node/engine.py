"""The engine process from outside: started, fed with records, heard, started again should it die."""

from __future__ import annotations

import asyncio
import multiprocessing
import threading
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Final

from sequencer.node.commands import Kind
from sequencer.node.engine_loop import EngineMessage, EngineStart, SnapshotWanted, run_engine
from sequencer.node.links import LogRecord

__all__ = ["Engine"]

_SPAWN: Final = multiprocessing.get_context("spawn")  # a fork would copy threads' locks
_END_S: Final = 5.0
_TELL_S: Final = 0.02  # an engine looks at its books four times a second: it need not be woken by every group


class Engine:
    """One engine process. Records go through a thread, for a full pipe must not stop the event loop."""

    def __init__(
        self,
        start: EngineStart,
        shape_name: str,
        tick_s: float,
        on_message: Callable[[EngineMessage], None],
        on_death: Callable[[], None],
    ) -> None:
        """Start the process. `start` may not change any more. Callbacks run on the event loop that runs now."""
        self._loop = asyncio.get_running_loop()
        self._on_message, self._on_death = on_message, on_death
        self._connection, theirs = _SPAWN.Pipe()
        self._process = _SPAWN.Process(target=run_engine, args=(theirs, shape_name, tick_s), daemon=True)
        self._process.start()
        theirs.close()
        self._outgoing: SimpleQueue[EngineStart | list[LogRecord] | SnapshotWanted | None] = SimpleQueue()
        self._outgoing.put(start)  # pickled over there, and nothing here waits for it
        self._untold: list[LogRecord] = []
        self._is_closed = False
        for target in (self._send, self._receive):
            threading.Thread(target=target, args=(self._connection,), daemon=True).start()

    @property
    def pid(self) -> int | None:
        """Of the process."""
        return self._process.pid

    def tell(self, records: Sequence[LogRecord]) -> None:
        """Hand on records of the log, in order; those of a moment together, unless an auction is among them."""
        if not self._untold:
            self._loop.call_later(_TELL_S, self._hand_on)
        self._untold += records
        if any(record.kind == Kind.AUCTION for record in records):
            self._hand_on()

    def ask_snapshot(self, sequence: int) -> None:
        """Ask for a snapshot behind the records told so far, `sequence` the last of them."""
        self._hand_on()
        self._outgoing.put(SnapshotWanted(sequence))

    def _hand_on(self) -> None:
        if self._untold:
            self._outgoing.put(self._untold)
            self._untold = []

    def close(self) -> None:
        """End the process, whatever it does: the log has all that matters."""
        self._is_closed = True
        self._outgoing.put(None)
        self._process.terminate()
        self._process.join(_END_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._connection.close()

    def _send(self, connection: Connection) -> None:
        while (message := self._outgoing.get()) is not None:
            try:
                connection.send(message)
            except OSError:  # the process died: the other thread says so
                return

    def _receive(self, connection: Connection) -> None:
        try:
            while True:
                message = connection.recv()
                self._loop.call_soon_threadsafe(self._on_message, message)
        except (EOFError, OSError):
            if not self._is_closed:
                self._loop.call_soon_threadsafe(self._on_death)
