"""Checks a folder of proofs: each by the kernel, by py-ecc, and by settling it in an embedded EVM, in order.

The contract that settles holds the state root, so it refuses a batch that does not start where the one before ended.
What crossed the bridge is checked as data: the deposits and withdrawals published with a proof must be those that its
data commitment was made of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from prover import kernel
from rollup.field import R
from rollup.public_inputs import PublicInputs, compute_data_commitment
from sequencer.progress import Report
from sequencer.proofs import VERIFICATION_KEY, read_record
from verifier.artifacts import load_artifact
from verifier.base_layer import Contract, EmbeddedEvm, Reverted, deploy_contract
from verifier.iden3 import read_proof, read_public_inputs, read_verification_key
from verifier.keys import Proof, encode_proof, encode_verifying_key
from verifier.verify import Verdict, deploy_verifier, verify_by_kernel, verify_by_py_ecc

__all__ = ["CheckedProof", "CheckedRun", "check_run"]

_N_PUBLIC: Final = len(PublicInputs._fields)
_OLD_ROOT, _PARAMS_HASH, _DATA_COMMITMENT = map(
    PublicInputs._fields.index, ("old_state_root", "params_hash", "data_commitment")
)


@dataclass(frozen=True)
class CheckedProof:
    """What the three verifiers said of one proof, and the gas its settlement took."""

    batch: str
    kernel: bool
    py_ecc: bool
    evm: bool
    data: bool  # the bridge words are those committed to
    gas: int | None  # of the settling transaction, all in; None where it reverted
    reason: str  # empty where all three accept


@dataclass(frozen=True)
class _Files:
    """What is published of one batch."""

    batch: str
    proof: Proof
    public_inputs: list[int]
    bridge_words: list[int]


@dataclass(frozen=True)
class CheckedRun:
    """A folder of proofs, checked."""

    proofs: tuple[CheckedProof, ...]
    is_development_key: bool
    n_batches: int  # of which these were proved

    @property
    def reason(self) -> str:
        """The first thing that is wrong, empty where nothing is."""
        return next((proof.reason for proof in self.proofs if proof.reason), "")

    @property
    def is_valid(self) -> bool:
        """Whether every verifier accepts every proof, and each batch starts where the one before ended.

        In a sample each proof starts where it says: what comes between is not proved.
        """
        return self.reason == ""


def check_run(folder: Path, report: Report) -> CheckedRun:
    """Return what three verifiers say of every proof of a folder. Raises on files that cannot be read as what they are.

    Raises FileMissing, FileTooLarge, FileMalformed.
    """
    record = read_record(folder)
    vk_be = encode_verifying_key(read_verification_key(folder / VERIFICATION_KEY))
    files = [
        _Files(
            entry.batch,
            read_proof(folder / entry.proof_file),
            read_public_inputs(folder / entry.public_file),
            read_public_inputs(folder / entry.bridge_file),
        )
        for entry in record.proofs
    ]
    settlement = _open_settlement(vk_be, files[0].public_inputs)
    checked = []
    for done, batch_files in enumerate(files):
        report(batch_files.batch, done, len(files))
        if record.is_sample and done:
            settlement = _open_settlement(vk_be, batch_files.public_inputs)
        checked.append(_check_proof(batch_files, vk_be, settlement))
    return CheckedRun(tuple(checked), record.key == "development", record.n_batches)


def _open_settlement(vk_be: bytes, public_inputs: Sequence[int]) -> Contract | Verdict:
    """Return a contract that stands at the old state root of this batch, or why there is none."""
    if len(public_inputs) != _N_PUBLIC or max(public_inputs) >= R:
        return Verdict(False, f"{len(public_inputs)} public inputs, expected {_N_PUBLIC} below r")
    layer = EmbeddedEvm()
    try:
        verifier = deploy_verifier(layer, vk_be)
        start = (public_inputs[_PARAMS_HASH], public_inputs[_OLD_ROOT])
        return deploy_contract(layer, load_artifact("StateRootAnchor"), verifier.address, *start)
    except Reverted as error:
        return Verdict(False, error.reason)


def _check_proof(files: _Files, vk_be: bytes, settlement: Contract | Verdict) -> CheckedProof:
    batch, public_inputs = files.batch, files.public_inputs
    proof_be = encode_proof(files.proof)
    evm, gas = _settle(settlement, proof_be, public_inputs)
    verdicts = {
        "kernel": verify_by_kernel(kernel.verify, vk_be, proof_be, public_inputs),
        "py-ecc": verify_by_py_ecc(vk_be, proof_be, public_inputs),
        "EVM": evm,
        "data": _check_data(files.bridge_words, public_inputs),
    }
    wrong = "; ".join(f"{name}: {verdict.reason}" for name, verdict in verdicts.items() if not verdict.valid)
    return CheckedProof(
        batch=batch,
        kernel=verdicts["kernel"].valid,
        py_ecc=verdicts["py-ecc"].valid,
        evm=evm.valid,
        data=verdicts["data"].valid,
        gas=gas,
        reason=f"{batch}: {wrong}" if wrong else "",
    )


def _check_data(words: Sequence[int], public_inputs: Sequence[int]) -> Verdict:
    """Return whether the words are those that the data commitment was made of."""
    if len(public_inputs) != _N_PUBLIC or max(words, default=0) >= R:
        return Verdict(False, f"{len(public_inputs)} public inputs, expected {_N_PUBLIC}, and bridge words below r")
    got, expected = compute_data_commitment(words), public_inputs[_DATA_COMMITMENT]
    return Verdict(got == expected, "" if got == expected else f"bridge words commit to {got}, proved {expected}")


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
