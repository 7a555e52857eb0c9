"""Where proofs are made: jobs in, futures out. A prover that is lost or too slow loses nothing: its job is sent again.

Here on processes of this machine; `ray_pool.py` does the same on a cluster.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_exponential
from tenacity.nap import sleep_using_event

from prover.errors import MemoryShort
from rollup.errors import RollupError
from sequencer.node.priorities import LOWEST_PRIORITY
from sequencer.node.proof_worker import ProofAnswer, ProofJob, prove_job
from sequencer.node.proving_errors import ProofFailed, ProofTimeout, ProverLost
from sequencer.node.worker_process import WorkerProcess

__all__ = ["LocalProver", "ProofExecutor", "ProofPool", "Prover", "ProverSettings", "open_local_pool"]

_MAX_PAUSE_S: Final = 60.0


@dataclass(frozen=True)
class ProverSettings:
    """How proofs are made."""

    keys_dir: Path  # where the proving key is, on every machine that proves
    workers: int = 1  # proofs at once
    threads: int = 1  # of the kernel, for each of them
    timeout_s: float = 900.0  # for one proof, loading included
    max_tries: int = 4
    niceness: int = LOWEST_PRIORITY
    pause_s: float = 1.0  # before the second try; doubles with each further one, up to a minute


class ProofExecutor(Protocol):
    """Makes proofs, sooner or later."""

    def submit(self, job: ProofJob) -> Future[ProofAnswer]:
        """Return at once. The future gives the answer, or ProofFailed once it is given up; ProverLost after `close`."""
        ...

    def close(self) -> None:
        """End whatever runs: jobs are not lost, their owner has them. Calling again does nothing."""
        ...


class Prover(Protocol):
    """Makes one proof at a time."""

    def prove(self, job: ProofJob, timeout_s: float) -> ProofAnswer:
        """Return the answer. Raises ProverLost, ProofTimeout, and what `prove_job` does."""
        ...

    def close(self) -> None:
        """End at once, from any thread, a proof in the making with it."""
        ...


class LocalProver:
    """A process of this machine, at the lowest priority; circuit and key stay loaded."""

    def __init__(self, settings: ProverSettings) -> None:
        """Start nothing yet."""
        self._keys_dir = settings.keys_dir
        self.process = WorkerProcess(settings.threads, settings.niceness)

    def prove(self, job: ProofJob, timeout_s: float) -> ProofAnswer:
        """See `Prover`."""
        return self.process.run(job.name, timeout_s, prove_job, job, self._keys_dir)

    def close(self) -> None:
        """See `Prover`."""
        self.process.end()


class ProofPool:
    """A `ProofExecutor` over provers: a thread for each takes job after job, in the order in which they came."""

    def __init__(self, provers: Sequence[Prover], settings: ProverSettings) -> None:
        """Start the threads; processes start with the first jobs."""
        assert provers, "nobody proves"
        self._provers, self._settings = tuple(provers), settings
        self._tasks: queue.SimpleQueue[tuple[ProofJob, Future[ProofAnswer]] | None] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._retrying = Retrying(
            retry=retry_if_exception(self._is_worth_another_try),
            stop=self._is_enough,
            wait=wait_exponential(multiplier=settings.pause_s, max=_MAX_PAUSE_S),
            sleep=sleep_using_event(self._closing),
            reraise=True,
        )
        self._threads = [threading.Thread(target=self._serve, args=(one,), daemon=True) for one in self._provers]
        for thread in self._threads:
            thread.start()

    @property
    def n_workers(self) -> int:
        """How many proofs are made at once."""
        return len(self._provers)

    def submit(self, job: ProofJob) -> Future[ProofAnswer]:
        """See `ProofExecutor`."""
        future: Future[ProofAnswer] = Future()
        self._tasks.put((job, future))
        return future

    def close(self) -> None:
        """See `ProofExecutor`."""
        self._closing.set()
        for prover in self._provers:
            self._tasks.put(None)
            prover.close()
        for thread in self._threads:
            thread.join()

    def _serve(self, prover: Prover) -> None:
        while (task := self._tasks.get()) is not None:
            job, future = task
            if not future.set_running_or_notify_cancel():
                continue
            if self._closing.is_set():
                future.set_exception(ProverLost(job.name, "the pool was closed"))
                continue
            try:
                future.set_result(self._prove(prover, job))
            except BaseException as error:
                future.set_exception(error)

    def _prove(self, prover: Prover, job: ProofJob) -> ProofAnswer:
        retrying = self._retrying.copy()  # counts of its own
        try:
            return retrying(prover.prove, job, self._settings.timeout_s)
        except Exception as error:
            if self._closing.is_set():
                raise ProverLost(job.name, "the pool was closed") from error
            tries = retrying.statistics["attempt_number"]
            raise ProofFailed(job.name, tries, f"{type(error).__name__}: {error}"[:500]) from error

    def _is_worth_another_try(self, error: BaseException) -> bool:
        """Whether it may go otherwise the next time: not where the batch itself or the key is refused."""
        return isinstance(error, ProverLost | ProofTimeout | MemoryShort) or not isinstance(error, RollupError)

    def _is_enough(self, state: RetryCallState) -> bool:
        return self._closing.is_set() or stop_after_attempt(self._settings.max_tries)(state)


def open_local_pool(settings: ProverSettings) -> ProofPool:
    """Return a pool of processes on this machine."""
    return ProofPool([LocalProver(settings) for _ in range(settings.workers)], settings)
