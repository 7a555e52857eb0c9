"""The prover service: keys mapped once, proofs in turn, ended when cancelled, none begun without its memory."""

from __future__ import annotations

import pickle
import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from prover import service as module
from prover.errors import MemoryShort, ProofCancelled
from prover.kernel import CancelToken, Circuit, ProvingKey, Witness, prove, setup
from prover.service import ProverService, get_service
from tests.prover.tiny import build_cubic_circuit, compute_cubic_inputs

SEED = b"a proof"


@dataclass(frozen=True)
class Case:
    path: Path
    key: ProvingKey
    circuit: Circuit
    witness: Witness

    def prove(self, service: ProverService, who: str = "batch 1", **options: object) -> bytes:
        return service.prove(self.key, self.circuit, self.witness, who=who, seed=SEED, **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    path = tmp_path_factory.mktemp("keys") / "cubic.key"
    circuit = build_cubic_circuit(3)
    setup(circuit, path, seed=b"test_service")
    return Case(path, ProvingKey.load(path), circuit, circuit.compute_witness(*compute_cubic_inputs([3, 4, 5])))


@dataclass
class Gate:
    """A progress callback that holds its proof at the first stage until it is opened."""

    entered: threading.Event = field(default_factory=threading.Event)
    opened: threading.Event = field(default_factory=threading.Event)

    def __call__(self, stage: str, done: int, total: int) -> None:
        self.entered.set()
        assert self.opened.wait(30)


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.005)


def test_key_is_mapped_once_as_long_as_its_file_is_the_same(case: Case, tmp_path: Path) -> None:
    service, path = ProverService(), tmp_path / "cubic.key"
    shutil.copy(case.path, path)
    key = service.load_key(path)
    assert service.load_key(path) is key
    path.unlink()
    setup(case.circuit, path, seed=b"another")
    assert service.load_key(path).verifying_key_be != key.verifying_key_be


def test_invalid_key_file_damaged_after_it_was_mapped(case: Case, tmp_path: Path) -> None:
    service, path = ProverService(), tmp_path / "cubic.key"
    shutil.copy(case.path, path)
    service.load_key(path)
    damaged = bytearray(path.read_bytes())
    damaged[500] ^= 1
    path.unlink()
    path.write_bytes(damaged)
    with pytest.raises(ValueError, match="the file is damaged"):
        service.load_key(path)


def test_no_more_than_four_keys_are_kept(case: Case, tmp_path: Path) -> None:
    service = ProverService()
    paths = [tmp_path / f"{i}.key" for i in range(5)]
    for path in paths:
        shutil.copy(case.path, path)
    first, *_, last = [service.load_key(path) for path in paths]
    assert service.load_key(paths[4]) is last
    assert service.load_key(paths[0]) is not first


def test_proof_is_the_kernels(case: Case) -> None:
    assert case.prove(get_service()) == prove(case.key, case.circuit, case.witness, seed=SEED)
    assert get_service() is get_service()


def test_one_at_a_time_first_come_first_served(case: Case) -> None:
    service, gate, begun = ProverService(), Gate(), list[str]()
    with ThreadPoolExecutor(4) as threads:
        first = threads.submit(case.prove, service, "1", progress=gate)
        assert gate.entered.wait(30)
        others = []
        for i, who in enumerate(("2", "3", "4")):
            note = lambda *_, who=who: begun.append(who)  # noqa: E731
            others.append(threads.submit(case.prove, service, who, progress=note))
            wait_until(lambda n=i + 1: service.n_waiting == n)  # type: ignore[misc]
        assert not begun
        gate.opened.set()
        assert len({first.result(), *(other.result() for other in others)}) == 1
    assert list(dict.fromkeys(begun)) == ["2", "3", "4"]
    assert service.n_waiting == 0


def test_two_in_flight(case: Case) -> None:
    service, gate = ProverService(in_flight=2), Gate()
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(case.prove, service, "1", progress=gate)
        assert gate.entered.wait(30)
        second = case.prove(service, "2")  # while the first is held
        gate.opened.set()
        assert first.result() == second


def test_invalid_cancelled_while_it_waits(case: Case) -> None:
    service, gate, token = ProverService(), Gate(), CancelToken()
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(case.prove, service, "1", progress=gate)
        assert gate.entered.wait(30)
        second = threads.submit(case.prove, service, "2", cancel=token)
        wait_until(lambda: service.n_waiting == 1)
        token.cancel()
        with pytest.raises(ProofCancelled, match=r"2: cancelled \(waiting\)"):
            second.result()
        gate.opened.set()
        assert first.result()


def test_invalid_cancelled_in_the_making_and_the_next_goes_on(case: Case) -> None:
    service, token = ProverService(), CancelToken()

    def cancel_at_h(stage: str, done: int, total: int) -> None:
        if stage == "prove H":
            token.cancel()

    with pytest.raises(ProofCancelled) as raised:
        case.prove(service, cancel=token, progress=cancel_at_h)
    assert str(raised.value) == "batch 1: cancelled (prove H: cancelled)"
    assert str(pickle.loads(pickle.dumps(raised.value))) == str(raised.value)
    assert case.prove(service)


def test_invalid_more_than_the_limit(case: Case) -> None:
    needed = case.key.proof_memory_bytes
    assert case.prove(ProverService(memory_limit_bytes=needed))
    begun = list[str]()
    with pytest.raises(MemoryShort) as raised:
        case.prove(ProverService(memory_limit_bytes=needed - 1), progress=lambda *_: begun.append("begun"))
    assert raised.value.get_facts() == {
        "who": "batch 1",
        "needed_bytes": needed,
        "available_bytes": needed - 1,
    }
    assert str(raised.value) == f"batch 1: a proof may need {needed} bytes, {needed - 1} are available"
    assert not begun


def test_second_waits_for_the_memory_of_the_first(case: Case) -> None:
    service, gate = ProverService(in_flight=2, memory_limit_bytes=2 * case.key.proof_memory_bytes - 1), Gate()
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(case.prove, service, "1", progress=gate)
        assert gate.entered.wait(30)
        second = threads.submit(case.prove, service, "2")
        wait_until(lambda: service.n_waiting == 1)
        gate.opened.set()
        assert first.result() == second.result()


def test_without_a_limit_what_the_machine_has_available_counts(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "read_available_bytes", lambda: 1000)
    with pytest.raises(MemoryShort, match="1000 are available"):
        case.prove(ProverService())
    monkeypatch.setattr(module, "read_available_bytes", lambda: None)  # a system that does not say
    assert case.prove(ProverService())
