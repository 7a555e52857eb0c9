"""One process beside the node that does one thing at a time, and may be ended in the midst of it.

`ProcessPoolExecutor` with one worker each: ending one loses no other's work, which it would in a pool of several.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing import connection, get_context, parent_process
from typing import TypeVar

from sequencer.node.priorities import give_way
from sequencer.node.proving_errors import ProofTimeout, ProverLost

__all__ = ["WorkerProcess"]

_Answer = TypeVar("_Answer")


class WorkerProcess:
    """Starts its process with the first job and again after each loss. For one thread, `end` excepted."""

    def __init__(self, n_threads: int, niceness: int) -> None:
        """Start nothing yet. n_threads: of the kernel's own; niceness: 0 to 19."""
        self._n_threads, self._niceness = n_threads, niceness
        self._pool: ProcessPoolExecutor | None = None
        self._pid = 0
        self._lock = threading.Lock()
        self._is_ended = False

    @property
    def pid(self) -> int:
        """Of the process, 0 where there is none now."""
        return self._pid

    def run(self, job: str, timeout_s: float, function: Callable[..., _Answer], *arguments: object) -> _Answer:
        """Return what the function returns over there, or raise what it raises. `job` names it in errors.

        Raises ProverLost where the process died, ProofTimeout after ending it.
        """
        try:
            future = self._get_pool().submit(function, *arguments)
        except RuntimeError as error:  # BrokenProcessPool is one; so is what a pool says that was ended
            raise self._lose(job, error) from None
        if not wait([future], timeout_s).done:
            self._drop()
            raise ProofTimeout(job, timeout_s)
        try:
            return future.result()
        except (BrokenProcessPool, CancelledError) as error:
            raise self._lose(job, error) from None

    def end(self) -> None:
        """End the process for good, whatever it does. From any thread; calling again does nothing."""
        with self._lock:
            self._is_ended = True
        self._drop()

    def _get_pool(self) -> ProcessPoolExecutor:
        with self._lock:
            if self._is_ended:
                raise RuntimeError("ended")
            if self._pool is None:
                settings = (self._n_threads, self._niceness)
                # spawned: a fork would take the node's threads' locks along, and its memory
                self._pool = ProcessPoolExecutor(1, get_context("spawn"), initializer=_start, initargs=settings)
                self._pid = self._pool.submit(os.getpid).result()
            return self._pool

    def _lose(self, job: str, error: BaseException) -> ProverLost:
        self._drop()
        return ProverLost(job, f"{type(error).__name__}: {error}"[:200])

    def _drop(self) -> None:
        with self._lock:
            pool, pid, self._pool, self._pid = self._pool, self._pid, None, 0
        if pid:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)


def _start(n_threads: int, niceness: int) -> None:
    """Prepare a worker before it loads anything. A terminal's Ctrl-C is the node's to deal with."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["RAYON_NUM_THREADS"] = str(n_threads)  # read when the kernel first computes
    give_way(niceness)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End once the node is gone, even where it was killed: nobody would take the answer."""
    parent = parent_process()
    assert parent is not None
    connection.wait([parent.sentinel])
    os._exit(1)
