"""Proves exits: the circuit and its key loaded once, one proof an account."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from circuits.exit_inputs import compute_exit_witness_inputs
from prover import kernel
from prover.circuit import load_exit
from prover.service import get_service
from rollup.exit import ExitInputs, compute_exit_equity, compute_exit_inputs, open_exit
from rollup.state import State
from sequencer.keys import load_or_make_key
from sequencer.progress import Report

__all__ = ["ExitProof", "ExitProver"]


@dataclass(frozen=True)
class ExitProof:
    """The exit of one account, proved, and what that took."""

    inputs: ExitInputs
    equity_atoms: int
    proof_be: bytes
    witness_s: float
    prove_s: float


class ExitProver:
    """The exit circuit with its key, from the cache or made for development."""

    def __init__(self, keys_dir: Path, report: Report) -> None:
        """Load both. Raises KeyUnusable."""
        self._circuit, self._report = load_exit(), report
        self.loaded = load_or_make_key(keys_dir, self._circuit.assembly, self._circuit.circuit, report)

    @property
    def circuit(self) -> kernel.Circuit:
        """The circuit as the kernel has it."""
        return self._circuit.circuit

    def prove(self, state: State, account_id: int) -> ExitProof:
        """Return the exit of an account of a state: any of the tree has one, an empty one claims nothing.

        Raises MemoryShort.
        """
        started_s = time.perf_counter()
        opening = open_exit(state, account_id)
        witness = self._circuit.evaluate(compute_exit_witness_inputs(opening), progress=self._report)
        witnessed_s = time.perf_counter()
        who = f"exit of account {account_id}"
        proof_be = get_service().prove(self.loaded.key, self.circuit, witness, who=who, progress=self._report)
        return ExitProof(
            inputs=compute_exit_inputs(opening),
            equity_atoms=compute_exit_equity(opening.header, opening.account),
            proof_be=proof_be,
            witness_s=round(witnessed_s - started_s, 3),
            prove_s=round(time.perf_counter() - witnessed_s, 3),
        )
