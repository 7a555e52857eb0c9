"""The exit circuit before a third party: snarkjs reads what `circuit export --circuit exit` writes, and our proof."""

from __future__ import annotations

from pathlib import Path

import pytest

from circuits.exit_inputs import compute_exit_witness_inputs
from prover import kernel
from prover.circuit import load_exit
from rollup.exit import compute_exit_inputs
from sequencer.exporting import R1CS, export_circuit
from sequencer.progress import ignore_progress
from tests.circuits.exit_cases import HOLDING, at_equity
from tests.third_party.snarkjs_tools import do_snarkjs, run_snarkjs
from verifier.iden3 import read_public_inputs, write_proof, write_public_inputs, write_verification_key
from verifier.keys import decode_proof, decode_verifying_key

OPENING = at_equity(5 * 10**18 + 1, sizes=HOLDING).opening
LIE = ("exit", "claim/floor/quotient", 7)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the exported circuit, an exit's witness and proof, and a witness in which the quotient is a lie."""
    folder = tmp_path_factory.mktemp("exit") / "artefacts"
    assert export_circuit("exit", folder, ignore_progress) == [folder / R1CS]
    exit_circuit, inputs = load_exit(), compute_exit_witness_inputs(OPENING)
    witness = exit_circuit.evaluate(inputs)
    witness.write_wtns(folder / "exit.wtns")
    exit_circuit.evaluate(inputs, [LIE]).write_wtns(folder / "wrong.wtns")
    vk_be = kernel.setup(exit_circuit.circuit, folder / "exit.key")
    proof_be = kernel.prove(kernel.ProvingKey.load(folder / "exit.key"), exit_circuit.circuit, witness)
    write_verification_key(folder / "verification_key.json", decode_verifying_key(vk_be))
    write_proof(folder / "proof.json", decode_proof(proof_be))
    write_public_inputs(folder / "public.json", kernel.decode_be(witness.public_inputs_be()))
    return folder


def test_r1cs_info_of_the_exit_circuit(folder: Path) -> None:
    said = do_snarkjs(folder, "r1cs", "info", R1CS)
    circuit = load_exit().circuit
    for line in (
        f"# of Constraints: {circuit.n_constraints}",
        f"# of Wires: {circuit.n_wires}",
        "# of Public Inputs: 3",
    ):
        assert line in said


def test_wtns_check_of_an_exit(folder: Path) -> None:
    assert "WITNESS IS CORRECT" in do_snarkjs(folder, "wtns", "check", R1CS, "exit.wtns")


def test_invalid_witness_with_a_lie_about_the_floor(folder: Path) -> None:
    said = run_snarkjs(folder, "wtns", "check", R1CS, "wrong.wtns")
    assert "WITNESS CHECKING FINISHED UNSUCCESSFULLY" in said.stdout + said.stderr


def test_groth16_verify_of_an_exit(folder: Path) -> None:
    assert read_public_inputs(folder / "public.json") == list(compute_exit_inputs(OPENING))
    do_snarkjs(folder, "groth16", "verify", "verification_key.json", "public.json", "proof.json")


@pytest.mark.parametrize("index", range(3))
def test_invalid_public_input_of_an_exit(folder: Path, index: int) -> None:
    values = read_public_inputs(folder / "public.json")
    values[index] += 1
    write_public_inputs(folder / "wrong.json", values)
    assert run_snarkjs(folder, "groth16", "verify", "verification_key.json", "wrong.json", "proof.json").returncode == 1
