"""A recorded template in the kernel's form: constraints and witness program over local wires, as bytes.

The format is in docs/architecture.md. Local wires are renumbered here: one, ports, private inputs, computed wires.
"""

from __future__ import annotations

import struct
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
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
    pool = _Pool(cs.n_wires, _local_order(cs))
    rows, ops = array("q"), array("q")
    for item in cs.rows:
        _add_rows(item, pool, rows)
    for step in cs.program:
        _add_ops(step, pool, ops)
    data = _encode(cs, pool, _to_table(rows, 3), _to_table(ops, 6))
    return Template(
        name=name,
        ports=tuple(cs.ports),
        privates=tuple(cs.privates),
        n_wires=cs.n_wires,
        n_rows=cs.n_constraints,
        data=data,
        row_blocks=[(i.name, None) if isinstance(i, Row) else (i.name, i.fragment) for i in cs.rows],
        wire_of_op=_wires_by_name(cs, pool.order),
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
        self.lengths, self.wires, self.coefficient_ids = array("q"), array("q"), array("q")  # wires as the builder's
        self._refs: dict[int, int] = {}
        self._fragments: dict[int, _FragmentForm] = {}

    def list_ids(self, values: Iterable[int]) -> list[int]:
        """Return the coefficients' numbers; a new one gets the next."""
        known = self.coefficients
        return [known.setdefault(value, len(known)) for value in values]

    def ref(self, lc: LC) -> int:
        ref = self._refs.get(id(lc))
        if ref is None:
            ref = self._refs[id(lc)] = self._add(lc)
        return ref

    def _add(self, lc: LC) -> int:
        single = lc.single_wire()
        if single is not None:
            return int(self.order[single])
        self.wires.extend(lc.terms)
        self.coefficient_ids.extend(self.list_ids(lc.terms.values()))
        self.lengths.append(len(lc.terms))
        return self.n_wires + len(self.lengths) - 1

    def add_many(self, lengths: Ints, wires: Ints, coefficient_ids: Ints) -> int:
        """Append combinations and return the reference of the first."""
        first = self.n_wires + len(self.lengths)
        self.lengths.frombytes(lengths.tobytes())
        self.wires.frombytes(wires.tobytes())
        self.coefficient_ids.frombytes(coefficient_ids.tobytes())
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
        self.coefficient_ids = np.array(pool.list_ids(c for lc in lcs for c in lc.terms.values()), dtype=np.int64)
        self.copies: dict[int, tuple[Ints, int]] = {}

    def place(self, stamp: Stamp, pool: _Pool) -> Ints:
        """Return the map from this fragment's references to the template's, adding the copy's combinations once."""
        if id(stamp) not in self.copies:
            own = np.arange(stamp.first_wire, stamp.first_wire + stamp.fragment.n_own)
            wires = np.concatenate([[0], stamp.inputs, own]).astype(np.int64)
            first = pool.add_many(self.lengths, wires[self.wires], self.coefficient_ids)
            self.copies[id(stamp)] = (np.concatenate([pool.order[wires], first + np.arange(len(self.lengths))]), first)
        return self.copies[id(stamp)][0]


def _add_rows(item: Row | Stamp, pool: _Pool, rows: array[int]) -> None:
    if isinstance(item, Row):
        rows.extend((pool.ref(item.a), pool.ref(item.b), pool.ref(item.c)))
        return
    form = pool.fragment(item.fragment)
    rows.frombytes(form.place(item, pool)[form.rows].tobytes())


def _add_ops(item: Op | Stamp, pool: _Pool, ops: array[int]) -> None:
    if isinstance(item, Op):
        a, b = pool.ref(item.a), pool.ref(item.b)
        ops.extend((int(item.opcode), int(pool.order[item.out]), item.n_out, a, b, item.imm))
        return
    form = pool.fragment(item.fragment)
    placed = form.ops.copy()
    placed[:, [1, 3, 4]] = form.place(item, pool)[form.ops[:, [1, 3, 4]]]
    ops.frombytes(placed.tobytes())


def _to_table(numbers: array[int], width: int) -> Ints:
    return np.array(numbers, dtype=np.int64).reshape(-1, width)


def _encode(cs: ConstraintSystem, pool: _Pool, rows: Ints, ops: Ints) -> bytes:
    def u32(values: Ints) -> bytes:
        return values.astype("<u4").tobytes()

    lengths, wires, ids = (np.array(a, dtype=np.int64) for a in (pool.lengths, pool.wires, pool.coefficient_ids))
    header = (len(cs.ports), len(cs.privates), cs.n_wires, len(pool.coefficients), len(lengths), len(wires))
    return b"".join(
        [
            MAGIC,
            struct.pack("<9I", VERSION, *header, len(rows), len(ops)),
            b"".join(c.to_bytes(32, "big") for c in pool.coefficients),
            u32(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)),
            u32(pool.order[wires]),
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
