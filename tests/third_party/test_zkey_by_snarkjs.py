"""Keys as `.zkey`: from the same powers ours is snarkjs's to the byte; each proves under the other's."""

from __future__ import annotations

from pathlib import Path

import pytest

from prover import kernel
from prover.kernel import PowersOfTau, ProvingKey
from rollup.field import R
from tests.prover.tiny import build_cubic_circuit, compute_cubic_inputs
from tests.prover.zkey_parts import ZkeyParts
from tests.third_party.snarkjs_tools import do_snarkjs, make_key_by_snarkjs, make_powers_of_tau, prove_by_snarkjs
from verifier.iden3 import (
    read_proof,
    read_public_inputs,
    read_verification_key,
    write_proof,
    write_public_inputs,
    write_verification_key,
)
from verifier.keys import decode_proof, decode_verifying_key, encode_proof, encode_verifying_key
from verifier.verify import verify_by_kernel, verify_by_py_ecc

ROOTS = (3, 0, R - 1)
FIRST_KEY = "cubic_0.zkey"  # of snarkjs, before any contribution


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with pot.ptau, the cubic circuit and its witness, and snarkjs's keys of it: the first, and one more."""
    folder, circuit = tmp_path_factory.mktemp("zkey"), build_cubic_circuit(3)
    make_powers_of_tau(folder, circuit.domain_log2 + 1)
    circuit.write_r1cs(folder / "cubic.r1cs")
    circuit.compute_witness(*compute_cubic_inputs(ROOTS)).write_wtns(folder / "cubic.wtns")
    make_key_by_snarkjs(folder, "cubic")
    return folder


def test_sections_of_a_first_key_are_the_bytes_of_snarkjs(folder: Path, tmp_path: Path) -> None:
    circuit = build_cubic_circuit(3)
    powers = PowersOfTau.load(folder / "pot.ptau", circuit.domain_log2)
    kernel.start_ceremony(circuit, powers, tmp_path / "0.key")
    kernel.export_zkey(ProvingKey.load(tmp_path / "0.key"), circuit, tmp_path / "0.zkey")
    ours, theirs = (ZkeyParts.parse(path.read_bytes()) for path in (tmp_path / "0.zkey", folder / FIRST_KEY))
    for kind in range(1, 10):
        assert ours.get(kind) == theirs.get(kind), f"section {kind}"
    assert len(ours.get(10)) == len(theirs.get(10))  # no contribution in either; ours has no digest of the powers


def test_snarkjs_proves_under_a_key_of_ours(folder: Path, tmp_path: Path) -> None:
    circuit = build_cubic_circuit(3)
    vk_be = kernel.setup(circuit, tmp_path / "cubic.key")
    kernel.export_zkey(ProvingKey.load(tmp_path / "cubic.key"), circuit, tmp_path / "cubic.zkey")
    (tmp_path / "cubic.wtns").write_bytes((folder / "cubic.wtns").read_bytes())
    prove_by_snarkjs(tmp_path, "cubic")
    do_snarkjs(tmp_path, "zkey", "export", "verificationkey", "cubic.zkey", "exported.json")
    write_verification_key(tmp_path / "ours.json", decode_verifying_key(vk_be))
    assert (tmp_path / "exported.json").read_text() == (tmp_path / "ours.json").read_text()
    do_snarkjs(tmp_path, "groth16", "verify", "ours.json", "public.json", "proof.json")
    proof_be, values = encode_proof(read_proof(tmp_path / "proof.json")), read_public_inputs(tmp_path / "public.json")
    assert verify_by_kernel(kernel.verify, vk_be, proof_be, values).valid
    assert verify_by_py_ecc(vk_be, proof_be, values).valid
    assert not verify_by_kernel(kernel.verify, vk_be, proof_be, [(values[0] + 1) % R, *values[1:]]).valid


def test_we_prove_under_a_key_of_snarkjs(folder: Path, tmp_path: Path) -> None:
    circuit = build_cubic_circuit(3)
    vk_be = kernel.import_zkey(circuit, folder / "cubic.zkey", tmp_path / "cubic.key")
    key, witness = ProvingKey.load(tmp_path / "cubic.key"), circuit.compute_witness(*compute_cubic_inputs(ROOTS))
    assert key.is_development
    assert vk_be == encode_verifying_key(read_verification_key(folder / "verification_key.json"))
    write_proof(tmp_path / "proof.json", decode_proof(kernel.prove(key, circuit, witness)))
    write_public_inputs(tmp_path / "public.json", kernel.decode_be(witness.public_inputs_be()))
    verification_key = str(folder / "verification_key.json")
    do_snarkjs(tmp_path, "groth16", "verify", verification_key, "public.json", "proof.json")


def test_key_of_snarkjs_there_and_back(folder: Path, tmp_path: Path) -> None:
    circuit, theirs = build_cubic_circuit(3), ZkeyParts.parse((folder / "cubic.zkey").read_bytes())
    kernel.import_zkey(circuit, folder / "cubic.zkey", tmp_path / "cubic.key")
    kernel.export_zkey(ProvingKey.load(tmp_path / "cubic.key"), circuit, tmp_path / "back.zkey")
    back = ZkeyParts.parse((tmp_path / "back.zkey").read_bytes())
    assert {kind for kind in range(1, 11) if back.get(kind) != theirs.get(kind)} == {10}  # its contributions


def test_snarkjs_contributes_to_a_first_key_of_ours(folder: Path, tmp_path: Path) -> None:
    circuit = build_cubic_circuit(3)
    powers = PowersOfTau.load(folder / "pot.ptau", circuit.domain_log2)
    kernel.start_ceremony(circuit, powers, tmp_path / "0.key")
    kernel.export_zkey(ProvingKey.load(tmp_path / "0.key"), circuit, tmp_path / "0.zkey")
    do_snarkjs(tmp_path, "zkey", "contribute", "0.zkey", "1.zkey", "--name=test", "-e=only for tests")
    vk_be = kernel.import_zkey(circuit, tmp_path / "1.zkey", tmp_path / "1.key")
    witness = circuit.compute_witness(*compute_cubic_inputs(ROOTS))
    proof_be = kernel.prove(ProvingKey.load(tmp_path / "1.key"), circuit, witness)
    assert kernel.verify(vk_be, proof_be, witness.public_inputs_be())
