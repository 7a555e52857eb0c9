"""Provers: real processes, killed, too slow, and refused what they are given."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path

import pytest

from prover import kernel
from prover.errors import MemoryShort
from rollup.codec import encode_trace
from sequencer.errors import OptionInvalid
from sequencer.node.proof_worker import ProofAnswer, ProofJob
from sequencer.node.proving_errors import ProofFailed, ProofTimeout, ProverLost
from sequencer.node.proving_pool import LocalProver, ProofPool, ProverSettings, open_local_pool
from sequencer.node.ray_pool import open_ray_pool
from sequencer.node.worker_process import WorkerProcess
from tests import ray_check
from tests.proving import KEYS_DIR, PATIENCE_S, ROOT, get_day, get_verifying_key, make_prover_settings, wait_for
from verifier.keys import encode_public_inputs

Z = 2**247 + 5
PARENT = """
import os, time
from sequencer.node.worker_process import WorkerProcess
if __name__ == "__main__":
    worker = WorkerProcess(1, 19)
    print(worker.run("job", 60.0, os.getpid), flush=True)
    time.sleep(600)
"""


def make_job(batch: int = 0, trace: bytes | None = None) -> ProofJob:
    return ProofJob(f"batch-{batch}", encode_trace(get_day()[batch]) if trace is None else trace, Z)


def check(answer: ProofAnswer, batch: int) -> None:
    trace, inputs = get_day()[batch], answer.public_inputs
    assert (answer.name, inputs.z, inputs.new_state_root) == (f"batch-{batch}", Z, trace.header_after.state_root)
    assert kernel.verify(get_verifying_key(), answer.proof_be, encode_public_inputs(inputs))
    assert answer.prove_s > 0


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_prover_killed_in_the_middle_of_a_proof_and_the_job_is_proved() -> None:
    prover = LocalProver(make_prover_settings())
    with closing(ProofPool([prover], make_prover_settings())) as pool:
        future = pool.submit(make_job(0))
        wait_for(lambda: prover.process.pid)
        first = prover.process.pid
        wait_for(lambda: Path(f"/proc/{first}/maps").read_text().count("tiny-"))  # it has mapped the key: it proves now
        os.kill(first, signal.SIGKILL)
        check(future.result(PATIENCE_S), 0)
        assert prover.process.pid not in (0, first)


def test_jobs_are_refused_that_no_prover_could_do_otherwise(tmp_path: Path) -> None:
    pool = open_local_pool(make_prover_settings(max_tries=3))
    with closing(pool), pytest.raises(ProofFailed, match="batch-1: no proof in 1 tries: BatchFileInvalid"):
        pool.submit(make_job(1, b"damage")).result(PATIENCE_S)
    pool = open_local_pool(make_prover_settings(keys_dir=tmp_path))
    with closing(pool), pytest.raises(ProofFailed, match=r"1 tries: KeyUnusable: .*no such file"):
        pool.submit(make_job(1)).result(PATIENCE_S)


class ShortOfMemory:
    """A prover on a machine that has no memory left."""

    def prove(self, job: ProofJob, timeout_s: float) -> ProofAnswer:
        raise MemoryShort(job.name, 2, 1)

    def close(self) -> None:
        pass


def test_job_is_tried_again_where_memory_was_short() -> None:
    with closing(ProofPool([ShortOfMemory()], make_prover_settings(max_tries=3))) as pool:
        future = pool.submit(make_job(1, b""))
        with pytest.raises(ProofFailed, match="in 3 tries: MemoryShort: batch-1: a proof may need 2 bytes"):
            future.result(PATIENCE_S)


def test_job_that_takes_too_long_every_time_is_given_up() -> None:
    with closing(open_local_pool(make_prover_settings(timeout_s=0.05, max_tries=3))) as pool:
        future = pool.submit(make_job(0))
        with pytest.raises(ProofFailed, match=r"no proof in 3 tries: ProofTimeout: batch-0: no proof in 0 s"):
            future.result(PATIENCE_S)
        assert isinstance(future.exception(), ProofFailed)


def test_closed_pool_gives_its_jobs_back_at_once() -> None:
    pool = open_local_pool(make_prover_settings())
    futures: list[Future[ProofAnswer]] = [pool.submit(make_job(i)) for i in (0, 1)]
    wait_for(lambda: futures[0].running())
    pool.close()
    pool.close()
    for future in futures:
        with pytest.raises(ProverLost, match="the pool was closed"):
            future.result(1)


def test_worker_is_lost_or_late_and_serves_again() -> None:
    worker = WorkerProcess(1, 0)
    with pytest.raises(ProverLost):
        worker.run("job", PATIENCE_S, os._exit, 3)
    with pytest.raises(ProofTimeout):
        worker.run("job", 0.01, time.sleep, PATIENCE_S)
    with pytest.raises(ZeroDivisionError):
        worker.run("job", PATIENCE_S, divmod, 1, 0)
    assert worker.run("job", PATIENCE_S, os.getpid) == worker.pid != os.getpid()
    worker.end()
    nice = WorkerProcess(1, ProverSettings(KEYS_DIR).niceness)
    assert nice.run("job", PATIENCE_S, os.getpriority, os.PRIO_PROCESS, 0) == 19
    assert nice.run("job", PATIENCE_S, os.sched_getscheduler, 0) == os.SCHED_IDLE  # on Linux, where this runs
    nice.end()
    with pytest.raises(ProverLost, match="ended"):
        worker.run("job", PATIENCE_S, os.getpid)


def test_worker_ends_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{os.environ.get('PYTHONPATH', '')}"}
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True, env=environment) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert is_alive(pid)
        parent.kill()
    wait_for(lambda: not is_alive(pid))


def test_invalid_ray_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)  # as where it is not installed
    with pytest.raises(OptionInvalid, match=r"--ray 10\.0\.0\.1:6379: expected the ray package"):
        open_ray_pool("10.0.0.1:6379", make_prover_settings())


def test_requirement_of_ray_is_read_by_pip() -> None:
    dry = ("--isolated", "install", "--dry-run", "--no-index", "--ignore-installed", "-r", "requirements/ray.in")
    done = subprocess.run([sys.executable, "-m", "pip", *dry], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1  # it may look nowhere
    assert re.search(r"No matching distribution found for ray\S*>=2\.40", done.stderr)


def test_check_with_ray_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(OptionInvalid, match=r"pip install -r requirements/ray\.in"):
        ray_check.main("local")
