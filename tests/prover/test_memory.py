"""What a proof may take at most is more than it takes, not much more; what is available is read as Linux tells it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from prover.memory import give_back, read_available_bytes
from tests.proving import KEYS_DIR

ROOT = Path(__file__).parents[2]
MIB = 1 << 20
FIXED = 32 * MIB  # of the bound: what does not grow with the domain

MEASURE = """
import gc, json, sys
from pathlib import Path
from benchmarks.full_block import make_full_block
from prover import kernel
from prover.circuit import load_batch
from prover.memory import give_back
from rollup.shapes import get_shape
from sequencer.keys import load_or_make_key

def read(name):
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(name)) * 1024

kernel.install()
shape = get_shape("tiny")
batch = load_batch(shape)
witness = batch.compute_witness(make_full_block(shape))
key = load_or_make_key(Path(sys.argv[1]), shape, batch.circuit, lambda *_: None).key
gc.collect()
give_back()
Path("/proc/self/clear_refs").write_text("5")  # the peak so far is forgotten: proc(5)
before = read("VmRSS:")  # the key's pages are in it: loading has read them all
kernel.prove(key, batch.circuit, witness)
peak = read("VmHWM:") - before
give_back()
kept = read("VmRSS:") - before
token = kernel.CancelToken()
try:
    kernel.prove(key, batch.circuit, witness, cancel=token,
                 progress=lambda stage, *_: token.cancel() if stage == "prove L" else None)
    raise SystemExit("was not cancelled")
except kernel.Cancelled:
    give_back()
print(json.dumps({"bound": key.proof_memory_bytes, "peak": peak, "kept": kept, "left": read("VmRSS:") - before}))
"""


def measure(path: str, **settings: str) -> dict[str, int]:
    env = os.environ | {"ZKMARGIN_KERNEL": path, "RAYON_NUM_THREADS": "2"} | settings
    command = [sys.executable, "-c", MEASURE, str(KEYS_DIR)]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    found: dict[str, int] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("path", ["portable", ""])  # "": the fastest of this machine
def test_bound_holds_for_a_full_batch(path: str) -> None:
    found = measure(path)
    assert found["peak"] <= found["bound"] <= FIXED + 4 * found["peak"]  # most of this witness is small
    assert found["kept"] + 4 * MIB <= found["peak"]


@pytest.mark.parametrize("path", ["portable", ""])
def test_proofs_done_or_cancelled_free_what_they_had(path: str) -> None:
    found = measure(path, MALLOC_ARENA_MAX="1")  # of an arena for each thread glibc keeps up to half of the peak
    assert max(found["kept"], found["left"]) <= found["peak"] // 16


def write(path: Path, text: str | int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{text}\n")


def make_proc(folder: Path, groups: str, available_kib: int = 1000) -> Path:
    write(folder / "proc" / "meminfo", f"MemTotal: 9000 kB\nMemAvailable: {available_kib} kB")
    write(folder / "proc" / "self" / "cgroup", groups)
    return folder / "proc"


def test_available_is_what_the_machine_has(tmp_path: Path) -> None:
    assert read_available_bytes(make_proc(tmp_path, "0::/"), tmp_path / "none") == 1_024_000
    assert read_available_bytes(tmp_path / "none", tmp_path / "none") is None
    here = read_available_bytes()
    assert here is not None
    assert here > MIB


def test_available_is_what_the_control_group_leaves(tmp_path: Path) -> None:
    proc, groups = make_proc(tmp_path, "0::/a/b"), tmp_path / "cgroup"
    write(groups / "a" / "b" / "memory.max", "max")
    write(groups / "a" / "b" / "memory.current", 400_000)
    assert read_available_bytes(proc, groups) == 1_024_000
    write(groups / "a" / "memory.max", 700_000)  # of a group further up
    write(groups / "a" / "memory.current", 600_000)
    assert read_available_bytes(proc, groups) == 100_000
    write(groups / "a" / "memory.stat", "anon 1\ninactive_file 50000\nfile 9")
    assert read_available_bytes(proc, groups) == 150_000
    write(groups / "a" / "memory.current", 900_000)  # above a limit that was lowered
    assert read_available_bytes(proc, groups) == 0


def test_available_by_the_first_version_of_control_groups(tmp_path: Path) -> None:
    proc, groups = make_proc(tmp_path, "5:cpu,cpuacct:/x\n4:memory:/x\n0::/"), tmp_path / "cgroup"
    write(groups / "memory" / "memory.limit_in_bytes", 2**63 - 4096)  # no limit
    write(groups / "memory" / "memory.usage_in_bytes", 10)
    assert read_available_bytes(proc, groups) == 1_024_000
    write(groups / "memory" / "x" / "memory.limit_in_bytes", 500_000)
    write(groups / "memory" / "x" / "memory.usage_in_bytes", 300_000)
    write(groups / "memory" / "x" / "memory.stat", "inactive_file 1\ntotal_inactive_file 7")
    assert read_available_bytes(proc, groups) == 200_007


def test_give_back_can_be_called_any_time() -> None:
    give_back()
    give_back()
