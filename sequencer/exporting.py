"""The circuit and a batch's witness in the iden3 formats, for third-party tools."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from prover.circuit import load_batch
from sequencer.batches import BatchFile, read_shape
from sequencer.files import staged_folder
from sequencer.progress import Report
from sequencer.proving import compute_witness

__all__ = ["R1CS", "export_batches"]

R1CS: Final = "circuit.r1cs"


def export_batches(batches: Sequence[BatchFile], out: Path, report: Report) -> list[Path]:
    """Write `circuit.r1cs` and a `.wtns` file for each batch of one shape; return their paths. All of them, or none.

    Raises FileMalformed, BatchUnprovable.
    """
    shapes = [read_shape(batch) for batch in batches]
    circuit = load_batch(shapes[0])
    names = [f"{batch.name}.wtns" for batch in batches]
    with staged_folder(out, R1CS) as stage:
        for done, (batch, name) in enumerate(zip(batches, names, strict=True)):
            report(name, done, len(batches))
            compute_witness(batch, circuit, report).write_wtns(stage / name)
        report(R1CS, len(batches), len(batches))
        circuit.circuit.write_r1cs(stage / R1CS)
    return [out / R1CS, *(out / name for name in names)]
