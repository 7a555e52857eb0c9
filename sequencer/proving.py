"""Proves batches: witness, proof, and what each took."""

from __future__ import annotations

import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from prover import kernel
from prover.circuit import KernelBatch, load_batch
from prover.service import get_service
from rollup.public_inputs import PublicInputs
from sequencer.batches import BatchFile, Selection, read_shape
from sequencer.errors import BatchUnprovable
from sequencer.files import staged_folder, write_atomically
from sequencer.keys import LoadedKey, load_or_make_key
from sequencer.placing import PlacedGroup, place_batches
from sequencer.progress import Report
from sequencer.proofs import PROVING, VERIFICATION_KEY, ProofEntry, ProvingRecord, encode_record
from sequencer.stage_clock import StageClock
from verifier.iden3 import write_proof, write_public_inputs, write_verification_key
from verifier.keys import decode_proof, decode_verifying_key

__all__ = ["ProvedBatch", "compute_witness", "prove_batch", "prove_batches"]

_BYTES_PER_MAXRSS: Final = 1 if sys.platform == "darwin" else 1024  # getrusage(2): kilobytes; bytes on macOS


@dataclass(frozen=True)
class ProvedBatch:
    """A proof, the public inputs it is for, and what it took."""

    entry: ProofEntry
    proof_be: bytes
    public_inputs: PublicInputs


def prove_batches(selection: Selection, out: Path, keys_dir: Path, report: Report) -> tuple[ProvingRecord, LoadedKey]:
    """Prove batches of one shape into a folder, and return the record that stands there as `proving.json`.

    Each at the point of its group, whose files go along. All files appear, or none.
    Raises FileMissing, FileTooLarge, FileMalformed, GroupMalformed, KeyUnusable, BatchUnprovable, MemoryShort.
    """
    shapes = [read_shape(batch) for batch in selection.batches]
    placement = place_batches(selection, shapes[0])
    circuit = load_batch(shapes[0])
    loaded = load_or_make_key(keys_dir, shapes[0], circuit.circuit, report)
    with staged_folder(out, PROVING) as stage:
        write_verification_key(stage / VERIFICATION_KEY, decode_verifying_key(loaded.key.verifying_key_be))
        entries = []
        for batch in selection.batches:
            proved = prove_batch(batch, placement.find(batch.name), circuit, loaded.key, report)
            write_proof(stage / proved.entry.proof_file, decode_proof(proved.proof_be))
            write_public_inputs(stage / proved.entry.public_file, proved.public_inputs)
            entries.append(proved.entry)
        placement.write(stage)
        groups = tuple(group.sealed.group.number for group in placement.groups)
        key = "development" if loaded.key.is_development else "ceremony"
        facts = (shapes[0].name, circuit.circuit.digest.hex(), key, selection.n_batches, selection.every)
        record = ProvingRecord(*facts, groups, tuple(entries))
        write_atomically(stage / PROVING, encode_record(record))
    return record, loaded


def prove_batch(
    batch: BatchFile, group: PlacedGroup, circuit: KernelBatch, key: kernel.ProvingKey, report: Report
) -> ProvedBatch:
    """Return the proof of one batch of a group.

    Raises BatchUnprovable, naming the first constraint that does not hold; FileMalformed where the group's files say
    something else of the batch than its own; MemoryShort.
    """
    tell = _prefix(report, batch.name)
    started_s = time.perf_counter()
    witness = compute_witness(batch, group.committed.z, circuit, tell)
    witnessed_s = time.perf_counter()
    public_inputs = PublicInputs(*kernel.decode_be(witness.public_inputs_be()))
    group.check_public_inputs(batch.name, batch.trace.params.params_hash, public_inputs)
    clock = StageClock(tell)
    proof_be = get_service().prove(key, circuit.circuit, witness, who=batch.name, progress=clock)
    proved_s = time.perf_counter()
    entry = ProofEntry(
        batch=batch.name,
        constraints=circuit.circuit.n_constraints,
        witness_s=round(witnessed_s - started_s, 3),
        prove_s=round(proved_s - witnessed_s, 3),
        peak_rss_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _BYTES_PER_MAXRSS,
        parts_s=clock.parts_s,
    )
    return ProvedBatch(entry, proof_be, public_inputs)


def compute_witness(batch: BatchFile, z: int, circuit: KernelBatch, report: Report) -> kernel.Witness:
    """Return a witness at the point z that satisfies every constraint. Raises BatchUnprovable."""
    try:
        witness = circuit.compute_witness(batch.trace, progress=report, z=z)
    except ValueError as error:  # a key of small order, a number no field element holds
        raise BatchUnprovable(str(batch.path), str(error)) from error
    for broken in circuit.name_unsatisfied(witness):
        raise BatchUnprovable(str(batch.path), f"constraint {broken} does not hold")
    return witness


def _prefix(report: Report, name: str) -> Report:
    return lambda what, done, total: report(f"{name}: {what}", done, total)
