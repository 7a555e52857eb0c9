"""A recorded template in the kernel's form: constraints and witness program over local wires, as bytes.

The format is in docs/architecture.md. Local wires are renumbered here: one, ports, private inputs, computed wires.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from circuits.fragment import Fragment
from circuits.linear import LC
from circuits.system import ConstraintSystem, Op, Row, Stamp, collapse_indices

MAGIC = b"ZKMT"
VERSION = 1
Ints = npt.NDArray[np.int64]


@dataclass(eq=False)
class Template:
    """A template ready for the kernel, and the names by which people speak of its parts."""

    name: str
    ports: tuple[str, ...]
    privates: tuple[str, ...]
    n_wires: int
    n_rows: int
    data: bytes = field(repr=False)
    row_blocks: list[tuple[str, Fragment | None]] = field(repr=False)  # a single row's name, or a stamp's prefix
    wire_of_op: Mapping[str, int] = field(repr=False)  # first local wire written under a hint's or product's name

    @cached_property
    def row_names(self) -> list[str]:
        """Every constraint's full name, in row order."""
        return list(self._iter_row_names())

    def _iter_row_names(self) -> Iterator[str]:
        for name, fragment in self.row_blocks:
            if fragment is None:
                yield name
            else:
                yield from (f"{name}/{row.name}" for row in fragment.rows)

    def count_by_scope(self, depth: int = 1) -> dict[str, int]:
        """Return constraints per scope, indices collapsed to [*], names cut to `depth` parts."""
        counts: Counter[str] = Counter()
        for name, fragment in self.row_blocks:
            scope = "/".join(collapse_indices(name).split("/")[:depth])
            counts[scope] += 1 if fragment is None else len(fragment.rows)
        return dict(counts)


def record_template(name: str, build: Callable[[ConstraintSystem], object]) -> Template:
    """Return the template that `build(cs)` records; no values are computed."""
    cs = ConstraintSystem(evaluate=False)
    build(cs)
    return compile_template(name, cs)


def compile_template(name: str, cs: ConstraintSystem) -> Template:
    """Return a recorded system in the kernel's form."""
    order = _local_order(cs)
    pool = _Pool(cs.n_wires, order)
    rows = [_rows_of(item, pool) for item in cs.rows]
    ops = [_ops_of(item, pool, order) for item in cs.program]
    data = _encode(cs, pool, _concat(rows, 3), _concat(ops, 6))
    return Template(
        name=name,
        ports=tuple(cs.ports),
        privates=tuple(cs.privates),
        n_wires=cs.n_wires,
        n_rows=cs.n_constraints,
        data=data,
        row_blocks=[(i.name, None) if isinstance(i, Row) else (i.name, i.fragment) for i in cs.rows],
        wire_of_op=_wires_by_name(cs, order),
    )


def _local_order(cs: ConstraintSystem) -> Ints:
    """Return the map from the builder's wire numbers to local ones: one, ports, privates, then the rest in order."""
    inputs = [*cs.ports.values(), *cs.privates.values()]
    order = np.full(cs.n_wires, -1, dtype=np.int64)
    order[0] = 0
    order[inputs] = np.arange(1, len(inputs) + 1)
    rest = np.flatnonzero(order < 0)
    order[rest] = np.arange(len(inputs) + 1, cs.n_wires)
    return order


class _Pool:
    """Coefficients and linear combinations, each stored once; references as in the template format."""

    def __init__(self, n_wires: int, order: Ints) -> None:
        self.n_wires = n_wires
        self.order = order
        self.coefficients: dict[int, int] = {}
        self.lengths: list[Ints] = []
        self.wires: list[Ints] = []
        self.coefficient_ids: list[Ints] = []
        self.n_lcs = 0
        self._refs: dict[int, int] = {}
        self._fragments: dict[int, _FragmentForm] = {}

    def coefficient(self, value: int) -> int:
        return self.coefficients.setdefault(value, len(self.coefficients))

    def ref(self, lc: LC) -> int:
        known = self._refs.get(id(lc))
        if known is None:
            known = self._refs[id(lc)] = self._add(lc)
        return known

    def _add(self, lc: LC) -> int:
        single = lc.single_wire()
        if single is not None:
            return int(self.order[single])
        wires = np.fromiter(lc.terms.keys(), dtype=np.int64, count=len(lc.terms))
        ids = np.array([self.coefficient(c) for c in lc.terms.values()], dtype=np.int64)
        return self.add_many(np.array([len(wires)], dtype=np.int64), self.order[wires], ids)

    def add_many(self, lengths: Ints, wires: Ints, coefficient_ids: Ints) -> int:
        """Append combinations and return the reference of the first."""
        first = self.n_wires + self.n_lcs
        self.lengths.append(lengths)
        self.wires.append(wires)
        self.coefficient_ids.append(coefficient_ids)
        self.n_lcs += len(lengths)
        return first

    def fragment(self, fragment: Fragment) -> _FragmentForm:
        form = self._fragments.get(id(fragment))
        if form is None:
            form = self._fragments[id(fragment)] = _FragmentForm(fragment, self)
        return form


