"""The R1CS builder: wires, named constraints, hints, and the program that computes a witness.

One `ConstraintSystem` records one template. With `evaluate=True` (the default) every wire gets its value at once from
`inputs`, so a gadget can be tested where it stands; a template is recorded with `evaluate=False`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from circuits.linear import LC, ONE_WIRE, as_lc, value_of
from circuits.program import Opcode, run_op
from rollup.field import R

if TYPE_CHECKING:
    from circuits.fragment import Fragment

Lie = Callable[[Any], Any]


@dataclass(slots=True)
class Row:
    """One constraint `a * b = c` under its full name."""

    a: LC
    b: LC
    c: LC
    name: str


@dataclass(slots=True)
class Op:
    """One operation of the witness program: writes wires `out .. out + n_out - 1`."""

    opcode: Opcode
    out: int
    n_out: int
    a: LC
    b: LC
    imm: int
    name: str


@dataclass(slots=True)
class Stamp:
    """One copy of a fragment: its input wires here, the first of its own wires, its name."""

    fragment: Fragment
    inputs: tuple[int, ...]
    first_wire: int
    name: str

    def wire(self, local: int) -> int:
        """Return the wire of this system that stands for a fragment's local wire."""
        n_inputs = len(self.inputs)
        if local == ONE_WIRE:
            return ONE_WIRE
        return self.inputs[local - 1] if local <= n_inputs else self.first_wire + local - n_inputs - 1

    def list_wires(self) -> list[int]:
        """Return the wire of this system for each of a fragment's local wires, in their order."""
        return [ONE_WIRE, *self.inputs, *range(self.first_wire, self.first_wire + self.fragment.n_own)]

    def place(self, lcs: Iterable[LC]) -> list[LC]:
        """Return a fragment's combinations in this system's wires; one that stands there twice is written once."""
        wires, placed = self.list_wires(), dict[int, LC]()
        return [
            placed.get(id(lc)) or placed.setdefault(id(lc), LC({wires[wire]: c for wire, c in lc.terms.items()}))
            for lc in lcs
        ]


