"""What provers and the sealer do in their own processes: bytes in, bytes out, everything loaded once a process."""

from __future__ import annotations

import resource
import sys
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from prover import kernel
from prover.service import get_service
from rollup.codec import decode_trace
from rollup.public_inputs import PublicInputs
from rollup.shapes import get_shape
from sequencer.batches import BatchFile
from sequencer.errors import KeyUnusable
from sequencer.groups import encode_group
from sequencer.keys import get_key_path, load_or_make_key
from sequencer.progress import ignore_progress
from sequencer.queue_file import Queue, encode_queue
from sequencer.sealing import publish_batch, seal_group

if TYPE_CHECKING:
    from prover.circuit import KernelBatch

__all__ = ["ProofAnswer", "ProofJob", "SealAnswer", "SealJob", "prove_job", "seal_job"]

_BYTES_PER_MAXRSS: Final = 1 if sys.platform == "darwin" else 1024  # getrusage(2): kilobytes; bytes on macOS


@dataclass(frozen=True)
class ProofJob:
    """One batch to prove at the point of its group."""

    name: str
    trace: bytes  # a batch file: rollup.codec
    z: int


@dataclass(frozen=True)
class ProofAnswer:
    """A proof (A | B | C, 256 bytes), what it is of, and what it took."""

    name: str
    proof_be: bytes
    public_inputs: PublicInputs
    witness_s: float
    prove_s: float
    peak_rss_bytes: int  # of the process so far


@dataclass(frozen=True)
class SealJob:
    """Batches in a row to seal as the group of this number."""

    number: int
    names: tuple[str, ...]
    traces: tuple[bytes, ...]


@dataclass(frozen=True)
class SealAnswer:
    """A sealed group as files: its JSON, its blob, and as JSON the entries of the queue that it consumes."""

    z: int
    group: bytes
    blob: bytes
    queue: bytes


def prove_job(job: ProofJob, keys_dir: Path) -> ProofAnswer:
    """Return the proof.

    Raises BatchFileInvalid, BatchUnprovable, KeyUnusable (no key, or not this circuit's), MemoryShort.
    """
    # imported here: the node's own process has this module for its messages alone
    from sequencer.proving import compute_witness

    trace = decode_trace(job.trace, job.name)
    circuit, key = _load(trace.shape_name, keys_dir)
    started_s = time.perf_counter()  # what was loaded serves every job to come
    batch = BatchFile(Path(job.name), len(job.trace), trace)
    witness = compute_witness(batch, job.z, circuit, ignore_progress)
    witnessed_s = time.perf_counter()
    proof_be = get_service().prove(key, circuit.circuit, witness, who=job.name)
    return ProofAnswer(
        name=job.name,
        proof_be=proof_be,
        public_inputs=PublicInputs(*kernel.decode_be(witness.public_inputs_be())),
        witness_s=round(witnessed_s - started_s, 3),
        prove_s=round(time.perf_counter() - witnessed_s, 3),
        peak_rss_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _BYTES_PER_MAXRSS,
    )


def seal_job(job: SealJob) -> SealAnswer:
    """Return the group of these batches. Raises BatchFileInvalid, ShapeUnknown. Assumes as `seal_group`."""
    kernel.install()
    traces = [decode_trace(data, name) for name, data in zip(job.names, job.traces, strict=True)]
    published = [publish_batch(name, trace) for name, trace in zip(job.names, traces, strict=True)]
    sealed = seal_group(job.number, get_shape(traces[0].shape_name), published)
    entries = tuple(entry for batch in published for entry in batch.entries)
    queue = encode_queue(Queue(sealed.first_entry, entries))
    return SealAnswer(sealed.z, encode_group(sealed), sealed.blob, queue)


@lru_cache(maxsize=2)
def _load(shape_name: str, keys_dir: Path) -> tuple[KernelBatch, kernel.ProvingKey]:
    from prover.circuit import load_batch

    shape = get_shape(shape_name)
    circuit = load_batch(shape)
    path = get_key_path(keys_dir, shape, circuit.circuit)
    if not path.exists():  # not made here: another setup would make a key that no contract knows
        raise KeyUnusable(str(path), "no such file")
    return circuit, load_or_make_key(keys_dir, shape, circuit.circuit, ignore_progress).key
