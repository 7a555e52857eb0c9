"""A circuit, and a batch's witness, in the iden3 formats, for third-party tools."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from prover.circuit import load_batch
from sequencer.batches import Selection, read_shape
from sequencer.files import staged_folder
from sequencer.named_circuits import load_circuit
from sequencer.placing import place_batches
from sequencer.progress import Report
from sequencer.proving import compute_witness

__all__ = ["R1CS", "export_batches", "export_circuit"]

R1CS: Final = "circuit.r1cs"


def export_batches(selection: Selection, out: Path, report: Report) -> list[Path]:
    """Write `circuit.r1cs` and a `.wtns` file for each batch of one shape; return their paths. All of them, or none.

    Each witness is at the point of the batch's group. Raises as `sequencer.proving.prove_batches`.
    """
    batches = selection.batches
    shapes = [read_shape(batch) for batch in batches]
    placement = place_batches(selection, shapes[0])
    circuit = load_batch(shapes[0])
    names = [f"{batch.name}.wtns" for batch in batches]
    with staged_folder(out, R1CS) as stage:
        for done, (batch, name) in enumerate(zip(batches, names, strict=True)):
            report(name, done, len(batches))
            z = placement.find(batch.name).committed.z
            compute_witness(batch, z, circuit, report).write_wtns(stage / name)
        report(R1CS, len(batches), len(batches))
        circuit.circuit.write_r1cs(stage / R1CS)
    return [out / R1CS, *(out / name for name in names)]


def export_circuit(name: str, out: Path, report: Report) -> list[Path]:
    """Write `circuit.r1cs` of a shape or of the exit, without a witness; return its path. Raises ShapeUnknown."""
    circuit = load_circuit(name).circuit
    with staged_folder(out, R1CS) as stage:
        report(R1CS, 0, 1)
        circuit.write_r1cs(stage / R1CS)
    return [out / R1CS]
