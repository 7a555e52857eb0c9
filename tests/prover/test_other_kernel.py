"""What `make sanitize` is made of, short of nightly Rust: its commands, and tests that run with another build."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from prover import _kernel
from tests.node_stores import ROOT

PLUGIN = "tests.prover.other_kernel"


def expand(target: str) -> str:
    """Return the commands that a target would run, which are a shell's."""
    command = ["make", "--dry-run", "--no-print-directory", target]
    text = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    subprocess.run(["bash", "-n"], input=text, text=True, check=True)
    return text


def test_sanitize_names_tests_that_are_there() -> None:
    text = expand("sanitize")
    files = re.findall(r"tests/prover/\S+\.py", text)
    assert len(files) > 10
    assert [file for file in files if not (ROOT / file).is_file()] == []
    assert f"-p {PLUGIN}" in text
    assert "cargo +nightly build" in text


def run_tests(build: Path) -> subprocess.CompletedProcess[str]:
    """Run some tests of the kernel with this build of it."""
    command = [sys.executable, "-m", "pytest", "-p", PLUGIN, "-q", "-n", "0", "tests/prover/test_kernel_signatures.py"]
    environment = os.environ | {"KERNEL_FILE": str(build), "ZKMARGIN_KERNEL": "portable"}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


def test_another_build_is_tested(tmp_path: Path) -> None:
    build = tmp_path / "lib_kernel.so"
    shutil.copy(_kernel.__file__, build)
    assert run_tests(build).returncode == 0


@pytest.mark.parametrize("content", [None, b"no library"])
def test_invalid_build_is_not_passed_over(tmp_path: Path, content: bytes | None) -> None:
    build = tmp_path / "lib_kernel.so"
    if content is not None:
        build.write_bytes(content)
    done = run_tests(build)
    assert done.returncode != 0
    assert str(build) in done.stderr
