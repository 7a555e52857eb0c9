"""The kernel's examples, which measure, run small: each checks what it times against arkworks or a verifier.

`cargo build` says where they are: `make test` has built them. `cargo run` for one package would build arkworks again,
with fewer features.
"""

from __future__ import annotations

import json
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from tests.node_stores import ROOT
from tests.prover.paths import PATHS, SWITCH, has_lanes

MANIFEST = ROOT / "prover" / "native" / "Cargo.toml"
PACKAGES = ("--package", "zkmargin-primitives", "--package", "zkmargin-lanes")
BUILD = ("cargo", "build", "--quiet", "--profile", "checked", "--locked", "--examples", "--message-format", "json")
ELSEWHERE = "no AVX-512 IFMA here"


@cache
def build() -> dict[str, Path]:
    """Return the programs by name."""
    command = [*BUILD, "--manifest-path", str(MANIFEST), *PACKAGES]
    lines = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout.splitlines()
    made = [json.loads(line) for line in lines]
    return {
        one["target"]["name"]: Path(one["executable"])
        for one in made
        if one["reason"] == "compiler-artifact" and one["target"]["kind"] == ["example"]
    }


def run(name: str, *arguments: str, asked: str = "") -> list[str]:
    """Return the lines that an example prints; it ends with status 0."""
    command = [build()[name], *arguments]
    return subprocess.run(command, input=asked, capture_output=True, check=True, text=True).stdout.splitlines()


def count_lanes() -> int:
    """Return how often an example measures the lanes: three times where the processor has their instructions."""
    return 3 if has_lanes() else 0


def test_every_example_is_run_here() -> None:
    files = {
        path.stem for package in ("primitives", "lanes") for path in MANIFEST.parent.glob(f"{package}/examples/*.rs")
    }
    assert build().keys() == files == {"timings", "msm", "msm_timing", "multiples", "fft", "clock"}


def test_timings_of_few_runs() -> None:
    rows = [re.fullmatch(r"(.+): (\d+\.\d) us", line) for line in run("timings", "2")]
    figures = {row[1]: float(row[2]) for row in rows if row is not None}
    assert len(figures) == len(rows) == 18
    assert min(figures.values()) > 0
    assert {"eddsa verify", "G2 subgroup check"} <= figures.keys()


def test_sums_of_few_points() -> None:
    lines = run("msm", "10")
    assert (ELSEWHERE in lines) is (count_lanes() == 0)
    for group in ("G1", "G2"):
        assert sum(line.startswith(f"{group} 2^10, arkworks: ") for line in lines) == 1
        assert sum(line.startswith(f"{group} 2^10: ") for line in lines) == count_lanes()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("group", ["g1", "g2"])
def test_sums_of_a_contestant(group: str, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SWITCH, path)
    said = [json.loads(line) for line in run("msm_timing", group, "10", asked="\n\n")]
    assert said[0] == {"ready": True, "kernel": path}
    assert [one["verified"] for one in said[1:]] == [True, True]


def test_transforms_of_few_values() -> None:
    lines = run("fft", "10")
    assert (ELSEWHERE in lines) is (count_lanes() == 0)
    assert sum(line.startswith("2^10: arkworks ") for line in lines) == 3
    assert sum(line.startswith("2^10: lanes ") for line in lines) == count_lanes()


def test_few_multiples_of_one_point() -> None:
    lines = run("multiples", "4")
    rows = [re.fullmatch(r"(G1|G2), width (\d+): table \d+\.\d{3} s, multiples \d+\.\d{3} s", line) for line in lines]
    assert (ELSEWHERE in lines) is (count_lanes() == 0)
    widths = [(row[1], int(row[2])) for row in rows if row is not None]
    assert widths == ([(group, width) for group in ("G1", "G2") for width in range(10, 17)] if count_lanes() else [])


def test_clock_is_a_processor_s() -> None:
    (line,) = run("clock")
    assert 0.1 < float(line) < 20
