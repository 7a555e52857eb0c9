"""A witness varied: what a forgery changes, and which constraint classes then refuse it.

`Variation` is what the mutation run asks of a witness; `BuilderVariation` answers in plain Python, recomputing only
what a change reaches. Whoever has the kernel can put one over it in its place.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from circuits.linear import value_of
from circuits.program import run_op
from circuits.system import ConstraintSystem, Lie, Op, Row, collapse_indices
from rollup.field import R

Build = Callable[[ConstraintSystem], object]
"""What records a template: `build(cs)` declares ports and private inputs, whose values come from `cs.inputs`."""


@dataclass(frozen=True)
class Forgery:
    """What a cheating prover writes: other inputs, and values told under a hint's or product's name."""

    inputs: Mapping[str, int] = field(default_factory=dict)
    told: Mapping[str, Sequence[int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What became of a witness: the constraint classes it now breaks, and the wires that differ."""

    violated: frozenset[str]
    changed: frozenset[int]


class Variation(Protocol):
    """One witness of a template, and what becomes of it under a forgery."""

    @property
    def shape(self) -> Shape:
        """The template, written out."""
        ...

    @property
    def values(self) -> Sequence[int]:
        """The witness by wire, in the builder's numbering."""
        ...

    @property
    def violated(self) -> frozenset[str]:
        """The constraint classes that this witness breaks as it stands."""
        ...

    def vary(self, forgery: Forgery) -> Outcome:
        """Return what breaks and what differs after the forgery.

        Later wires follow what was told. So do outputs: an input that stands once, in one constraint alone, and feeds
        no operation takes the value that satisfies this constraint, unless the forgery itself sets it.
        """
        ...


class VaryWitness(Protocol):
    """Makes the variation of one witness: its inputs, and the lies already in it."""

    def __call__(self, inputs: Mapping[str, int], lies: Mapping[str, Lie]) -> Variation:
        """Return the variation at this witness."""
        ...


class Shape:
    """A recorded template written out flat, with who reads which wire: shared by all its witnesses."""

    def __init__(self, cs: ConstraintSystem) -> None:
        self.rows: list[Row] = list(cs.iter_rows())
        self.classes: list[str] = [collapse_indices(row.name) for row in self.rows]
        self.ops: list[Op] = list(_flat_program(cs))
        self.op_index: dict[str, int] = {op.name: i for i, op in enumerate(self.ops)}
        self.inputs: dict[str, int] = {**cs.ports, **cs.privates}
        self.rows_of_class: dict[str, list[int]] = {}
        for index, name in enumerate(self.classes):
            self.rows_of_class.setdefault(name, []).append(index)

    @cached_property
    def rows_reading(self) -> dict[int, list[int]]:
        """Rows by wire."""
        readers: dict[int, list[int]] = {}
        for index, row in enumerate(self.rows):
            for wire in row.a.terms.keys() | row.b.terms.keys() | row.c.terms.keys():
                readers.setdefault(wire, []).append(index)
        return readers

    @cached_property
    def ops_reading(self) -> dict[int, list[int]]:
        """Operations by wire."""
        readers: dict[int, list[int]] = {}
        for index, op in enumerate(self.ops):
            for wire in op.a.terms.keys() | op.b.terms.keys():
                readers.setdefault(wire, []).append(index)
        return readers

    @cached_property
    def writer_of(self) -> dict[int, int]:
        """The operation that writes each computed wire."""
        return {op.out + i: index for index, op in enumerate(self.ops) for i in range(op.n_out)}

    def writers_in(self, row: int) -> set[int]:
        """Return the operations whose wires stand in a row."""
        form = self.rows[row]
        wires = form.a.terms.keys() | form.b.terms.keys() | form.c.terms.keys()
        return {self.writer_of[wire] for wire in wires if wire in self.writer_of}

    @cached_property
    def followers(self) -> dict[int, int]:
        """The input that each row can be satisfied by: it stands in no other row, once in this, and no op reads it."""
        found: dict[int, int] = {}
        for wire in self.inputs.values():
            rows = self.rows_reading.get(wire, [])
            if len(rows) == 1 and wire not in self.ops_reading:
                row = self.rows[rows[0]]
                if sum(wire in lc.terms for lc in (row.a, row.b, row.c)) == 1:
                    found[rows[0]] = wire
        return found