class _FragmentForm:
    """A fragment's combinations, rows and ops as arrays over its local wires, to be copied by renumbering."""

    def __init__(self, fragment: Fragment, pool: _Pool) -> None:
        self.n_local = 1 + fragment.n_inputs + fragment.n_own
        refs: dict[int, int] = {}
        lcs: list[LC] = []

        def ref(lc: LC) -> int:
            single = lc.single_wire()
            if single is not None:
                return single
            if id(lc) not in refs:
                refs[id(lc)] = self.n_local + len(lcs)
                lcs.append(lc)
            return refs[id(lc)]

        self.rows = np.array([[ref(r.a), ref(r.b), ref(r.c)] for r in fragment.rows], dtype=np.int64)
        self.ops = np.array(
            [[int(o.opcode), o.out, o.n_out, ref(o.a), ref(o.b), o.imm] for o in fragment.program], dtype=np.int64
        )
        self.lengths = np.array([len(lc.terms) for lc in lcs], dtype=np.int64)
        self.wires = np.array([w for lc in lcs for w in lc.terms], dtype=np.int64)
        self.coefficient_ids = np.array([pool.coefficient(c) for lc in lcs for c in lc.terms.values()], dtype=np.int64)
        self.copies: dict[int, tuple[Ints, int]] = {}

    def place(self, stamp: Stamp, pool: _Pool) -> Ints:
        """Return the map from this fragment's references to the template's, adding the copy's combinations once."""
        if id(stamp) not in self.copies:
            own = np.arange(stamp.first_wire, stamp.first_wire + stamp.fragment.n_own)
            wires = pool.order[np.concatenate([[0], stamp.inputs, own]).astype(np.int64)]
            first = pool.add_many(self.lengths, wires[self.wires], self.coefficient_ids)
            self.copies[id(stamp)] = (np.concatenate([wires, first + np.arange(len(self.lengths))]), first)
        return self.copies[id(stamp)][0]


def _rows_of(item: Row | Stamp, pool: _Pool) -> Ints:
    if isinstance(item, Row):
        return np.array([[pool.ref(item.a), pool.ref(item.b), pool.ref(item.c)]], dtype=np.int64)
    form = pool.fragment(item.fragment)
    return form.place(item, pool)[form.rows]


def _ops_of(item: Op | Stamp, pool: _Pool, order: Ints) -> Ints:
    if isinstance(item, Op):
        a, b = pool.ref(item.a), pool.ref(item.b)
        return np.array([[int(item.opcode), order[item.out], item.n_out, a, b, item.imm]], dtype=np.int64)
    form = pool.fragment(item.fragment)
    placed = form.ops.copy()
    placed[:, [1, 3, 4]] = form.place(item, pool)[form.ops[:, [1, 3, 4]]]
    return placed


def _concat(parts: Sequence[Ints], width: int) -> Ints:
    return np.concatenate(parts) if parts else np.zeros((0, width), dtype=np.int64)


def _encode(cs: ConstraintSystem, pool: _Pool, rows: Ints, ops: Ints) -> bytes:
    def u32(values: Ints) -> bytes:
        return values.astype("<u4").tobytes()

    lengths = np.concatenate(pool.lengths) if pool.lengths else np.zeros(0, dtype=np.int64)
    wires = np.concatenate(pool.wires) if pool.wires else np.zeros(0, dtype=np.int64)
    ids = np.concatenate(pool.coefficient_ids) if pool.coefficient_ids else np.zeros(0, dtype=np.int64)
    header = (len(cs.ports), len(cs.privates), cs.n_wires, len(pool.coefficients), len(lengths), len(wires))
    return b"".join(
        [
            MAGIC,
            struct.pack("<9I", VERSION, *header, len(rows), len(ops)),
            b"".join(c.to_bytes(32, "big") for c in pool.coefficients),
            u32(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)),
            u32(wires),
            u32(ids),
            u32(rows),
            u32(ops),
        ]
    )


def _wires_by_name(cs: ConstraintSystem, order: Ints) -> dict[str, int]:
    wires = {}
    for item in cs.program:
        if isinstance(item, Op):
            wires[item.name] = int(order[item.out])
        else:
            for op in item.fragment.program:
                wires[f"{item.name}/{op.name}"] = int(order[item.wire(op.out)])
    return wires
