"""Both paths of the kernel's arithmetic, forced by the switch: the same sums and proofs, byte for byte."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from prover.kernel import ProvingKey, msm_g1, msm_g2, prove, setup, verify
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


def test_invalid_switch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SWITCH, "fastest")
    with pytest.raises(ValueError, match="ZKMARGIN_KERNEL=fastest, expected portable or ifma"):
        msm_g1(encode_g1(1), encode_be([1]))
