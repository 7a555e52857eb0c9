"""The proving pipeline: order, groups by count and by age, what is durable when, and answers that are no proofs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import closing
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from sequencer.node.commands import Kind
from sequencer.node.errors import StoreFull
from sequencer.node.links import Record
from sequencer.node.opening import open_store
from sequencer.node.pipeline import ProvingPipeline
from sequencer.node.pipeline_state import ProvedGroup, check_answer, find_settlement, load_group
from sequencer.node.pipeline_types import GroupSettled, Journal
from sequencer.node.proof_worker import ProofAnswer, ProofJob, prove_job
from sequencer.node.proving_errors import AnswerWrong, BatchOutOfTurn, PipelineCorrupt, ProverLost
from sequencer.node.refusals import RecordMalformed
from sequencer.node.sql_store import SqlStore
from sequencer.node.stages import (
    Claim,
    decode_claim,
    decode_group_record,
    decode_proved_record,
    decode_settled_record,
    decode_settlement,
    make_batch_artifact,
    name_batch,
    name_group,
)
from sequencer.node.store import MAX_READ, Artifact
from sequencer.node.view_types import BatchStage
from tests.proving import KEYS_DIR, get_day, get_verifying_key, make_settings, wait_for, write_to

ROOT = get_day()[1].header_after.state_root
SETTLED = GroupSettled(0, ROOT, b"\x07" * 32, 70, 1_760_000_000)
PAIR = {"group_size": 2}  # batches 1 and 2 are one group wherever they are proved here


@cache
def prove(job: ProofJob) -> ProofAnswer:
    """Return a real proof, made once."""
    get_verifying_key()
    return prove_job(job, KEYS_DIR)


class Executor:
    """Proves in this process, or answers what a faulty or lying prover would; remembers what it was asked."""

    def __init__(self, answer: Callable[[ProofJob], ProofAnswer] | None = prove) -> None:
        """None: no answer ever comes."""
        self.answer, self.jobs = answer, list[str]()
        self._open: list[Future[ProofAnswer]] = []

    def submit(self, job: ProofJob) -> Future[ProofAnswer]:
        future: Future[ProofAnswer] = Future()
        self.jobs.append(job.name)
        if self.answer is None:
            self._open.append(future)
        else:
            future.set_result(self.answer(job))
        return future

    def close(self) -> None:
        while self._open:
            self._open.pop().set_exception(ProverLost("job", "the executor was closed"))


class Run:
    """A pipeline over a store, with what it told."""

    def __init__(
        self,
        store: SqlStore,
        executor: Executor,
        *,
        batches: int = 0,
        journal: Journal | None = None,
        **settings: object,
    ) -> None:
        self.store, self.executor = store, executor
        self.published: list[ProvedGroup] = []
        self.stages: list[tuple[int, BatchStage]] = []
        self.pipeline = ProvingPipeline(
            store,
            journal or write_to(store),
            executor,
            make_settings(**settings),
            publish=self.published.append,
            on_stage=lambda batch, stage: self.stages.append((batch, stage)),
        )
        self.pipeline.start()
        for trace in get_day()[:batches]:
            self.pipeline.add(trace)

    def close(self) -> None:
        self.pipeline.close()

    def settle(self, settled: GroupSettled = SETTLED) -> threading.Event:
        done = threading.Event()
        self.pipeline.settled(settled, done.set)
        return done

    def count(self) -> dict[Kind, int]:
        kinds = [record.kind for record in self.store.read(0, MAX_READ)]
        return {kind: kinds.count(kind) for kind in (Kind.GROUP, Kind.PROVED, Kind.SETTLED)}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    with open_store(tmp_path / "store") as one:
        yield one


def test_batches_are_proved_once_and_settled_once_through_restarts(store: SqlStore) -> None:
    with closing(Run(store, Executor(), batches=2, **PAIR)) as run:
        wait_for(lambda: run.published)
        [group] = run.published
        sealed, _ = group.decode()
        assert (group.number, group.first_batch, sealed.group.batches[-1].new_root) == (0, 1, ROOT)
        both = [[(batch, stage) for batch in (1, 2)] for stage in list(BatchStage)[:3]]
        assert run.stages == [*both[0], *both[1], *both[2]]
        assert run.pipeline.get_progress(2) is not None
        assert run.pipeline.get_progress(3) is run.pipeline.get_progress(0) is None
    with closing(Run(store, Executor(None), batches=2, **PAIR)) as run:  # the same batches again, as after a replay
        wait_for(lambda: run.published)
        assert (run.published, run.executor.jobs, run.pipeline.backlog) == ([group], [], 0)
        run.pipeline.republish()
        wait_for(lambda: len(run.published) == 2)
        assert run.settle().wait(60)
        wait_for(lambda: (2, BatchStage.SETTLED) in run.stages)
    with closing(Run(store, Executor(None), batches=2, **PAIR)) as run:
        assert run.settle().wait(60)  # told again: it is acknowledged, and that is all
        assert (run.pipeline.n_settled, run.published, run.pipeline.alarms.list_texts()) == (1, [], ())
        progress = run.pipeline.get_progress(1)
        assert progress is not None
        assert (progress.stage, progress.group, progress.settlement) == (BatchStage.SETTLED, 0, SETTLED.transaction)
        assert run.count() == {Kind.GROUP: 1, Kind.PROVED: 2, Kind.SETTLED: 1}
    bodies = [record.body for record in store.read(0, MAX_READ)]
    assert decode_group_record(bodies[0]).n_batches == 2
    assert [decode_proved_record(body)[:2] for body in bodies[1:3]] == [(1, 0), (2, 0)]
    assert decode_settled_record(bodies[3]) == (0, SETTLED.transaction, 70, 1_760_000_000)


def test_quiet_node_seals_a_group_of_one_by_its_age(store: SqlStore) -> None:
    with closing(Run(store, Executor(None), batches=1, group_size=16, group_age_s=0.01)) as run:
        wait_for(lambda: run.executor.jobs)
        assert run.executor.jobs == [name_batch(1)]
        progress = run.pipeline.get_progress(1)
        assert progress is not None
        assert (progress.stage, progress.group) == (BatchStage.PROVING, 0)


def test_group_grows_while_four_are_not_settled(store: SqlStore) -> None:
    with closing(Run(store, Executor(None), group_size=16, group_age_s=0.0)) as run:
        for number, trace in enumerate(get_day()[:4], 1):
            run.pipeline.add(trace)
            wait_for(lambda number=number: run.count()[Kind.GROUP] == number)
        run.pipeline.add(get_day()[4])
        wait_for(lambda: (5, BatchStage.SEQUENCED) in run.stages)
        looked = threading.Event()
        run.pipeline._inbox.put(looked.set)  # its thread was idle since: nothing was due
        assert looked.wait(60)
        assert run.count()[Kind.GROUP] == 4
        assert run.settle(replace(SETTLED, new_root=get_day()[0].header_after.state_root)).wait(60)
        wait_for(lambda: run.count()[Kind.GROUP] == 5)
        assert load_group(store, 4, get_day()[0].params.params_hash).batches == range(5, 6)


def test_batches_that_wait_are_found_again_and_jobs_are_sent_a_few_at_once(store: SqlStore) -> None:
    with closing(Run(store, Executor(None), batches=3, group_size=16)) as run:
        wait_for(lambda: run.pipeline.stored_batch == 3)
        progress = run.pipeline.get_progress(3)
        assert progress is not None
        assert progress.stage is BatchStage.SEQUENCED
        assert run.executor.jobs == []
    with closing(Run(store, Executor(None), batches=5, group_size=1, expected_prove_s=5.0)) as run:
        assert run.pipeline.next_batch == 6
        wait_for(lambda: run.count()[Kind.GROUP] == 5)
        assert (run.executor.jobs, run.pipeline.backlog) == ([name_batch(1), name_batch(2)], 5)
        assert run.pipeline.interval_ms == 250 + (10_000 - 250) // 3  # two more than the three that nobody feels
        assert run.pipeline.alarms.list_texts() == ()


def test_rest_is_sealed_on_request(store: SqlStore) -> None:
    with closing(Run(store, Executor(None), batches=1)) as run:
        run.pipeline.seal()
        wait_for(lambda: run.executor.jobs)


def test_full_store_is_waited_for(store: SqlStore) -> None:
    failures = [StoreFull("disk", "no room")] * 3
    alarms: list[tuple[str, ...]] = []

    def journal(records: Sequence[Record], artifacts: Sequence[Artifact]) -> None:
        if failures:
            alarms.append(run.pipeline.alarms.list_texts())
            raise failures.pop()
        write_to(store)(records, artifacts)

    with closing(Run(store, Executor(None), journal=journal, group_size=1)) as run:
        run.pipeline.add(get_day()[0])
        wait_for(lambda: run.executor.jobs)
        assert run.pipeline.alarms.list_texts() == ()
    assert alarms == [(), ("store: disk: no room: no room",), ("store: disk: no room: no room",)]


def test_invalid_batch_out_of_turn(store: SqlStore) -> None:
    with closing(Run(store, Executor(None), batches=1)) as run, pytest.raises(BatchOutOfTurn, match="expected batch 2"):
        run.pipeline.add(get_day()[2])


LIES: dict[str, Callable[[ProofJob], ProofAnswer]] = {
    "another point": lambda job: prove(replace(job, z=job.z ^ 1)),
    "another root": lambda job: _edit(job, new_state_root=5),
    "another value": lambda job: _edit(job, blob_value_low=5),
    "a value too large": lambda job: _edit(job, blob_value_high=2**128 - 1),
    "no points": lambda job: replace(prove(job), proof_be=b"\xff" * 256),
    "another's proof": lambda job: replace(prove(job), proof_be=prove(replace(job, z=job.z ^ 1)).proof_be),
}


def _edit(job: ProofJob, **changes: int) -> ProofAnswer:
    answer = prove(job)
    return replace(answer, public_inputs=answer.public_inputs._replace(**changes))


@pytest.mark.parametrize("lie", LIES)
def test_invalid_answer_is_an_alarm_and_an_honest_one_still_counts(lie: str, store: SqlStore) -> None:
    def answer(job: ProofJob) -> ProofAnswer:
        return LIES[lie](job) if job.name == name_batch(1) and not is_honest.is_set() else prove(job)

    is_honest = threading.Event()
    with closing(Run(store, Executor(answer), batches=2, **PAIR)) as run:
        wait_for(lambda: run.count()[Kind.PROVED] == 1 and run.pipeline.alarms.list_texts())
        [text] = run.pipeline.alarms.list_texts()
        assert text.startswith("proof_failed_1: batch-0000000001: ")
        assert run.executor.jobs.count(name_batch(1)) == 3
        assert run.published == []
        is_honest.set()
        run.pipeline.retry()
        wait_for(lambda: run.published)
        assert run.pipeline.alarms.list_texts() == ()


def test_invalid_proof_of_a_group_is_named(store: SqlStore) -> None:
    with closing(Run(store, Executor(None), batches=2, **PAIR)) as run:
        wait_for(lambda: run.executor.jobs)
    group = load_group(store, 0, get_day()[0].params.params_hash)
    honest = prove(ProofJob(name_batch(1), store.get_artifact("batch", name_batch(1)) or b"", group.sealed.z))
    check_answer(group, 1, honest, get_verifying_key())
    with pytest.raises(AnswerWrong, match="batch-0000000002: old_state_root: got"):
        check_answer(group, 2, honest, get_verifying_key())
    group.claims = dict.fromkeys((1, 2), Claim(honest.proof_be, 5, 1))
    with pytest.raises(AnswerWrong, match="group-0000000000: value at z: got"):
        group.check_sum()


@pytest.mark.parametrize(
    ("settled", "text"),
    [
        (replace(SETTLED, new_root=3), "group 0: state root: the contract has 3"),
        (replace(SETTLED, group=4), "group 4: settled group: the contract has 4, expected 0"),
    ],
)
def test_invalid_settlement_stops_the_pipeline(settled: GroupSettled, text: str, store: SqlStore) -> None:
    with closing(Run(store, Executor(), batches=2, **PAIR)) as run:
        wait_for(lambda: run.published)
        done = run.settle(settled)
        wait_for(lambda: run.pipeline.alarms.list_texts())
        assert run.pipeline.alarms.list_texts()[0].startswith(f"pipeline_stopped: SettlementDiverged: {text}")
        assert not done.is_set()
        assert run.count()[Kind.SETTLED] == 0


def test_invalid_artefacts_and_records(store: SqlStore) -> None:
    with pytest.raises(PipelineCorrupt, match="claim x: got 3 bytes, expected 292"):
        decode_claim("x", b"abc")
    for raw in (b"{", b"{}", b"3"):
        with pytest.raises(PipelineCorrupt, match=r"settled x: got .* expected a settlement"):
            decode_settlement("x", raw)
    for decode in (decode_group_record, decode_proved_record, decode_settled_record):
        with pytest.raises(RecordMalformed, match="got 3 bytes"):
            decode(b"abc")
    store.append([], artifacts=[make_batch_artifact(get_day()[0])])
    with pytest.raises(PipelineCorrupt, match="group group-0000000000: got nothing"):
        load_group(store, 0, 0)
    with pytest.raises(PipelineCorrupt, match="in no group"):
        find_settlement(store, 1, 0)


def test_invalid_group_of_another_queue(store: SqlStore) -> None:
    with closing(Run(store, Executor(None), batches=2, **PAIR)) as run:
        wait_for(lambda: run.executor.jobs)
    parts = {kind: store.get_artifact(kind, name_group(0)) for kind in ("group", "blob", "queue")}
    with open_store(Path(store.name).parent / "other") as other:
        artifacts = [Artifact(kind, name_group(0), body or b"") for kind, body in parts.items() if kind != "group"]
        data = (parts["group"] or b"").replace(b'"z": "', b'"z": "1')
        other.append([], artifacts=[*artifacts, Artifact("group", name_group(0), data)])
        with pytest.raises(PipelineCorrupt, match="group group-0000000000: got z 1"):
            load_group(other, 0, 0)
