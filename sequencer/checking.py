"""Checks a folder of proofs: each by the kernel, by py-ecc, and by settling it on a base layer, in order.

The contract that settles holds the state root, so it refuses a batch that does not start where the one before ended.
What the public inputs say is held against group, queue and blob (checking_groups.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sequencer.checking_groups import CheckedData, CheckedGroup, check_groups
from sequencer.progress import Report
from sequencer.proofs import VERIFICATION_KEY, read_record
from sequencer.settling import Settled, Settlement, open_settlement, settle_proof
from verifier.base_layer import BaseLayer, EmbeddedEvm
from verifier.iden3 import read_proof, read_public_inputs, read_verification_key
from verifier.keys import Proof, encode_verifying_key

__all__ = ["CheckedProof", "CheckedRun", "check_run"]


@dataclass(frozen=True)
class CheckedProof:
    """What the three verifiers said of one proof, the gas its settlement took, and whether its data are published."""

    batch: str
    kernel: bool
    py_ecc: bool
    evm: bool
    data: bool  # it is for the public inputs that the contract works out: bridge, z, roots, clock
    blob: bool  # its value at z is its segment's, and the group's blob has the value of all segments
    gas: int | None  # of the settling transaction, all in; None where it reverted
    reason: str  # empty where all accept


@dataclass(frozen=True)
class CheckedRun:
    """A folder of proofs, checked."""

    proofs: tuple[CheckedProof, ...]
    groups: tuple[CheckedGroup, ...]
    is_development_key: bool
    n_batches: int  # of which these were proved

    @property
    def reason(self) -> str:
        """The first thing that is wrong, empty where nothing is."""
        reasons = [*(proof.reason for proof in self.proofs), *(group.reason for group in self.groups)]
        return next((reason for reason in reasons if reason), "")

    @property
    def is_valid(self) -> bool:
        """Whether every verifier accepts every proof, its data are published, and each starts where the last ended.

        In a sample each proof starts where it says: what comes between is not proved.
        """
        return self.reason == ""

    @property
    def n_joined(self) -> int:
        """How many groups have all their batches proved, so that the blob's value was joined from the proofs."""
        return sum(group.proved == group.batches for group in self.groups)


@dataclass(frozen=True)
class _Files:
    batch: str
    proof: Proof
    public_inputs: list[int]


def check_run(folder: Path, report: Report, layer: BaseLayer | None = None) -> CheckedRun:
    """Return what is to be said of every proof of a folder. Raises on files that cannot be read as what they are.

    It settles on this base layer, else in an EVM of its own.

    Raises FileMissing, FileTooLarge, FileMalformed, BaseLayerError.
    """
    layer = layer or EmbeddedEvm()
    record = read_record(folder)
    vk_be = encode_verifying_key(read_verification_key(folder / VERIFICATION_KEY))
    files = [
        _Files(entry.batch, read_proof(folder / entry.proof_file), read_public_inputs(folder / entry.public_file))
        for entry in record.proofs
    ]
    data = check_groups(folder, record, {one.batch: one.public_inputs for one in files})
    settlement: Settlement = open_settlement(layer, vk_be, files[0].public_inputs)
    checked = []
    for done, one in enumerate(files):
        report(one.batch, done, len(files))
        if record.is_sample and done:
            settlement = open_settlement(layer, vk_be, one.public_inputs)
        settled = settle_proof(settlement, vk_be, one.proof, one.public_inputs)
        checked.append(_join(one.batch, settled, data))
    return CheckedRun(tuple(checked), data.groups, record.key == "development", record.n_batches)


def _join(batch: str, settled: Settled, checked: CheckedData) -> CheckedProof:
    data, blob = checked.data[batch], checked.blob[batch]
    reasons = {
        "kernel": settled.kernel.reason,
        "py-ecc": settled.py_ecc.reason,
        "EVM": settled.evm.reason,
        "data": data,
        "blob": blob,
    }
    wrong = "; ".join(f"{name}: {reason}" for name, reason in reasons.items() if reason)
    return CheckedProof(
        batch=batch,
        kernel=settled.kernel.valid,
        py_ecc=settled.py_ecc.valid,
        evm=settled.evm.valid,
        data=not data,
        blob=not blob,
        gas=settled.gas,
        reason=f"{batch}: {wrong}" if wrong else "",
    )
