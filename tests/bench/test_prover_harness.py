"""The harness of benchmarks/prover: its cases, its figures, and contestants that fail; none is built here."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from benchmarks.prover.cases import DEFAULT_CASES, Case, Chain, parse_case
from benchmarks.prover.ours import load_chain
from benchmarks.prover.peer import Contestant, PeerFailed, prepare
from benchmarks.prover.report import list_left_out, make_ratio_table, make_table, to_json
from benchmarks.prover.rounds import CaseResult, compute_ratios, run_case
from prover import kernel

SUM = Case("msm-g1-2", group="g1", log2=2)  # a case without files
ANSWER = 'for line in sys.stdin: print(\'{"seconds": %s, "verified": %s}\', flush=True)'


def make(name: str, seconds: float = 1, verified: str = "true", *, body: str | None = None) -> Contestant:
    """Return a contestant that says it took so long."""
    answer = ANSWER % (seconds, verified) if body is None else body
    return Contestant(name, (sys.executable, "-c", f"import sys\nprint('{{\"ready\": true}}', flush=True)\n{answer}"))


def ignore(_: str) -> None:
    """Tell nobody."""


def test_names_of_cases() -> None:
    assert [parse_case(name).name for name in DEFAULT_CASES] == list(DEFAULT_CASES)
    assert parse_case("msm-g2-20") == Case("msm-g2-20", group="g2", log2=20)


@pytest.mark.parametrize("name", ["", "chain-10", "chain-25", "huge", "msm-g3-4", "msm-g1-0", "chain-16 "])
def test_invalid_name_of_a_case(name: str) -> None:
    with pytest.raises(ValueError, match="expected chain-11"):
        parse_case(name)


def test_chain_fills_its_domain_and_holds() -> None:
    chain = Chain(11)
    circuit, witness = load_chain(chain)
    assert (circuit.n_constraints, circuit.domain_log2) == (chain.n_rows, 11) == (2046, 11)
    assert circuit.unsatisfied(witness) == []
    values = kernel.decode_be(witness.to_be())
    assert len(set(values)) == len(values)  # dense: no wire repeats another
    assert min(values[1:]) > 2**200


def test_rounds_alternate_and_give_medians_and_ratios(tmp_path: Path) -> None:
    line = [make("ours-portable", 2), make("gnark", 4)], {"ours-ifma": "not here"}
    result = run_case(SUM, line, 3, tmp_path, ignore)
    assert result.runs_s == {"ours-portable": [2, 2, 2], "gnark": [4, 4, 4]}
    assert set(result.peak_bytes) == set(result.medians_cpu_s) == {"ours-portable", "gnark"}
    found = json.loads(json.dumps(to_json({SUM.name: result}, {"processor": "any"})))
    assert found["medians_s"] == {SUM.name: {"ours-portable": 2, "gnark": 4}}
    assert found["ratios"] == {SUM.name: {"ours-portable/gnark": 0.5}}
    assert list(make_table({SUM.name: result}).columns[1].cells) == ["ours-portable", "gnark"]
    assert list(make_ratio_table({SUM.name: result}).columns[2].cells) == ["0.500"]
    assert list_left_out({SUM.name: result}) == ["msm-g1-2: ours-ifma left out: not here"]


def test_ratios_are_ours_over_each_peer() -> None:
    medians_s = {"ours-ifma": 1.0, "ours-portable": 3.0, "gnark-r1cs": 2.0}
    assert compute_ratios(medians_s) == {"ours-ifma/gnark-r1cs": 0.5, "ours-portable/gnark-r1cs": 1.5}
    assert CaseResult(runs_s={"a": [9, 1, 2]}).medians_s == {"a": 2}


@pytest.mark.parametrize(
    ("failing", "reason"),
    [
        (make("gnark", 1, "false"), "its own proof does not verify"),
        (make("gnark", body="sys.stdin.readline(); sys.exit('no memory')"), "exit status 1: no memory"),
        (Contestant("gnark", (sys.executable, "-c", "raise SystemExit('no key')")), "exit status 1: no key"),
        (Contestant("gnark", make("gnark").serve, kernel="ifma"), "the kernel takes the path None"),
    ],
)
def test_invalid_contestant_is_named_and_left_out(tmp_path: Path, failing: Contestant, reason: str) -> None:
    result = run_case(SUM, ([make("ours-portable"), failing], {}), 2, tmp_path, ignore)
    assert result.runs_s == {"ours-portable": [1, 1]}
    assert reason in result.left_out["gnark"]
    assert list(tmp_path.iterdir()) == []


def test_setup_says_its_seconds(tmp_path: Path) -> None:
    says = (sys.executable, "-c", "print('{\"setup_s\": 1.5}')")
    prepared = prepare(Contestant("gnark", (), says), tmp_path, tmp_path)
    assert prepared is not None
    assert prepared.setup_s == 1.5
    assert prepared.peak_bytes > 0
    with pytest.raises(PeerFailed, match="gnark: exit status 3"):
        prepare(Contestant("gnark", (), (sys.executable, "-c", "raise SystemExit(3)")), tmp_path, tmp_path)
