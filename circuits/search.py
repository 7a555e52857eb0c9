"""Forgeries found without knowing the rule: vary a witness until it breaks exactly one constraint class.

From every base witness (honest ones; forged ones of a catalogue, which break what forbids the forgery):
- `find_lies`: a generic lie about a hint or product that stands in a constraint of a class still looked for;
- `find_moves`: an input moved, wires following; or the same, while one hint that stands in such a constraint keeps what
  it said before.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TypeAlias

from circuits.lies import generic_lies
from circuits.linear import value_of
from circuits.program import Opcode
from circuits.system import Op, collapse_indices
from circuits.variation import Forgery, Outcome, Shape, Variation
from rollup.field import R

_Vary: TypeAlias = Callable[[Variation, frozenset[str]], Iterator[tuple[Forgery, Outcome]]]
_ROWS_A_CLASS = 4  # instances of a class whose hints are lied about: the first two and the last two
_ALIKE = 2  # inputs of one name but for indices that are moved: the first and the last


def find_lies(bases: Sequence[Variation], classes: Collection[str]) -> dict[str, Forgery]:
    """Return, for each class that a generic lie at some base breaks alone, that lie."""
    return _search(bases, classes, _lies)


def find_moves(bases: Sequence[Variation], classes: Collection[str]) -> dict[str, Forgery]:
    """Return, for each class that a moved input at some base breaks alone, that move."""
    return _search(bases, classes, _moves)


def _search(bases: Sequence[Variation], classes: Collection[str], vary: _Vary) -> dict[str, Forgery]:
    found: dict[str, Forgery] = {}
    for base in bases:
        left = frozenset(classes) - found.keys()
        for forgery, outcome in vary(base, left) if left else ():
            if len(outcome.violated) == 1:
                found.setdefault(next(iter(outcome.violated)), forgery)
                if found.keys() >= left:
                    break
    return {name: forgery for name, forgery in found.items() if name in classes}


def _lies(base: Variation, classes: frozenset[str]) -> Iterator[tuple[Forgery, Outcome]]:
    for op in _ops_near(base.shape, classes):
        for told in _lies_about(op, base):
            lie = Forgery(told={op.name: told})
            yield lie, base.vary(lie)


def _moves(base: Variation, classes: frozenset[str]) -> Iterator[tuple[Forgery, Outcome]]:
    near = _wires_near(base.shape, classes)
    hints = [op for op in _ops_near(base.shape, classes) if op.opcode not in (Opcode.MUL, Opcode.LIN)]
    for name in _inputs_to_move(base.shape):
        for moved in _moves_of(name, base):
            outcome = base.vary(Forgery(moved))
            yield Forgery(moved), outcome
            if outcome.changed.isdisjoint(near):
                break
            for op in hints:
                if not outcome.changed.isdisjoint(range(op.out, op.out + op.n_out)):
                    kept = Forgery(moved, {op.name: _said(op, base)})
                    yield kept, base.vary(kept)


def _moves_of(name: str, base: Variation) -> Iterator[dict[str, int]]:
    honest = base.values[base.shape.inputs[name]]
    for value in dict.fromkeys((honest + delta) % R for delta in (1, -1, -honest, R // 3)):
        if value != honest:
            yield {name: value}


def _lies_about(op: Op, base: Variation) -> Iterator[list[int]]:
    a, b = value_of(op.a, base.values), value_of(op.b, base.values)
    return generic_lies(op.opcode, _said(op, base), a, b)


def _said(op: Op, base: Variation) -> list[int]:
    return list(base.values[op.out : op.out + op.n_out])


def _ops_near(shape: Shape, classes: frozenset[str]) -> list[Op]:
    """Return the operations whose wires stand in constraints of these classes, a few of each class, in order."""
    half = _ROWS_A_CLASS // 2
    near: set[int] = set()
    for name in classes:
        indices = shape.rows_of_class[name]
        for index in {*indices[:half], *indices[-half:]}:
            near |= shape.writers_in(index)
    return [shape.ops[i] for i in sorted(near)]


def _wires_near(shape: Shape, classes: frozenset[str]) -> set[int]:
    """Return every wire, inputs too, that stands in a constraint of these classes."""
    rows = [shape.rows[index] for name in classes for index in shape.rows_of_class[name]]
    return {wire for row in rows for lc in (row.a, row.b, row.c) for wire in lc.terms}


def _inputs_to_move(shape: Shape) -> list[str]:
    alike: dict[str, list[str]] = {}
    for name in shape.inputs:
        alike.setdefault(collapse_indices(name), []).append(name)
    half = _ALIKE // 2
    return [name for names in alike.values() for name in dict.fromkeys([*names[:half], *names[-half:]])]
