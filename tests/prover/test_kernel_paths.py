"""Both paths of the kernel's arithmetic, forced by the switch: the same sums and proofs, byte for byte."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from prover.kernel import ProvingKey, make_development_powers, msm_g1, msm_g2, prove, setup, verify
from tests.prover.paths import SWITCH, has_lanes
from tests.prover.test_msm import draw_terms, encode_g1, encode_g2
from tests.prover.tiny import R, build_cubic_circuit, compute_cubic_inputs, encode_be


def on_both_paths(monkeypatch: pytest.MonkeyPatch, compute: Callable[[], bytes]) -> bytes:
    """Return what `compute` gives on the portable path, after holding the other one (where it is) to the same."""
    monkeypatch.setenv(SWITCH, "portable")
    portable = compute()
    monkeypatch.setenv(SWITCH, "ifma")
    if has_lanes():
        assert compute() == portable
    else:
        with pytest.raises(ValueError, match="this processor has no AVX-512 IFMA"):
            compute()
    return portable


def test_sums_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    terms = draw_terms(3000, 5)
    scalars = encode_be([s for _, s in terms])
    total = sum(k * s for k, s in terms) % R
    g1 = b"".join(encode_g1(k) for k, _ in terms)
    g2 = b"".join(encode_g2(k) for k, _ in terms)
    assert on_both_paths(monkeypatch, lambda: msm_g1(g1, scalars)) == encode_g1(total)
    assert on_both_paths(monkeypatch, lambda: msm_g2(g2, scalars)) == encode_g2(total)


def test_proofs_are_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    circuit = build_cubic_circuit(700)  # enough wires and rows for the lanes to be used
    verifying_key = setup(circuit, tmp_path / "cubic.key", seed=b"paths")
    key = ProvingKey.load(tmp_path / "cubic.key")
    roots = [(i * i * 7919) % R if i % 3 else i % 2 for i in range(700)]
    witness = circuit.compute_witness(*compute_cubic_inputs(roots))
    proof = on_both_paths(monkeypatch, lambda: prove(key, circuit, witness, seed=b"the same"))
    assert verify(verifying_key, proof, witness.public_inputs_be())


def test_keys_are_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    circuit, path = build_cubic_circuit(6000), tmp_path / "cubic.key"  # more points than are written at once

    def make_key() -> bytes:
        verifying_key = setup(circuit, path, seed=b"paths")
        return verifying_key + path.read_bytes()

    on_both_paths(monkeypatch, make_key)


def test_development_powers_are_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "powers.ptau"

    def make_powers() -> bytes:
        make_development_powers(path, 10, prepared=True, seed=b"paths")  # enough for the lanes in G1 and G2
        return path.read_bytes()

    on_both_paths(monkeypatch, make_powers)


def test_invalid_switch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(SWITCH, "fastest")
    with pytest.raises(ValueError, match="ZKMARGIN_KERNEL=fastest, expected portable or ifma"):
        msm_g1(encode_g1(1), encode_be([1]))
    with pytest.raises(ValueError, match="ZKMARGIN_KERNEL=fastest, expected portable or ifma"):
        setup(build_cubic_circuit(3), tmp_path / "cubic.key")
    assert not list(tmp_path.iterdir())