class ConstraintSystem:
    """Records constraints and the witness program; evaluates them where asked.

    lies: hint name -> function of the honest value (a list where the hint has several wires) giving what a cheating
    prover writes instead; later wires follow the lie.
    """

    def __init__(
        self, inputs: Mapping[str, int] | None = None, *, lies: Mapping[str, Lie] | None = None, evaluate: bool = True
    ) -> None:
        self.evaluate = evaluate
        self.inputs = dict(inputs or {})
        self.lies = dict(lies or {})
        self.n_wires = 1
        self.ports: dict[str, int] = {}
        self.privates: dict[str, int] = {}
        self.rows: list[Row | Stamp] = []
        self.program: list[Op | Stamp] = []
        self.values: list[int] = [1]
        self._prefix = ""
        self._row_names: set[str] = set()

    # --- names ---------------------------------------------------------------------------------------------------
    @contextmanager
    def scope(self, name: str) -> Iterator[None]:
        """Put `name/` before every name given inside."""
        outer, self._prefix = self._prefix, f"{self._prefix}{name}/"
        try:
            yield
        finally:
            self._prefix = outer

    def full_name(self, name: str) -> str:
        """Return `name` behind the open scopes."""
        return self._prefix + name

    # --- wires ---------------------------------------------------------------------------------------------------
    def port(self, name: str) -> LC:
        """Return a new wire that the batch connects to its bus; its value comes from `inputs[name]`."""
        return self._input(self.ports, self.full_name(name))

    def private(self, name: str) -> LC:
        """Return a new private input wire; its value comes from `inputs[name]`."""
        return self._input(self.privates, self.full_name(name))

    def witness(self, value: int) -> LC:
        """Return a new private input holding `value`: the short form for tests."""
        name = f"witness[{len(self.privates)}]"
        self.inputs[name] = value
        return self._input(self.privates, name)

    def _input(self, table: dict[str, int], name: str) -> LC:
        assert name not in self.ports, f"input {name} declared twice"
        assert name not in self.privates, f"input {name} declared twice"
        wire = table[name] = self._new_wires(1)
        if self.evaluate:
            if name not in self.inputs:
                raise KeyError(f"no value given for input {name}")
            self.values.append(self.inputs[name] % R)
        return LC({wire: 1})

    def _new_wires(self, count: int) -> int:
        first = self.n_wires
        self.n_wires += count
        return first

    def value(self, lc: LC | int) -> int:
        """Return the value of a combination under the present assignment, in [0, r)."""
        return value_of(as_lc(lc), self.values)

    # --- the witness program -------------------------------------------------------------------------------------
    def hint(self, opcode: Opcode, a: LC, b: LC | int = 0, *, n_out: int = 1, imm: int = 0, name: str) -> list[LC]:
        """Return fresh wires whose values the program proposes. Adds no constraint: the caller must pin them."""
        return self._hint(opcode, a, as_lc(b), n_out, imm, self.full_name(name))

    def _hint(self, opcode: Opcode, a: LC, b: LC, n_out: int, imm: int, full_name: str) -> list[LC]:
        first = self._new_wires(n_out)
        self.program.append(Op(opcode, first, n_out, a, b, imm, full_name))
        if self.evaluate:
            honest = run_op(opcode, self.value(a), self.value(b), n_out, imm)
            self.values += self._told(full_name, honest)
        return [LC({first + i: 1}) for i in range(n_out)]

    def _told(self, full_name: str, honest: list[int]) -> list[int]:
        lie = self.lies.get(full_name)
        if lie is None:
            return honest
        told = lie(honest if len(honest) > 1 else honest[0])
        told = list(told) if isinstance(told, (list, tuple)) else [told]
        assert len(told) == len(honest), f"a lie about {full_name} needs {len(honest)} values"
        return [v % R for v in told]

    # --- constraints ---------------------------------------------------------------------------------------------
    def mul(self, a: LC | int, b: LC | int, *, name: str) -> LC:
        """Return a wire holding a * b: one constraint, none where a factor is constant."""
        a, b = as_lc(a), as_lc(b)
        if a.is_constant():
            return b * a.constant_value()
        if b.is_constant():
            return a * b.constant_value()
        full = self.full_name(name)
        (product,) = self._hint(Opcode.MUL, a, b, 1, 0, full)
        self._add_row(a, b, product, full)
        return product

    def assert_product(self, a: LC | int, b: LC | int, c: LC | int, *, name: str) -> None:
        """Constrain a * b = c."""
        self._add_row(as_lc(a), as_lc(b), as_lc(c), self.full_name(name))

    def assert_equal(self, a: LC | int, b: LC | int, *, name: str) -> None:
        """Constrain a = b."""
        self._add_row(as_lc(a) - b, LC.constant(1), LC.constant(0), self.full_name(name))

    def assert_zero(self, a: LC | int, *, name: str) -> None:
        """Constrain a = 0."""
        self.assert_equal(a, 0, name=name)

    def materialise(self, a: LC | int, *, name: str) -> LC:
        """Return a single wire equal to `a`: itself where it is one, else one constraint."""
        a = as_lc(a)
        if a.single_wire() is not None:
            return a
        (wire,) = self.hint(Opcode.LIN, a, name=name)
        self.assert_equal(wire, a, name=name)
        return wire

    def stamp(self, fragment: Fragment, inputs: Sequence[LC], *, name: str) -> list[LC]:
        """Return the outputs of a copy of `fragment` fed with single wires."""
        wires = [lc.single_wire() for lc in inputs]
        assert None not in wires, f"{name}: a fragment takes single wires"
        assert len(wires) == fragment.n_inputs, f"{name}: {len(wires)} wires, expected {fragment.n_inputs}"
        first = self._new_wires(fragment.n_own)
        stamp = Stamp(fragment, tuple(w for w in wires if w is not None), first, self.full_name(name))
        self.rows.append(stamp)
        self.program.append(stamp)
        self._claim(f"{stamp.name}/*")
        if self.evaluate:
            self._evaluate_stamp(stamp)
        return stamp.place(fragment.outputs)

    def _evaluate_stamp(self, stamp: Stamp) -> None:
        local = [1, *(self.values[w] for w in stamp.inputs)]
        for op in stamp.fragment.program:
            a = value_of(op.a, local)
            b = a if op.b is op.a else value_of(op.b, local)
            local += self._told(f"{stamp.name}/{op.name}", run_op(op.opcode, a, b, op.n_out, op.imm))
        self.values += local[1 + len(stamp.inputs) :]

    def _add_row(self, a: LC, b: LC, c: LC, full_name: str) -> None:
        self._claim(full_name)
        self.rows.append(Row(a, b, c, full_name))

    def _claim(self, full_name: str) -> None:
        assert full_name not in self._row_names, f"two constraints are named {full_name}"
        self._row_names.add(full_name)

    # --- looking at it -------------------------------------------------------------------------------------------
    def iter_rows(self) -> Iterator[Row]:
        """Yield every constraint in order, copies of fragments written out."""
        for item in self.rows:
            if isinstance(item, Row):
                yield item
            else:
                rows = item.fragment.rows
                placed = iter(item.place([lc for row in rows for lc in (row.a, row.b, row.c)]))
                for row in rows:
                    yield Row(next(placed), next(placed), next(placed), f"{item.name}/{row.name}")

    @property
    def n_constraints(self) -> int:
        """The number of constraints."""
        return sum(1 if isinstance(item, Row) else len(item.fragment.rows) for item in self.rows)

    def unsatisfied(self) -> list[str]:
        """Return the names of all constraints that the present assignment breaks, in order."""
        value = self.value
        return [row.name for row in self.iter_rows() if (value(row.a) * value(row.b) - value(row.c)) % R]

    def first_unsatisfied(self) -> str | None:
        """Return the name of the first broken constraint, or None."""
        return next(iter(self.unsatisfied()), None)

    def find(self, name: str) -> Row:
        """Return the constraint with this full name. Raises KeyError."""
        for row in self.iter_rows():
            if row.name == name:
                return row
        raise KeyError(f"no constraint is named {name}")

    def count_by_scope(self, depth: int = 1) -> dict[str, int]:
        """Return constraints per scope: names cut to `depth` parts, indices collapsed to [*]."""
        counts: Counter[str] = Counter()
        for item in self.rows:
            parts = collapse_indices(item.name).split("/")[:depth]
            counts["/".join(parts)] += 1 if isinstance(item, Row) else len(item.fragment.rows)
        return dict(counts)


def collapse_indices(name: str) -> str:
    """Return a constraint's class: its name with every [i] written [*]."""
    out, inside = [], False
    for char in name:
        if char == "[":
            inside = True
            out.append("[*]")
        elif char == "]":
            inside = False
        elif not inside:
            out.append(char)
    return "".join(out)
