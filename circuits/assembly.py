"""A circuit put together: instances of templates, and the bus of shared wires that chains them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from circuits.template import Template

__all__ = ["Assembly", "Instance", "number_bus"]


@dataclass(frozen=True)
class Instance:
    """One copy of a template and the bus wire behind each of its ports."""

    name: str
    template: Template
    wiring: dict[str, str]  # port -> bus name


@dataclass(frozen=True)
class Assembly:
    """Instances in order, and the bus. Bus wire 0 is the constant one, then the public inputs."""

    name: str  # what its key is called
    instances: tuple[Instance, ...]
    bus: dict[str, int]
    public_inputs: tuple[str, ...]  # names, in order

    @property
    def n_bus(self) -> int:
        """The number of bus wires, the constant one included."""
        return len(self.bus) + 1

    @property
    def n_constraints(self) -> int:
        """The number of constraints of all instances."""
        return sum(instance.template.n_rows for instance in self.instances)

    @property
    def domain_log2(self) -> int:
        """log2 of the evaluation domain: constraints and the rows that bind the public wires, padded."""
        return (self.n_constraints + len(self.public_inputs)).bit_length()

    def port_map(self, instance: Instance) -> list[int]:
        """Return the bus wire of each port, in the template's port order."""
        return [self.bus[instance.wiring[port]] for port in instance.template.ports]

    def templates(self) -> list[Template]:
        """Return the distinct templates in order of first use."""
        return list(dict.fromkeys(instance.template for instance in self.instances))


def number_bus(public_inputs: Sequence[str], instances: Iterable[Instance]) -> dict[str, int]:
    """Return the bus wire of each name: the public inputs first, then what instances are wired to, in order."""
    names = dict.fromkeys(public_inputs)
    for instance in instances:
        assert set(instance.wiring) == set(instance.template.ports), f"{instance.name}: wiring does not fit the ports"
        names.update(dict.fromkeys(instance.wiring.values()))
    return {name: index for index, name in enumerate(names, start=1)}
