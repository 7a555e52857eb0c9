"""snarkjs shares no code with us: it accepts what we make, we accept what it makes, and neither what is wrong."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from prover import kernel
from rollup.field import R
from tests.prover.tiny import build_cubic_circuit, compute_cubic_inputs
from tests.third_party.snarkjs_tools import (
    JSON_FILES,
    do_snarkjs,
    make_key_by_snarkjs,
    make_powers_of_tau,
    prove_by_snarkjs,
    run_snarkjs,
    write_multiplier,
)
from verifier.iden3 import (
    read_proof,
    read_public_inputs,
    read_verification_key,
    write_proof,
    write_public_inputs,
    write_verification_key,
)
from verifier.keys import decode_proof, decode_verifying_key, encode_proof, encode_verifying_key
from verifier.verify import verify_all

ROOTS = [3, 0, R - 1, 2**64, 11]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with powers of tau, the kernel's cubic circuit, its witness, and the kernel's proof of it."""
    folder = tmp_path_factory.mktemp("snarkjs")
    make_powers_of_tau(folder, 5)
    circuit = build_cubic_circuit(len(ROOTS))
    witness = circuit.compute_witness(*compute_cubic_inputs(ROOTS))
    circuit.write_r1cs(folder / "cubic.r1cs")
    witness.write_wtns(folder / "cubic.wtns")
    vk_be = kernel.setup(circuit, folder / "cubic.key")
    proof_be = kernel.prove(kernel.ProvingKey.load(folder / "cubic.key"), circuit, witness)
    write_verification_key(folder / "ours_verification_key.json", decode_verifying_key(vk_be))
    write_proof(folder / "ours_proof.json", decode_proof(proof_be))
    write_public_inputs(folder / "ours_public.json", kernel.decode_be(witness.public_inputs_be()))
    return folder


def verify_ours(folder: Path, *, public: str = "ours_public.json", proof: str = "ours_proof.json") -> int:
    return run_snarkjs(folder, "groth16", "verify", "ours_verification_key.json", public, proof).returncode


def test_snarkjs_accepts_a_proof_of_ours(folder: Path) -> None:
    assert verify_ours(folder) == 0


@pytest.mark.parametrize("index", range(len(ROOTS)))
def test_invalid_public_input_is_refused_by_snarkjs(folder: Path, index: int) -> None:
    values = read_public_inputs(folder / "ours_public.json")
    values[index] = (values[index] + 1) % R
    write_public_inputs(folder / "wrong_public.json", values)
    assert verify_ours(folder, public="wrong_public.json") == 1


@pytest.mark.parametrize(("changed", "by"), [("pi_a", "pi_c"), ("pi_c", "pi_a")])
def test_invalid_proof_is_refused_by_snarkjs(folder: Path, changed: str, by: str) -> None:
    proof = json.loads((folder / "ours_proof.json").read_text())
    (folder / "wrong_proof.json").write_text(json.dumps(proof | {changed: proof[by]}))
    assert verify_ours(folder, proof="wrong_proof.json") == 1


def test_r1cs_info_of_a_circuit_of_ours(folder: Path) -> None:
    said = do_snarkjs(folder, "r1cs", "info", "cubic.r1cs")
    circuit = build_cubic_circuit(len(ROOTS))
    for line in (
        "Curve: bn-128",
        f"# of Wires: {circuit.n_wires}",
        f"# of Constraints: {circuit.n_constraints}",
        f"# of Public Inputs: {len(ROOTS)}",
        "# of Outputs: 0",
    ):
        assert line in said


def test_wtns_check_of_a_witness_of_ours(folder: Path) -> None:
    assert run_snarkjs(folder, "wtns", "check", "cubic.r1cs", "cubic.wtns").returncode == 0


def test_invalid_witness_is_refused_by_wtns_check(folder: Path) -> None:
    data = bytearray((folder / "cubic.wtns").read_bytes())
    data[-32] ^= 1  # the last wire's least significant byte
    (folder / "wrong.wtns").write_bytes(data)
    assert run_snarkjs(folder, "wtns", "check", "cubic.r1cs", "wrong.wtns").returncode == 1


@pytest.fixture(scope="module", params=["cubic", "multiplier"])
def snarkjs_proof(request: pytest.FixtureRequest, folder: Path) -> Path:
    """Key and proof made by snarkjs: of a circuit that the kernel wrote, and of one it never saw."""
    stem = str(request.param)
    own = folder / stem
    own.mkdir()
    write_multiplier(folder)
    for file in ("pot.ptau", f"{stem}.r1cs", f"{stem}.wtns"):
        shutil.copy(folder / file, own)
    make_key_by_snarkjs(own, stem)
    prove_by_snarkjs(own, stem)
    return own


def test_we_accept_a_proof_of_snarkjs(snarkjs_proof: Path) -> None:
    key, proof, public = (snarkjs_proof / file for file in JSON_FILES)
    vk_be, proof_be = encode_verifying_key(read_verification_key(key)), encode_proof(read_proof(proof))
    values = read_public_inputs(public)
    assert {v.valid for v in verify_all(kernel.verify, vk_be, proof_be, values).values()} == {True}
    changed = [(values[0] + 1) % R, *values[1:]]
    assert {v.valid for v in verify_all(kernel.verify, vk_be, proof_be, changed).values()} == {False}


def test_files_written_again_are_the_bytes_of_snarkjs(snarkjs_proof: Path, tmp_path: Path) -> None:
    key, proof, public = (snarkjs_proof / file for file in JSON_FILES)
    write_verification_key(tmp_path / key.name, read_verification_key(key))
    write_proof(tmp_path / proof.name, read_proof(proof))
    write_public_inputs(tmp_path / public.name, read_public_inputs(public))
    for path in (key, proof, public):
        assert (tmp_path / path.name).read_text() == path.read_text()
