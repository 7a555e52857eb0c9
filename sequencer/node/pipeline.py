"""From sequenced batches to proved groups: sealed in order, proved in any, every step durable before the next.

One thread of its own; the auction loop hands batches over and never waits. What the thread knows is in the store, so
after a crash it goes on where it was, and proves nothing twice that is proved.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from itertools import islice
from typing import Final, TypeVar

from rollup.segment import count_elements
from rollup.trace import BatchTrace
from sequencer.node.alarms import Alarms
from sequencer.node.errors import StoreFull, StoreUnavailable
from sequencer.node.group_sealing import Sealer
from sequencer.node.links import Record
from sequencer.node.pacing import ProvingRate, compute_interval_ms
from sequencer.node.patience import Patience
from sequencer.node.pipeline_ledger import Ledger
from sequencer.node.pipeline_state import (
    OpenGroup,
    ProvedGroup,
    check_answer,
    load_artifact,
    load_group,
    pack_group,
)
from sequencer.node.pipeline_types import BatchProgress, GroupSettled, Journal, PipelineSettings
from sequencer.node.proof_worker import ProofAnswer, ProofJob
from sequencer.node.proving_errors import (
    AnswerWrong,
    ProofFailed,
    ProverLost,
    SettlementDiverged,
)
from sequencer.node.proving_pool import ProofExecutor
from sequencer.node.stages import (
    BATCH,
    Settlement,
    make_batch_artifact,
    name_batch,
    record_group,
    record_proof,
    record_settlement,
)
from sequencer.node.store import Artifact, Store
from sequencer.node.view_types import BatchStage
from verifier.group import count_fitting

__all__ = ["ProvingPipeline"]

_PUBLISH_AHEAD: Final = 4  # groups that the publisher holds at once: their blobs are in its memory
_MAX_WRONG: Final = 3  # answers to one job that are no proofs of it
_Result = TypeVar("_Result")


class ProvingPipeline:
    """The pipeline. All methods may be called from any thread, and return at once."""

    def __init__(
        self,
        store: Store,
        journal: Journal,
        executor: ProofExecutor,
        settings: PipelineSettings,
        *,
        publish: Callable[[ProvedGroup], None],
        on_stage: Callable[[int, BatchStage], None] = lambda batch, stage: None,
        alarms: Alarms | None = None,
    ) -> None:
        """Find again where the store stands; nothing is done before `start`. Raises PipelineCorrupt, StoreError.

        `publish` takes proved groups in order, `on_stage` hears of batches as they move on: both from its thread.
        """
        self._store, self._journal, self._executor, self._settings = store, journal, executor, settings
        self._publish, self._on_stage = publish, on_stage
        self.alarms = alarms or Alarms()
        self._limit = min(settings.group_size, count_fitting(count_elements(settings.shape)))
        self._inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._patience = Patience(self._closing, self.alarms)
        self._sealer = Sealer(self._patience)
        self._thread = threading.Thread(target=self._run, name="proving pipeline", daemon=True)
        self._rate = ProvingRate(settings.workers, settings.expected_prove_s)
        self._wrong: dict[int, int] = {}  # answers that were no proofs, by batch
        self._ledger = Ledger(store, settings.params_hash)
        self._next_to_publish = self._ledger.n_settled
        self._oldest_s = time.monotonic()

    @property
    def next_batch(self) -> int:
        """The number of the batch that is to be added next; after a start, the first that is to be added again."""
        return self._ledger.next_batch

    @property
    def stored_batch(self) -> int:
        """The last batch that is durable here: a snapshot of the state behind a later one would lose batches."""
        return self._ledger.stored

    @property
    def n_settled(self) -> int:
        """How many groups are settled for good."""
        return self._ledger.n_settled

    @property
    def backlog(self) -> int:
        """Batches sequenced and not yet proved."""
        return self._ledger.backlog

    @property
    def rate_per_s(self) -> float:
        """Batches that the provers make a second, by what recent proofs took."""
        return self._rate.per_s

    @property
    def interval_ms(self) -> int:
        """The pause that the auction loop should keep: `pacing.compute_interval_ms`."""
        return compute_interval_ms(self.backlog, self._rate.per_s, self._settings.n_unfelt)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def add(self, trace: BatchTrace) -> None:
        """Take the next batch, in order; one that is here already is passed over. Raises BatchOutOfTurn."""
        number = trace.header_after.batch_number
        if self._ledger.announce(number):
            self._inbox.put(partial(self._take_batch, number, trace))

    def seal(self) -> None:
        """Seal what waits, however little it is: before a long rest."""
        self._inbox.put(self._seal)

    def settled(self, settled: GroupSettled, done: Callable[[], None]) -> None:
        """Take note that a group is settled for good, in order; `done` is called once that is durable."""
        self._inbox.put(partial(self._take_settled, settled, done))

    def republish(self) -> None:
        """Hand all proved groups that are not settled to `publish` again: who had them is gone."""
        self._inbox.put(self._rewind)

    def retry(self) -> None:
        """Try again what was given up: once the reason is gone."""
        self._inbox.put(self._retry)

    def get_progress(self, batch: int) -> BatchProgress | None:
        """Return how far a batch is, None where there is none of this number. Raises StoreError."""
        return self._ledger.get_progress(batch)

    def close(self) -> None:
        """End the thread and whatever is proved. Nothing is lost. The executor is closed too."""
        self._closing.set()
        self._inbox.put(lambda: None)
        self._sealer.end()
        self._executor.close()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        try:
            while not self._closing.is_set():
                self._advance()
                try:
                    self._inbox.get(timeout=self._get_patience_s())()
                except queue.Empty:
                    continue
        except Exception as error:
            if not self._closing.is_set():
                self.alarms.sound("pipeline_stopped", f"{type(error).__name__}: {error}")

    def _get_patience_s(self) -> float | None:
        """Return when the batches that wait become a group, from now; None where none wait, or only to be more.

        While as many groups as the publisher holds are not settled, as when the base layer is away, the next one grows
        until it is full: sealed by its age, it would be one more small transaction, and z binds proofs to their group.
        """
        if not self._ledger.waiting or len(self._ledger.open) >= _PUBLISH_AHEAD:
            return None
        return max(self._oldest_s + self._settings.group_age_s - time.monotonic(), 0.0)

    def _advance(self) -> None:
        """Do what can be done now: seal what is due, send what is unproved, hand over what is proved."""
        self._watch_backlog()
        while len(self._ledger.waiting) >= self._limit or self._get_patience_s() == 0.0:
            self._seal()
        n_sent = sum(len(group.sent) for group in self._ledger.open)
        unsent = ((group, batch) for group in self._ledger.open for batch in group.list_unsent())
        # each is held in memory: the others wait in the store
        for group, batch in list(islice(unsent, max(2 * self._settings.workers - n_sent, 0))):
            self._send(group, batch)
        while self._next_to_publish < min(self._ledger.next_group, self.n_settled + _PUBLISH_AHEAD):
            group = self._ledger.open[self._next_to_publish - self.n_settled]
            if not group.is_proved:
                break
            self._publish(self._patiently(partial(pack_group, self._store, group)))
            self._next_to_publish += 1

    def _watch_backlog(self) -> None:
        if self.backlog > 4 * self._settings.n_unfelt:  # the interval is at its longest from three times of it on
            self.alarms.sound("proving_behind", f"proofs do not keep up: more than {4 * self._settings.n_unfelt} wait")
        else:
            self.alarms.clear("proving_behind")

    def _take_batch(self, number: int, trace: BatchTrace) -> None:
        self._record([], [make_batch_artifact(trace)])
        if not self._ledger.waiting:
            self._oldest_s = time.monotonic()
        self._ledger.store(number)
        self._on_stage(number, BatchStage.SEQUENCED)

    def _seal(self) -> None:
        batches, number = self._ledger.waiting[: self._limit], self._ledger.next_group
        if not batches:
            return
        sealed, answer = self._sealer.seal(number, batches, self._load_batch)
        record, artifacts = record_group(sealed, batches[0], answer)
        self._record([record], artifacts)
        group = self._patiently(lambda: load_group(self._store, number, self._settings.params_hash))
        self._ledger.seal(group)
        self._oldest_s = time.monotonic()
        for batch in group.batches:
            self._on_stage(batch, BatchStage.PROVING)

    def _load_batch(self, name: str) -> bytes:
        return self._patiently(lambda: load_artifact(self._store, BATCH, name))

    def _send(self, group: OpenGroup, batch: int) -> None:
        name = name_batch(batch)
        trace = self._load_batch(name)
        group.sent.add(batch)
        future = self._executor.submit(ProofJob(name, trace, group.sealed.z))
        future.add_done_callback(lambda done: self._inbox.put(partial(self._take_answer, group, batch, done)))

    def _take_answer(self, group: OpenGroup, batch: int, future: Future[ProofAnswer]) -> None:
        group.sent.discard(batch)
        try:
            answer = future.result()
            check_answer(group, batch, answer, self._settings.verifying_key_be)
            record, artifacts, claim = record_proof(batch, group.number, answer)
        except ProverLost:  # the executor was closed, and so are we
            return
        except AnswerWrong as error:
            self._wrong[batch] = self._wrong.get(batch, 0) + 1
            if self._wrong[batch] >= _MAX_WRONG:
                self._give_up(group, batch, ProofFailed(name_batch(batch), self._wrong[batch], str(error)))
            return
        except Exception as error:
            self._give_up(group, batch, error)
            return
        self._record([record], artifacts)
        self._rate.add(answer.witness_s + answer.prove_s)
        self._ledger.prove(group, batch, claim)
        if group.is_proved:
            group.check_sum()
        self._on_stage(batch, BatchStage.PROVED)

    def _give_up(self, group: OpenGroup, batch: int, error: Exception) -> None:
        group.failed.add(batch)
        self.alarms.sound(f"proof_failed_{batch}", str(error))

    def _retry(self) -> None:
        for group in self._ledger.open:
            for batch in group.failed:
                self.alarms.clear(f"proof_failed_{batch}")
                self._wrong.pop(batch, None)
            group.failed.clear()

    def _rewind(self) -> None:
        self._next_to_publish = self.n_settled

    def _take_settled(self, settled: GroupSettled, done: Callable[[], None]) -> None:
        if settled.group < self.n_settled:  # told before; its acknowledgement was lost
            done()
            return
        group = self._ledger.open[0] if self._ledger.open else None
        if group is None or group.number != settled.group:
            got = "none" if group is None else str(group.number)
            raise SettlementDiverged(settled.group, "settled group", str(settled.group), got)
        expected = group.sealed.group.batches[-1].new_root
        if expected != settled.new_root:
            raise SettlementDiverged(settled.group, "state root", str(settled.new_root), str(expected))
        place = (settled.transaction.hex(), settled.block, settled.timestamp_s, settled.gas_used)
        record, artifacts = record_settlement(Settlement(settled.group, group.first_batch, len(group.batches), *place))
        self._record([record], artifacts)
        self._ledger.settle()
        self._next_to_publish = max(self._next_to_publish, self.n_settled)
        done()
        for batch in group.batches:
            self._on_stage(batch, BatchStage.SETTLED)

    def _record(self, records: Sequence[Record], artifacts: Sequence[Artifact]) -> None:
        self._patiently(lambda: self._journal(records, artifacts))

    def _patiently(self, act: Callable[[], _Result]) -> _Result:
        return self._patience.insist("store", (StoreFull, StoreUnavailable), act)
