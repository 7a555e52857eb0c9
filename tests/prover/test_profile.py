"""`prove_timed`: the same proof, the same names for every circuit and path, and times that fit into the clock's."""

from __future__ import annotations

import os
import time

import pytest

from prover.kernel import Cancelled, CancelToken, Circuit, ProvingKey, Witness, prove, prove_timed, setup
from tests.prover.paths import PATHS, SWITCH
from tests.prover.tiny import R, build_cubic_circuit, compute_cubic_inputs, encode_be

PARTS = ("recode", "join", "sort", "gather", "add", "invert", "buckets")
SUMS = [f"{name}/{part}" for name in ("H", "L", "A", "B1", "B2") for part in PARTS]
SHARED = ("wires/recode", "wires/join", "B/recode", "B/join", "B/sort")
NAMES = {"rows", "FFT", "assemble", *SHARED, *SUMS}


@pytest.fixture(scope="module")
def proving(tmp_path_factory: pytest.TempPathFactory) -> tuple[ProvingKey, Circuit, Witness]:
    path, circuit = tmp_path_factory.mktemp("keys") / "cubic.key", build_cubic_circuit(1100)
    setup(circuit, path, seed=b"test_profile")
    roots = [i * i * 7919**20 % R for i in range(1100)]
    return ProvingKey.load(path), circuit, circuit.compute_witness(*compute_cubic_inputs(roots))


@pytest.mark.parametrize("path", PATHS)
def test_parts_of_a_proof(
    monkeypatch: pytest.MonkeyPatch, proving: tuple[ProvingKey, Circuit, Witness], path: str
) -> None:
    monkeypatch.setenv(SWITCH, path)
    started_s = time.perf_counter()
    proof, parts = prove_timed(*proving, seed=b"the same")
    wall_s = time.perf_counter() - started_s
    assert proof == prove(*proving, seed=b"the same")
    assert set(parts) == NAMES
    assert all(seconds >= 0 and operations >= 0 for seconds, operations in parts.values())
    n_threads = int(os.environ.get("RAYON_NUM_THREADS") or os.cpu_count() or 1)
    assert 0 < sum(seconds for seconds, _ in parts.values()) <= wall_s * n_threads
    assert all(seconds > 0 or operations == 0 for seconds, operations in parts.values())


@pytest.mark.parametrize("path", PATHS)
def test_operations(monkeypatch: pytest.MonkeyPatch, proving: tuple[ProvingKey, Circuit, Witness], path: str) -> None:
    monkeypatch.setenv(SWITCH, path)
    _, parts = prove_timed(*proving)
    count = {name: operations for name, (_, operations) in parts.items()}
    n_domain = 1 << proving[0].domain_log2
    assert count["H/recode"] == n_domain
    if path == "portable":
        assert count["B1/recode"] == count["B2/recode"] > 0 == count["B/recode"] == count["H/gather"] == count["H/add"]
        assert count["L/recode"] > 0 == count["wires/recode"]
        return
    assert count["wires/recode"] == proving[1].n_wires
    assert not any(count[f"{name}/recode"] for name in ("L", "A", "B", "B1", "B2"))  # all from the wires'
    assert count["B/sort"] > 0 == count["B1/sort"] == count["B2/sort"]  # one plan for both
    assert count["B1/gather"] == count["B2/gather"]
    # every digit is a point of some bucket, and runs' sums are gathered once more
    assert count["H/gather"] >= count["H/sort"] > 10 * n_domain
    # n points in one bucket take n - 1 additions; lanes without a point are counted
    assert count["H/add"] >= count["H/sort"] - count["H/buckets"]


def test_invalid_cancelled_names_the_stage(proving: tuple[ProvingKey, Circuit, Witness]) -> None:
    for name in ("rows", "FFT", "H", "wires", "L", "A", "B", "B1", "B2"):
        stage = f"prove {name}"
        token = CancelToken()
        seen = list[str]()

        def cancel(at: str, done: int, total: int, *, token: CancelToken = token, wanted: str = stage) -> None:
            seen.append(at)  # noqa: B023
            if at == wanted:
                token.cancel()

        with pytest.raises(Cancelled, match=f"{stage}: cancelled"):
            prove(*proving, cancel=token, progress=cancel)
        assert token.is_cancelled
        assert seen.count(stage) == 1  # not told as done


def test_invalid_lie_of_a_cancelled_proof_is_not_looked_for(proving: tuple[ProvingKey, Circuit, Witness]) -> None:
    key, circuit, _ = proving
    bus, private = compute_cubic_inputs([1] * 1100)
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):  # rows that were passed over say nothing about the witness
        prove(key, circuit, circuit.compute_witness(bus, private, [(1, 3, encode_be([17]))]), cancel=token)
