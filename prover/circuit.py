"""A batch in the kernel: its circuit joined from templates, its witness, and constraints by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from circuits.batch import BatchCircuit, build_batch_circuit
from circuits.template import Template
from circuits.witness import WitnessInputs, compute_witness_inputs, encode_bus, encode_privates
from prover.kernel import Circuit, Witness, encode_be
from rollup.public_inputs import LONE_POINT
from rollup.shapes import Shape
from rollup.trace import BatchTrace

__all__ = ["KernelBatch", "Lie", "load_batch"]

Lie = tuple[str, str, int]
"""(instance, hint or product, value): what a lying prover writes in place of what the program computes."""


@dataclass(frozen=True)
class KernelBatch:
    """The circuit of one shape, in Python's terms and in the kernel's."""

    batch: BatchCircuit

    @cached_property
    def circuit(self) -> Circuit:
        """The kernel's circuit."""
        templates = self.batch.templates()
        index = {template: i for i, template in enumerate(templates)}
        return Circuit(
            [template.data for template in templates],
            [index[instance.template] for instance in self.batch.instances],
            [self.batch.port_map(instance) for instance in self.batch.instances],
            self.batch.n_bus,
            len(self.batch.public_inputs),
        )

    def compute_witness(
        self,
        inputs: WitnessInputs | BatchTrace,
        lies: Iterable[Lie] = (),
        progress: Callable[[str, int, int], object] | None = None,
        *,
        z: int = LONE_POINT,
    ) -> Witness:
        """Return the witness of a trace at the point z, or of given inputs; lies replace computed values, and later
        values follow.

        Raises ValueError where a value has no place in the field or a key is not of prime order.
        """
        if isinstance(inputs, BatchTrace):
            inputs = compute_witness_inputs(self.batch, inputs, z)
        overrides = [self._override(*lie) for lie in lies]
        return self.circuit.compute_witness(
            encode_bus(self.batch, inputs.bus), encode_privates(self.batch, inputs.privates), overrides, progress
        )

    def _override(self, instance: str, op: str, value: int) -> tuple[int, int, bytes]:
        position = self._positions[instance]
        return position, self._template(position).wire_of_op[op], encode_be([value])

    def name_unsatisfied(self, witness: Witness, limit: int = 1) -> list[str]:
        """Return up to `limit` broken constraints as "instance: constraint name", in order."""
        broken = self.circuit.unsatisfied(witness, limit)
        instances = self.batch.instances
        return [f"{instances[i].name}: {instances[i].template.row_names[row]}" for i, row in broken]

    def _template(self, position: int) -> Template:
        return self.batch.instances[position].template

    @cached_property
    def _positions(self) -> Mapping[str, int]:
        return {instance.name: i for i, instance in enumerate(self.batch.instances)}


@lru_cache(maxsize=4)
def load_batch(shape: Shape) -> KernelBatch:
    """Return the circuit of a shape; built once in a process."""
    return KernelBatch(build_batch_circuit(shape))
