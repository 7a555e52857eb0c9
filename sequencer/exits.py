"""Proves the exit of one account from a snapshot, and checks such a proof: `exit.proof.json`, `exit.public.json`."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from prover import kernel
from rollup.exit import ExitInputs
from rollup.snapshot import Snapshot
from sequencer.exit_proofs import ExitProof, ExitProver
from sequencer.files import staged_folder
from sequencer.keys import LoadedKey
from sequencer.progress import Report
from sequencer.proofs import VERIFICATION_KEY
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

__all__ = ["EXIT_PROOF", "EXIT_PUBLIC", "CheckedExit", "ProvedExit", "check_exit", "prove_exit"]

EXIT_PROOF: Final = "exit.proof.json"
EXIT_PUBLIC: Final = "exit.public.json"


@dataclass(frozen=True)
class ProvedExit:
    """An exit that was proved, and what that took."""

    exit: ExitProof
    constraints: int
    circuit_digest: str
    loaded: LoadedKey
    key_s: float  # to load circuit and key, or to make the key


@dataclass(frozen=True)
class CheckedExit:
    """What three verifiers said of an exit proof."""

    inputs: ExitInputs | None  # None where there are not three public inputs
    kernel: bool
    py_ecc: bool
    evm: bool
    reason: str  # empty where all accept, of the state root that was asked for

    @property
    def is_valid(self) -> bool:
        """Whether all accept."""
        return self.reason == ""


def prove_exit(snapshot: Snapshot, account_id: int, out: Path, keys_dir: Path, report: Report) -> ProvedExit:
    """Prove an account's exit into a folder: proof, public inputs and verification key. All of them, or none.

    Assumes a snapshot whose roots were checked: then every account of the tree has a proof. Raises KeyUnusable.
    """
    started_s = time.perf_counter()
    prover = ExitProver(keys_dir, report)
    keyed_s = time.perf_counter()
    exit_ = prover.prove(snapshot.state, account_id)
    with staged_folder(out, EXIT_PROOF) as stage:
        write_verification_key(stage / VERIFICATION_KEY, decode_verifying_key(prover.loaded.key.verifying_key_be))
        write_public_inputs(stage / EXIT_PUBLIC, exit_.inputs)
        write_proof(stage / EXIT_PROOF, decode_proof(exit_.proof_be))
    return ProvedExit(
        exit=exit_,
        constraints=prover.circuit.n_constraints,
        circuit_digest=prover.circuit.digest.hex(),
        loaded=prover.loaded,
        key_s=round(keyed_s - started_s, 3),
    )


def check_exit(folder: Path, state_root: int | None = None) -> CheckedExit:
    """Return what kernel, py-ecc and the contract say of an exit proof, and whether it is of the given state root.

    The folder's own key is used. Raises FileMalformed on files that cannot be read as what they are.
    """
    vk_be = encode_verifying_key(read_verification_key(folder / VERIFICATION_KEY))
    proof_be = encode_proof(read_proof(folder / EXIT_PROOF))
    values = read_public_inputs(folder / EXIT_PUBLIC)
    verdicts = verify_all(kernel.verify, vk_be, proof_be, values)
    wrong = [f"{name}: {verdict.reason}" for name, verdict in verdicts.items() if not verdict.valid]
    inputs = ExitInputs(*values) if len(values) == len(ExitInputs._fields) else None
    if inputs is None:
        wrong.append(f"{len(values)} public inputs, an exit has {len(ExitInputs._fields)}")
    elif state_root not in (None, inputs.state_root):
        wrong.append(f"of state root {inputs.state_root:#x}, expected {state_root:#x}")
    accepted = {name: verdict.valid for name, verdict in verdicts.items()}
    return CheckedExit(inputs, accepted["kernel"], accepted["py_ecc"], accepted["evm"], "; ".join(wrong))
