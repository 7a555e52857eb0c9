"""Every module of benchmarks that a page names, run as its page has it but small: what it prints is there and holds."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.__main__ import make_tables
from tests.node_stores import ROOT

KEYS_DIR = ROOT / ".cache" / "test-keys"
PEERS = "gnark,arkworks,snarkjs"  # minutes to build


def run(module: str, *options: str) -> str:
    """Return what `python -m MODULE OPTIONS` prints; it ends with status 0."""
    command = [sys.executable, "-m", module, *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def run_json(module: str, *options: str) -> dict[str, Any]:
    """Return the object that it prints with --json."""
    found: dict[str, Any] = json.loads(run(module, *options, "--json"))
    return found


def test_all_figures_in_small() -> None:
    pinned = json.loads((ROOT / "tests" / "pins" / "constraint_counts.json").read_text())["gadgets"]
    found = run_json("benchmarks", "--shape", "tiny", "--runs", "1", "--keys", str(KEYS_DIR))
    assert found["constraints"]["eddsa_verify"] == pinned["eddsa_verify"]
    assert found["constraints"]["shape block"] < 1 << 20
    (tiny,) = found["shapes"].values()
    assert (tiny["orders"], tiny["domain_log2"]) == (6, 18)
    assert all(tiny[f"{stage}_s"] > 0 for stage in ("build", "setup", "witness", "prove", "verify"))
    assert tiny["key_bytes"] < tiny["peak_bytes"]
    assert {op for op, by in found["microseconds"].items() if by["kernel"] > 0 < by["python"]} == {
        "poseidon2",
        "poseidon8",
        "poseidon16",
        "eddsa_sign",
        "eddsa_verify",
    }
    assert {"kernel", "py-ecc", "contract in py-evm"} <= found["verification_ms"].keys()
    for table, name in zip(make_tables(found), ("Tick", "prove, s", "eddsa_sign", "py-ecc"), strict=True):
        assert name in table.columns[0].cells
        assert "" not in table.columns[1].cells


def test_kernel_of_few_rows() -> None:
    lines = run("benchmarks.kernel", "14").splitlines()  # one instance of its template
    assert re.fullmatch(r"\d+ rows, \d+ wires, 1 instances of \d+ rows", lines[0])
    measured = [line.split(" | ")[0].removeprefix("| ") for line in lines if line.startswith("| ")]
    assert measured == ["what", "witness", "unsatisfied", "setup", "load key", "prove", "verify"]


def test_mutants_of_one_template() -> None:
    first, last = run("benchmarks.mutants", "--only", "Horner(10)", "--sample", "5").splitlines()
    assert re.fullmatch(r"Horner\(10\): \d+ constraints, 5 classes; noticed .* by .*", first)
    assert last.startswith("5 classes, 0 survivors, ")


def test_node_that_is_killed_once() -> None:
    counts, replayed = run("benchmarks.node_crash", "--kills", "1", "--seed", "1").splitlines()
    assert "'kills': 1, " in counts
    n_outcomes = re.search(r"'outcomes': (\d+)", counts)
    assert n_outcomes is not None
    assert replayed == f"outcomes made again, all the same: {n_outcomes[1]}"


def test_ticks_of_few_accounts() -> None:
    found = run_json("benchmarks.node_risk", "--accounts", "2002", "--orders", "500", "--ticks", "2")
    assert (found["accounts"], found["orders"]) == (2002, 500)
    assert set(found["loads"]) == {"light", "busy", "heavy"}
    assert all(load["fills"] > 0 and load["cpu_ms"]["tick"] > 0 for load in found["loads"].values())
    assert found["risk_tick_ms"] == max(load["wall_ms"]["tick"] for load in found["loads"].values())


def test_prover_alone_on_a_chain(tmp_path: Path) -> None:
    plot = tmp_path / "p.svg"
    options = ("--cases", "chain-11", "--runs", "1", "--without", f"{PEERS},ours-ifma", "--plot", str(plot))
    found = run_json("benchmarks.prover", *options)
    case = found["cases"]["chain-11"]
    assert found["medians_s"] == {"chain-11": {"ours-portable": case["runs_s"]["ours-portable"][0]}}
    assert case["setup_s"].keys() == case["peak_bytes"].keys() == {"ours-portable"}  # its proof was verified
    assert len(case["left_out"]) == 6
    assert set(case["left_out"].values()) == {"by --without"}
    assert "ours-portable" in plot.read_text()
    earlier = tmp_path / "earlier.json"
    earlier.write_text(json.dumps(found))
    assert run_json("benchmarks.prover", "--cases", "", "--also", str(earlier))["cases"] == found["cases"]
    earlier.write_text(json.dumps(found | {"machine": {"processor": "another"}}))
    command = [sys.executable, "-m", "benchmarks.prover", "--cases", "", "--also", str(earlier)]
    refused = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (refused.returncode, "measured on another, this is " in refused.stderr) == (2, True)


def test_profile_of_a_chain() -> None:
    options = ("--cases", "chain-11", "--runs", "1", "--cores", "1", "--clock-ghz", "3")
    found = run_json("benchmarks.prover.profile", *options)
    profile = found["profiles"]["chain-11"]
    assert (found["machine"]["clock_ghz"], profile["threads"]) == (3, 1)
    assert profile["parts"]["H/recode"]["operations"] == 1 << 11
    assert sum(part["seconds"] for part in profile["parts"].values()) > 0


def test_store_of_few_records(tmp_path: Path) -> None:
    lines = run("benchmarks.store", "--folder", str(tmp_path), "--seconds", "0.05", "--records", "2000").splitlines()
    rows = [re.fullmatch(r"SQLite: groups of (\d+): \d+ records/s; fsync before .*", line) for line in lines[:4]]
    assert [int(row[1]) for row in rows if row is not None] == [1, 10, 100, 1000]
    assert lines[4].startswith("SQLite: 2,000 records, opened: CPU ")
    receipts = [list(map(float, line.split(" | "))) for line in lines[6:]]
    assert [int(row[0]) for row in receipts] == [1, 2, 4, 8, 16, 32, 96]
    assert [row[5] for row in receipts] == [212 + 17 * (row[0] - 1) for row in receipts]
    assert list(tmp_path.iterdir()) == []
