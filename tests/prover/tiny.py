"""Template bytes written by hand, and a small circuit: x**3 + x + 5 = y, several times."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

from prover.kernel import Circuit

R = 21888242871839275222246405745257275088548364400416034343698204186575808495617

MUL, INV, DIV, BITS, DIVMOD, LIN, IS_ZERO, IS_NEG, SIGNS = range(9)


def encode_be(values: Sequence[int]) -> bytes:
    """Return 32 big-endian bytes a value, negative ones reduced mod r."""
    return b"".join((value % R).to_bytes(32, "big") for value in values)


@dataclass
class TemplateWriter:
    """Encodes a template (docs/architecture.md) straight from lists; checks nothing, so that tests can be wrong."""

    n_ports: int
    n_private: int
    n_wires: int
    lcs: list[list[tuple[int, int]]] = field(default_factory=list)  # terms (wire, coefficient)
    rows: list[tuple[int, int, int]] = field(default_factory=list)
    ops: list[tuple[int, int, int, int, int, int]] = field(default_factory=list)

    def lc(self, *terms: tuple[int, int]) -> int:
        """Add a pool entry and return the reference to it."""
        self.lcs.append(list(terms))
        return self.n_wires + len(self.lcs) - 1

    def to_bytes(self, *, magic: bytes = b"ZKMT", version: int = 1) -> bytes:
        """Return the template's bytes."""
        terms = [term for lc in self.lcs for term in lc]
        starts = [sum(len(lc) for lc in self.lcs[:i]) for i in range(len(self.lcs) + 1)]
        sizes = [self.n_ports, self.n_private, self.n_wires, len(terms), len(self.lcs), len(terms)]
        words = [*starts, *(wire for wire, _ in terms), *range(len(terms))]
        words += [word for row in self.rows for word in row] + [word for op in self.ops for word in op]
        header = struct.pack("<9I", version, *sizes, len(self.rows), len(self.ops))
        coefficients = encode_be([coefficient for _, coefficient in terms])
        return magic + header + coefficients + struct.pack(f"<{len(words)}I", *words)


def write_cubic() -> TemplateWriter:
    """Return x**3 + x + 5 = y. Ports: y = 1. Private: x = 2. Computed: x**2 = 3, x**3 = 4."""
    template = TemplateWriter(n_ports=1, n_private=1, n_wires=5)
    rest = template.lc((1, 1), (2, -1), (0, -5))  # y - x - 5
    template.ops = [(MUL, 3, 1, 2, 2, 0), (MUL, 4, 1, 3, 2, 0)]
    template.rows = [(2, 2, 3), (3, 2, 4), (4, 0, rest)]
    return template


def build_cubic_circuit(n_instances: int = 3) -> Circuit:
    """Return the cubic on each of `n_instances` public inputs y_i (bus wire 1 + i)."""
    ports = [[1 + i] for i in range(n_instances)]
    return Circuit([write_cubic().to_bytes()], [0] * n_instances, ports, 1 + n_instances, n_instances)


def compute_cubic_inputs(roots: Sequence[int]) -> tuple[bytes, list[bytes]]:
    """Return (bus_be, private_be) of the cubic circuit at these x."""
    bus = [1, *((x**3 + x + 5) % R for x in roots)]
    return encode_be(bus), [encode_be([x]) for x in roots]
