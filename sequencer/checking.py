"""Checks a folder of proofs: each by the kernel, by py-ecc, and by settling it in an embedded EVM, in order.

The contract that settles holds the state root, so it refuses a batch that does not start where the one before ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from prover import kernel
from rollup.field import R
from sequencer.progress import Report
from sequencer.proofs import VERIFICATION_KEY, read_record
from verifier.artifacts import load_artifact
from verifier.base_layer import Contract, EmbeddedEvm, Reverted, deploy_contract
from verifier.iden3 import read_proof, read_public_inputs, read_verification_key
from verifier.keys import Proof, encode_proof, encode_verifying_key
from verifier.verify import Verdict, deploy_verifier, verify_by_kernel, verify_by_py_ecc

__all__ = ["CheckedProof", "CheckedRun", "check_run"]

_N_PUBLIC: Final = 5
_OLD_ROOT, _PARAMS_HASH = 0, 2  # places among the public inputs


@dataclass(frozen=True)
class CheckedProof:
    """What the three verifiers said of one proof, and the gas its settlement took."""

    batch: str
    kernel: bool
    py_ecc: bool
    evm: bool
    gas: int | None  # of the settling transaction, all in; None where it reverted
    reason: str  # empty where all three accept


@dataclass(frozen=True)
class CheckedRun:
    """A folder of proofs, checked."""

    proofs: tuple[CheckedProof, ...]
    is_development_key: bool

    @property
    def reason(self) -> str:
        """The first thing that is wrong, empty where nothing is."""
        return next((proof.reason for proof in self.proofs if proof.reason), "")

    @property
    def is_valid(self) -> bool:
        """Whether every verifier accepts every proof, and each batch starts where the one before ended."""
        return self.reason == ""


def check_run(folder: Path, report: Report) -> CheckedRun:
    """Return what three verifiers say of every proof of a folder. Raises on files that cannot be read as what they are.

    Raises FileMissing, FileTooLarge, FileMalformed.
    """
    record = read_record(folder)
    vk_be = encode_verifying_key(read_verification_key(folder / VERIFICATION_KEY))
    files = [
        (entry.batch, read_proof(folder / entry.proof_file), read_public_inputs(folder / entry.public_file))
        for entry in record.proofs
    ]
    settlement = _open_settlement(vk_be, files[0][2])
    checked = []
    for done, (batch, proof, public_inputs) in enumerate(files):
        report(batch, done, len(files))
        checked.append(_check_proof(batch, vk_be, proof, public_inputs, settlement))
    return CheckedRun(tuple(checked), record.key == "development")


def _open_settlement(vk_be: bytes, first_public_inputs: Sequence[int]) -> Contract | Verdict:
    """Return a contract that stands at the first batch's old state root, or why there is none."""
    if len(first_public_inputs) != _N_PUBLIC or max(first_public_inputs) >= R:
        return Verdict(False, f"{len(first_public_inputs)} public inputs, expected {_N_PUBLIC} below r")
    layer = EmbeddedEvm()
    try:
        verifier = deploy_verifier(layer, vk_be)
        start = (first_public_inputs[_PARAMS_HASH], first_public_inputs[_OLD_ROOT])
        return deploy_contract(layer, load_artifact("StateRootAnchor"), verifier.address, *start)
    except Reverted as error:
        return Verdict(False, error.reason)


def _check_proof(
    batch: str, vk_be: bytes, proof: Proof, public_inputs: Sequence[int], settlement: Contract | Verdict
) -> CheckedProof:
    proof_be = encode_proof(proof)
    evm, gas = _settle(settlement, proof_be, public_inputs)
    verdicts = {
        "kernel": verify_by_kernel(kernel.verify, vk_be, proof_be, public_inputs),
        "py-ecc": verify_by_py_ecc(vk_be, proof_be, public_inputs),
        "EVM": evm,
    }
    wrong = "; ".join(f"{name}: {verdict.reason}" for name, verdict in verdicts.items() if not verdict.valid)
    return CheckedProof(
        batch=batch,
        kernel=verdicts["kernel"].valid,
        py_ecc=verdicts["py-ecc"].valid,
        evm=evm.valid,
        gas=gas,
        reason=f"{batch}: {wrong}" if wrong else "",
    )


def _settle(
    settlement: Contract | Verdict, proof_be: bytes, public_inputs: Sequence[int]
) -> tuple[Verdict, int | None]:
    if isinstance(settlement, Verdict):
        return settlement, None
    try:
        receipt = settlement.transact("settle", proof_be, list(public_inputs))
    except Reverted as error:
        return Verdict(False, error.reason), None
    return Verdict(True, ""), receipt.gas_used
