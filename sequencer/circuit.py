"""The circuit of a shape, as Python knows it and as the kernel does."""

from __future__ import annotations

from functools import lru_cache

from circuits.batch import PUBLIC_INPUTS, BatchCircuit, build_batch_circuit
from prover import kernel
from rollup.shapes import Shape

__all__ = ["build_circuit"]


@lru_cache(maxsize=4)
def build_circuit(shape: Shape) -> tuple[BatchCircuit, kernel.Circuit]:
    """Return the circuit of a shape, built once a process."""
    circuit = build_batch_circuit(shape)
    templates = circuit.templates()
    in_kernel = kernel.Circuit(
        [template.data for template in templates],
        [templates.index(instance.template) for instance in circuit.instances],
        [circuit.port_map(instance) for instance in circuit.instances],
        circuit.n_bus,
        len(PUBLIC_INPUTS),
    )
    return circuit, in_kernel
