"""A random workload settled three ways: the model, the contract without a rollup, and the rollup's state."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sequencer.batches import read_batches
from sequencer.comparing_gas import compare_gas
from sequencer.gas_backends import DirectBackend
from sequencer.progress import ignore_progress
from sequencer.tape import read_tape
from tests.cli.conftest import ROOT
from tests.cli.helpers import run_json
from verifier.base_layer import EmbeddedEvm

Capsys = pytest.CaptureFixture[str]


def make_tape(folder: Path, seed: int) -> Path:
    path = folder / f"random-{seed}.csv"
    command = [sys.executable, str(ROOT / "examples" / "make_random.py"), str(seed), "300", str(path)]
    subprocess.run(command, check=True, timeout=60)
    return path


def test_random_tape_follows_from_its_seed(tmp_path: Path) -> None:
    first = make_tape(tmp_path, 3)
    data = first.read_bytes()
    assert make_tape(tmp_path, 3).read_bytes() == data
    assert make_tape(tmp_path, 4).read_bytes() != data
    assert len(read_tape(first)) == 300


def test_random_workload_ends_alike_without_the_rollup(tmp_path: Path, capsys: Capsys) -> None:
    options = ["--shape", "small", "--batches", "3", "--seed", "5"]
    found = run_json(capsys, "replay", make_tape(tmp_path, 5), "--out", tmp_path / "run", *options)
    assert found["fills"] > 0
    assert found["identity_held"] is True
    compared = run_json(capsys, "compare", tmp_path / "run")
    assert compared["equal"] is True
    batches = read_batches(tmp_path / "run")
    layer = EmbeddedEvm(batches[-1].trace.header_after.timestamp_s)
    gas = compare_gas(batches, [DirectBackend(layer, batches[0].trace.params, 5)], ignore_progress)
    assert gas.reason == ""
    assert gas.columns[0].orders == compared["orders"] > 0