class BuilderVariation:
    """A `Variation` computed from the builder's own record."""

    def __init__(self, shape: Shape, values: Sequence[int], broken_rows: Sequence[int] | None = None) -> None:
        """Take a witness by wire, in the builder's numbering; broken_rows where somebody faster knows them."""
        self.shape = shape
        self.values: Sequence[int] = list(values)
        if broken_rows is None:
            broken_rows = [i for i in range(len(shape.rows)) if self._residue(i, self.values)]
        self._broken = set(broken_rows)

    @property
    def violated(self) -> frozenset[str]:
        """The constraint classes that this witness breaks as it stands."""
        return frozenset(self.shape.classes[i] for i in self._broken)

    def vary(self, forgery: Forgery) -> Outcome:
        """Return what breaks and what differs after the forgery."""
        values, changed = self._rerun(forgery)
        rows = {row for wire in changed for row in self.shape.rows_reading.get(wire, ())}
        given = {self.shape.inputs[name] for name in forgery.inputs}
        broken = (self._broken - rows) | {row for row in rows if self._residue(row, values)}
        kept = {row for row in broken if not self._follows(row, values, given)}
        return Outcome(frozenset(self.shape.classes[row] for row in kept), frozenset(changed))

    def _rerun(self, forgery: Forgery) -> tuple[list[int], set[int]]:
        """Return all values after the forgery, and which wires changed."""
        shape, values = self.shape, list(self.values)
        told = {shape.op_index[name]: list(tells) for name, tells in forgery.told.items()}
        changed: set[int] = set()
        queue = list(told)
        heapq.heapify(queue)
        queued = set(queue)

        def write(wire: int, value: int) -> None:
            if values[wire] == value:
                return
            values[wire] = value
            changed.add(wire)
            for reader in shape.ops_reading.get(wire, ()):
                if reader not in queued:
                    queued.add(reader)
                    heapq.heappush(queue, reader)

        for name, value in forgery.inputs.items():
            write(shape.inputs[name], value % R)
        while queue:
            index = heapq.heappop(queue)
            op = shape.ops[index]
            results = told.get(index) or run_op(
                op.opcode, value_of(op.a, values), value_of(op.b, values), op.n_out, op.imm
            )
            for i, value in enumerate(results):
                write(op.out + i, value % R)
        return values, changed

    def _residue(self, row: int, values: Sequence[int]) -> int:
        a, b, c = self.shape.rows[row].a, self.shape.rows[row].b, self.shape.rows[row].c
        return (value_of(a, values) * value_of(b, values) - value_of(c, values)) % R

    def _follows(self, row: int, values: Sequence[int], given: set[int]) -> bool:
        """Return whether an input of this broken row alone can take a value that satisfies it."""
        wire = self.shape.followers.get(row)
        if wire is None or wire in given:
            return False
        form = self.shape.rows[row]
        if wire in form.c.terms:
            return True
        return value_of(form.b if wire in form.a.terms else form.a, values) != 0


def vary_by_builder(build: Build) -> VaryWitness:
    """Return what makes `BuilderVariation`s of the template that `build` records, its shape written out once."""
    shapes: list[Shape] = []

    def vary(inputs: Mapping[str, int], lies: Mapping[str, Lie]) -> Variation:
        cs = ConstraintSystem(inputs, lies=lies)
        build(cs)
        if not shapes:
            shapes.append(Shape(cs))
        return BuilderVariation(shapes[0], cs.values)

    return vary


def _flat_program(cs: ConstraintSystem) -> list[Op]:
    ops: list[Op] = []
    for item in cs.program:
        if isinstance(item, Op):
            ops.append(item)
        else:
            program = item.fragment.program
            placed = iter(item.place([lc for op in program for lc in (op.a, op.b)]))
            for op in program:
                out, name = item.wire(op.out), f"{item.name}/{op.name}"
                ops.append(Op(op.opcode, out, op.n_out, next(placed), next(placed), op.imm, name))
    return ops
