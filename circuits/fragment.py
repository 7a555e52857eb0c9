"""A piece of circuit recorded once and copied many times: what makes thousands of hashes cheap to build."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from circuits.linear import LC
from circuits.system import ConstraintSystem, Op, Row


@dataclass(frozen=True, eq=False)
class Fragment:
    """Rows and program over local wires: 0 the constant one, 1..n_inputs the inputs, then `n_own` own wires."""

    n_inputs: int
    n_own: int
    rows: list[Row]
    program: list[Op]
    outputs: list[LC]


def record_fragment(n_inputs: int, build: Callable[[ConstraintSystem, list[LC]], Sequence[LC]]) -> Fragment:
    """Return the fragment that `build(cs, input_wires)` describes; it may not use ports, inputs or other fragments."""
    cs = ConstraintSystem(evaluate=False)
    wires = [cs.private(f"in[{i}]") for i in range(n_inputs)]
    outputs = list(build(cs, wires))
    rows = [row for row in cs.rows if isinstance(row, Row)]
    program = [op for op in cs.program if isinstance(op, Op)]
    assert (len(rows), len(program)) == (len(cs.rows), len(cs.program)), "fragments do not nest"
    assert (len(cs.privates), len(cs.ports)) == (n_inputs, 0), "a fragment's wires are its inputs and its own"
    return Fragment(n_inputs, cs.n_wires - 1 - n_inputs, rows, program, outputs)
