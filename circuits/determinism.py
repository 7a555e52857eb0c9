"""Is every computed wire pinned? The Jacobian of the constraints, at a witness, in the wires that inputs do not give.

Ports and private inputs are held fixed. If the Jacobian has full column rank over the field, no computed wire can move
by a little (in the formal sense) while all constraints hold; a wire that could is named by the hint or product that
proposes it. What this cannot see are jumps between isolated solutions, such as a bit flipped from 0 to 1 where the sum
of the bits is not constrained: those are the business of `circuits/mutants.py`.

A computed wire whose column is zero at this witness falls in one of three kinds:
- *loose*: no constraint mentions it at all. Reported as free.
- *harmless*: constraints mention it, every one of them multiplies it by a combination that is zero at this witness (and
  never by itself). It may take any value, alone, and no other wire moves: the inverse in `is_zero` at a = 0. Reported
  apart, because it is only harmless if some other witness pins it: `find_freedom` reports what no witness pins.
- otherwise it stands in a square that is zero, pinned only as a double root: reported as free.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass

from circuits.linear import LC, value_of
from circuits.sparse import Kernel
from circuits.system import ConstraintSystem, Op, Row, collapse_indices
from rollup.field import R

__all__ = [
    "Freedom",
    "analyse",
    "find_freedom",
    "free_wires",
    "jacobian_row",
    "wire_names",
]


@dataclass(frozen=True)
class Freedom:
    """Names of the hints and products whose wires are not pinned at a witness."""

    free: tuple[str, ...]
    harmless: tuple[str, ...]


def free_wires(cs: ConstraintSystem, without: Collection[str] = ()) -> list[str]:
    """Return the names of hints and products whose wires could move, were the constraint classes `without` dropped.

    One name for each dimension of freedom, the earliest wire that can be taken as its parameter. Empty when the
    Jacobian has full column rank but for harmless wires. Assumes cs is evaluated at an honest witness.
    """
    return list(analyse(cs, without).free)


def analyse(cs: ConstraintSystem, without: Collection[str] = ()) -> Freedom:
    """Return free and harmless wires of an evaluated system; `without` names constraint classes, indices collapsed."""
    assert cs.evaluate, "determinism is judged at a witness: build the system with evaluate=True"
    names = wire_names(cs)
    kernel = Kernel()
    for row in _rows(cs, without):
        kernel.add_row(jacobian_row(row, cs.values, names))
    untouched = {wire for wire in names if not kernel.is_touched(wire)}
    harmless = _harmless(cs, untouched, without) if untouched else set()
    free = sorted({*kernel.free_columns(), *(untouched - harmless)})
    return Freedom(_unique(names[w] for w in free), _unique(names[w] for w in sorted(harmless)))


def find_freedom(witnesses: Iterable[ConstraintSystem], without: Collection[str] = ()) -> Freedom:
    """Return what is free at any of the witnesses, and what is harmless at every one of them (so shown pinned by none).

    The template passes when both are empty. Assumes the witnesses are of one template.
    """
    found = [analyse(cs, without) for cs in witnesses]
    assert found, "no witness given"
    free = _unique(name for freedom in found for name in freedom.free)
    everywhere = set.intersection(*(set(freedom.harmless) for freedom in found))
    return Freedom(free, tuple(name for name in found[0].harmless if name in everywhere))


def jacobian_row(row: Row, values: Sequence[int], computed: Container[int]) -> dict[int, int]:
    """Return d(a * b - c) by computed wire where wires have these values, zero entries left out."""
    entries: dict[int, int] = {}
    for lc, factor in (*_derive_product(row, values), (row.c, -1)):
        if factor:
            for wire, c in lc.terms.items():
                if wire in computed:
                    entries[wire] = entries.get(wire, 0) + c * factor
    return {wire: reduced for wire, c in entries.items() if (reduced := c % R)}


def _derive_product(row: Row, values: Sequence[int]) -> tuple[tuple[LC, int], ...]:
    """Return the combinations of a * b and what each is multiplied by in the derivative; a square is one of them."""
    a_value = value_of(row.a, values)
    if row.a is row.b:
        return ((row.a, 2 * a_value),)
    return (row.a, value_of(row.b, values)), (row.b, a_value)


def wire_names(cs: ConstraintSystem) -> dict[int, str]:
    """Return the hint or product that proposes each computed wire."""
    names: dict[int, str] = {}
    for item in cs.program:
        if isinstance(item, Op):
            names.update((item.out + i, item.name) for i in range(item.n_out))
        else:
            for op in item.fragment.program:
                names.update((item.wire(op.out + i), f"{item.name}/{op.name}") for i in range(op.n_out))
    return names


def _rows(cs: ConstraintSystem, without: Collection[str]) -> Iterator[Row]:
    if not without:
        return cs.iter_rows()
    return (row for row in cs.iter_rows() if collapse_indices(row.name) not in without)


def _harmless(cs: ConstraintSystem, untouched: set[int], without: Collection[str]) -> set[int]:
    """Return those wires of zero columns that some constraint mentions and none squares."""
    mentioned: set[int] = set()
    squared: set[int] = set()
    for row in _rows(cs, without):
        left, right = untouched & row.a.terms.keys(), untouched & row.b.terms.keys()
        mentioned |= left | right | (untouched & row.c.terms.keys())
        squared |= left & right
    return mentioned - squared


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
