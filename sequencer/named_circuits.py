"""Circuits by the names that commands take: a shape of batches, or `exit`."""

from __future__ import annotations

from typing import Final

from prover.circuit import KernelAssembly, load_batch, load_exit
from rollup.shapes import SHAPES, ShapeUnknown

__all__ = ["EXIT_NAME", "load_circuit"]

EXIT_NAME: Final = "exit"


def load_circuit(name: str) -> KernelAssembly:
    """Return the circuit of a shape, or the exit's by the name `exit`. Raises ShapeUnknown."""
    if name == EXIT_NAME:
        return load_exit()
    if name not in SHAPES:
        raise ShapeUnknown(name, (*SHAPES, EXIT_NAME))
    return load_batch(SHAPES[name])
