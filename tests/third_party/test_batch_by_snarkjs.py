"""A whole batch before a third party: snarkjs reads the circuit, checks its witness, and accepts its proof."""

from __future__ import annotations

from pathlib import Path

import pytest

from prover import kernel
from prover.circuit import load_batch
from rollup.shapes import TINY
from tests.scenarios import run_day
from tests.third_party.snarkjs_tools import do_snarkjs, run_snarkjs
from verifier.iden3 import read_public_inputs, write_proof, write_public_inputs, write_verification_key
from verifier.keys import decode_proof, decode_verifying_key


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the tiny circuit, the batch in which an account is liquidated, its proof, and a wrong witness."""
    folder = tmp_path_factory.mktemp("batch")
    batch, trace = load_batch(TINY), run_day()["liquidation"]
    witness = batch.compute_witness(trace)
    batch.circuit.write_r1cs(folder / "tiny.r1cs")
    witness.write_wtns(folder / "tiny.wtns")
    lied = batch.compute_witness(trace, [("trade[0]", "liquidation/penalty/full_cap", 1)])
    lied.write_wtns(folder / "wrong.wtns")
    vk_be = kernel.setup(batch.circuit, folder / "tiny.key")
    proof_be = kernel.prove(kernel.ProvingKey.load(folder / "tiny.key"), batch.circuit, witness)
    write_verification_key(folder / "verification_key.json", decode_verifying_key(vk_be))
    write_proof(folder / "proof.json", decode_proof(proof_be))
    write_public_inputs(folder / "public.json", kernel.decode_be(witness.public_inputs_be()))
    return folder


def test_r1cs_info_of_a_batch(folder: Path) -> None:
    said = do_snarkjs(folder, "r1cs", "info", "tiny.r1cs")
    circuit = load_batch(TINY).circuit
    for line in (f"# of Constraints: {circuit.n_constraints}", f"# of Wires: {circuit.n_wires}"):
        assert line in said


def test_wtns_check_of_a_batch(folder: Path) -> None:
    assert "WITNESS IS CORRECT" in do_snarkjs(folder, "wtns", "check", "tiny.r1cs", "tiny.wtns")


def test_invalid_witness_with_a_lie_about_the_penalty(folder: Path) -> None:
    said = run_snarkjs(folder, "wtns", "check", "tiny.r1cs", "wrong.wtns")
    assert "WITNESS CHECKING FINISHED UNSUCCESSFULLY" in said.stdout + said.stderr


def test_groth16_verify_of_a_batch(folder: Path) -> None:
    do_snarkjs(folder, "groth16", "verify", "verification_key.json", "public.json", "proof.json")


@pytest.mark.parametrize("index", range(5))
def test_invalid_public_input_of_a_batch(folder: Path, index: int) -> None:
    values = read_public_inputs(folder / "public.json")
    values[index] += 1
    write_public_inputs(folder / "wrong.json", values)
    assert run_snarkjs(folder, "groth16", "verify", "verification_key.json", "wrong.json", "proof.json").returncode == 1
