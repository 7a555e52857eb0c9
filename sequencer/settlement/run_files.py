"""All of a proved run that its settlement takes, read from its folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rollup.public_inputs import PublicInputs
from rollup.shapes import Shape, get_shape
from rollup.snapshot import Snapshot
from sequencer.errors import FileMalformed, RunUnsettleable
from sequencer.groups import read_group
from sequencer.manifest import BatchEntry, Manifest, read_manifest
from sequencer.placing import get_queue_of
from sequencer.proofs import PROVING, VERIFICATION_KEY, ProvingRecord, read_record
from sequencer.queue_file import Queue, read_queue
from sequencer.sealing import SealedGroup
from sequencer.settlement.deploying import VerifyingKey
from sequencer.snapshots import GENESIS, SNAPSHOT, read_snapshot
from verifier.iden3 import read_proof, read_public_inputs, read_verification_key
from verifier.keys import encode_proof, encode_verifying_key
from verifier.queue_entries import Entry

__all__ = ["ProvedBatch", "RunFiles", "read_run"]


@dataclass(frozen=True)
class ProvedBatch:
    """A proof as the contract takes it: A | B | C, and the value at z of the batch's segment."""

    proof_be: bytes
    value: int


@dataclass(frozen=True)
class RunFiles:
    """A run, every batch of it proved."""

    folder: Path
    manifest: Manifest
    record: ProvingRecord
    key: VerifyingKey
    genesis: Snapshot
    last: Snapshot
    queue: Queue
    groups: tuple[SealedGroup, ...]

    @property
    def shape(self) -> Shape:
        """That of its batches."""
        return get_shape(self.record.shape)

    def get_batches(self, group: SealedGroup) -> tuple[BatchEntry, ...]:
        """Return what the manifest says of a group's batches."""
        return tuple(entry for entry in self.manifest.batches if Path(entry.file).stem in group.names)

    def get_entries(self, group: SealedGroup) -> tuple[Entry, ...]:
        """Return the queue from where the group begins. Raises FileMalformed."""
        return tuple(get_queue_of(group, self.queue, self.folder))

    def read_proofs(self, group: SealedGroup) -> tuple[ProvedBatch, ...]:
        """Return the proofs of a group. Raises FileMissing, FileTooLarge, FileMalformed."""
        by_name = {entry.batch: entry for entry in self.record.proofs}
        return tuple(
            _read_proof(self.folder / entry.proof_file, self.folder / entry.public_file)
            for entry in (by_name[name] for name in group.names)
        )


def read_run(folder: Path) -> RunFiles:
    """Return the run of a folder. Raises FileMissing, FileTooLarge, FileMalformed, SnapshotInvalid, SnapshotRootWrong;
    RunUnsettleable unless every batch has a proof there."""
    manifest, record = read_manifest(folder), read_record(folder)
    groups = tuple(read_group(folder, number) for number in range(manifest.groups))
    proved = {entry.batch for entry in record.proofs}
    if missing := [name for group in groups for name in group.names if name not in proved]:
        raise RunUnsettleable(str(folder), f"{missing[0]} is not proved", "a proof of every batch")
    if {group.shape for group in groups} != {record.shape}:
        raise FileMalformed(str(folder / PROVING), "shape", repr(record.shape), "that of the groups")
    vk = read_verification_key(folder / VERIFICATION_KEY)
    key = VerifyingKey(encode_verifying_key(vk), record.key == "development")
    ends = (read_snapshot(folder / GENESIS), read_snapshot(folder / SNAPSHOT))
    return RunFiles(folder, manifest, record, key, *ends, read_queue(folder), groups)


def _read_proof(proof_path: Path, public_path: Path) -> ProvedBatch:
    values = read_public_inputs(public_path)
    if len(values) != len(PublicInputs._fields):
        raise FileMalformed(
            str(public_path), "number of public inputs", str(len(values)), str(len(PublicInputs._fields))
        )
    inputs = PublicInputs(*values)
    value = inputs.blob_value_low + (inputs.blob_value_high << 128)
    if value >= 2**256:
        raise FileMalformed(str(public_path), "blob value", str(value), "below 2**256")
    return ProvedBatch(encode_proof(read_proof(proof_path)), value)
