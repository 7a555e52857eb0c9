"""A circuit in the kernel: joined from templates, its witness, and constraints by name. A batch is one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from circuits.assembly import Assembly
from circuits.batch import BatchCircuit, build_batch_circuit
from circuits.exit import build_exit_circuit
from circuits.template import Template
from circuits.witness import WitnessInputs, compute_witness_inputs, encode_bus, encode_privates
from prover.kernel import Circuit, Witness, encode_be
from rollup.public_inputs import LONE_POINT
from rollup.shapes import Shape
from rollup.trace import BatchTrace

__all__ = ["KernelAssembly", "KernelBatch", "Lie", "load_batch", "load_exit"]

Lie = tuple[str, str, int]
"""(instance, hint or product, value): what a lying prover writes in place of what the program computes."""


@dataclass(frozen=True)
class KernelAssembly:
    """A circuit, in Python's terms and in the kernel's."""

    assembly: Assembly

    @cached_property
    def circuit(self) -> Circuit:
        """The kernel's circuit."""
        assembly = self.assembly
        templates = assembly.templates()
        index = {template: i for i, template in enumerate(templates)}
        return Circuit(
            [template.data for template in templates],
            [index[instance.template] for instance in assembly.instances],
            [assembly.port_map(instance) for instance in assembly.instances],
            assembly.n_bus,
            len(assembly.public_inputs),
        )

    def evaluate(
        self,
        inputs: WitnessInputs,
        lies: Iterable[Lie] = (),
        progress: Callable[[str, int, int], object] | None = None,
    ) -> Witness:
        """Return the witness of given inputs; lies replace computed values, and later values follow."""
        overrides = [self._override(*lie) for lie in lies]
        bus, privates = encode_bus(self.assembly, inputs.bus), encode_privates(self.assembly, inputs.privates)
        return self.circuit.compute_witness(bus, privates, overrides, progress)

    def _override(self, instance: str, op: str, value: int) -> tuple[int, int, bytes]:
        position = self._positions[instance]
        return position, self._template(position).wire_of_op[op], encode_be([value])

    def name_unsatisfied(self, witness: Witness, limit: int = 1) -> list[str]:
        """Return up to `limit` broken constraints as "instance: constraint name", in order."""
        broken = self.circuit.unsatisfied(witness, limit)
        instances = self.assembly.instances
        return [f"{instances[i].name}: {instances[i].template.row_names[row]}" for i, row in broken]

    def _template(self, position: int) -> Template:
        return self.assembly.instances[position].template

    @cached_property
    def _positions(self) -> Mapping[str, int]:
        return {instance.name: i for i, instance in enumerate(self.assembly.instances)}


@dataclass(frozen=True)
class KernelBatch(KernelAssembly):
    """The circuit of one shape, in Python's terms and in the kernel's."""

    assembly: BatchCircuit

    @property
    def batch(self) -> BatchCircuit:
        """The circuit in Python's terms."""
        return self.assembly

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
        return self.evaluate(inputs, lies, progress)


@lru_cache(maxsize=4)
def load_batch(shape: Shape) -> KernelBatch:
    """Return the circuit of a shape; built once in a process."""
    return KernelBatch(build_batch_circuit(shape))


@lru_cache(maxsize=1)
def load_exit() -> KernelAssembly:
    """Return the exit circuit; built once in a process."""
    return KernelAssembly(build_exit_circuit())
