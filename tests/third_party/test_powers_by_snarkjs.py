"""Powers of tau made by snarkjs start our ceremony; what the kernel writes, snarkjs reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from prover import kernel
from prover.kernel import PowersOfTau, ProvingKey
from tests.prover.tiny import build_cubic_circuit, compute_cubic_inputs
from tests.third_party.snarkjs_tools import do_snarkjs, make_powers_of_tau, run_snarkjs
from verifier.iden3 import write_proof, write_public_inputs, write_verification_key
from verifier.keys import decode_proof, decode_verifying_key


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with pot_1.ptau of snarkjs, up to 2**5, and pot.ptau, the same prepared."""
    folder = tmp_path_factory.mktemp("pot")
    make_powers_of_tau(folder, 5)
    return folder


def test_prepared_and_unprepared_powers_of_snarkjs_make_one_key(folder: Path) -> None:
    circuit = build_cubic_circuit(3)
    for name in ("pot_1", "pot"):
        powers = PowersOfTau.load(folder / f"{name}.ptau", circuit.domain_log2)
        assert powers.is_prepared == (name == "pot")
        kernel.start_ceremony(circuit, powers, folder / f"{name}.key")
    assert (folder / "pot.key").read_bytes() == (folder / "pot_1.key").read_bytes()


def test_snarkjs_accepts_a_proof_under_a_ceremony_key(folder: Path, tmp_path: Path) -> None:
    circuit = build_cubic_circuit(3)
    powers = PowersOfTau.load(folder / "pot.ptau", circuit.domain_log2)
    kernel.start_ceremony(circuit, powers, tmp_path / "0.key")
    kernel.contribute(tmp_path / "0.key", tmp_path / "1.key", "Ada")
    assert len(kernel.verify_ceremony(circuit, powers, tmp_path / "1.key")) == 1
    key, witness = ProvingKey.load(tmp_path / "1.key"), circuit.compute_witness(*compute_cubic_inputs([1, 2, 3]))
    write_verification_key(tmp_path / "vk.json", decode_verifying_key(key.verifying_key_be))
    write_proof(tmp_path / "proof.json", decode_proof(kernel.prove(key, circuit, witness)))
    public = kernel.decode_be(witness.public_inputs_be())
    write_public_inputs(tmp_path / "public.json", public)
    assert "OK" in do_snarkjs(tmp_path, "groth16", "verify", "vk.json", "public.json", "proof.json")
    write_public_inputs(tmp_path / "public.json", [public[0] + 1, *public[1:]])
    assert run_snarkjs(tmp_path, "groth16", "verify", "vk.json", "public.json", "proof.json").returncode != 0


def test_snarkjs_sets_up_by_our_powers_as_we_prepare_them(tmp_path: Path) -> None:
    circuit = build_cubic_circuit(3)
    circuit.write_r1cs(tmp_path / "cubic.r1cs")
    kernel.make_development_powers(tmp_path / "bare.ptau", 5, seed=b"ours")
    kernel.make_development_powers(tmp_path / "ours.ptau", 5, prepared=True, seed=b"ours")
    do_snarkjs(tmp_path, "powersoftau", "prepare", "phase2", "bare.ptau", "theirs.ptau")
    for name in ("ours", "theirs"):
        do_snarkjs(tmp_path, "groth16", "setup", "cubic.r1cs", f"{name}.ptau", f"{name}.zkey")
    assert (tmp_path / "ours.zkey").read_bytes() == (tmp_path / "theirs.zkey").read_bytes()
