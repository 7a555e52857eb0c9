"""A tiny replay, proved once for all tests of the command line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from prover import kernel
from sequencer.cli.main import run_cli

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "avax-2025-10-10.csv.gz"


@pytest.fixture(scope="session")
def keys_dir() -> Path:
    """The cache of keys, kept between runs: a key's name holds its circuit's digest."""
    return ROOT / ".cache" / "test-keys"


@pytest.fixture(scope="session")
def _proved_run(tmp_path_factory: pytest.TempPathFactory, keys_dir: Path) -> Path:
    kernel.install()
    folder = tmp_path_factory.mktemp("run")
    replay = ["replay", str(EXAMPLE), "--out", str(folder), "--shape", "tiny", "--batches", "2", "--accounts", "3"]
    assert run_cli(replay) == 0
    assert run_cli(["prove", str(folder), "--out", str(folder), "--keys", str(keys_dir)]) == 0
    return folder


@pytest.fixture
def proved_run(_proved_run: Path, tmp_path: Path) -> Path:
    """A folder of two tiny batches and their proofs, to be tampered with."""
    return Path(shutil.copytree(_proved_run, tmp_path / "run"))
