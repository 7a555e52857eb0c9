"""A small system checked a second time, as a quadratic arithmetic program, by the `galois` package.

GGPR13 (eprint 2012/215) §7: over a domain D with one point a constraint, wire i has polynomials u_i, v_i, w_i that take
its coefficients of row j at the j-th point. A witness x satisfies the system exactly if
(sum x_i u_i)(sum x_i v_i) - sum x_i w_i is divisible by the polynomial that vanishes on D. Nothing here evaluates a
constraint the way the builder or the kernel do. For tests: the cost is cubic in the number of constraints.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import galois
import numpy as np

from circuits.linear import LC
from circuits.system import ConstraintSystem
from rollup.field import R

_GENERATOR = 5  # generates the multiplicative group of the scalar field
MAX_ROWS = 256


@dataclass(frozen=True, eq=False)
class Qap:
    """Polynomials of a system: entry [k, i] is the coefficient of X**k in wire i's polynomial."""

    u: galois.FieldArray
    v: galois.FieldArray
    w: galois.FieldArray
    vanishing: galois.Poly

    def divide(self, witness: Sequence[int]) -> tuple[galois.Poly, galois.Poly]:
        """Return (quotient, remainder) of A * B - C by the vanishing polynomial. Assumes a value for every wire."""
        x = _field()([value % R for value in witness])
        a, b, c = (galois.Poly((matrix @ x)[::-1]) for matrix in (self.u, self.v, self.w))
        quotient, remainder = divmod(a * b - c, self.vanishing)
        return quotient, remainder

    def is_satisfied(self, witness: Sequence[int]) -> bool:
        """Return whether the witness, by wire in the builder's order, satisfies every constraint."""
        return bool(self.divide(witness)[1] == galois.Poly.Zero(_field()))


def build_qap(cs: ConstraintSystem) -> Qap:
    """Return the QAP of a system: a row a constraint, then one for the constant and each port, zero rows to 2**k.

    The rows behind the constraints keep the polynomials of public wires independent, as libsnark does.
    Raises ValueError beyond 256 rows.
    """
    triples = [(row.a, row.b, row.c) for row in cs.iter_rows()]
    nothing = LC({})
    triples += [(LC({wire: 1}), nothing, nothing) for wire in (0, *cs.ports.values())]
    size = 1 << (len(triples) - 1).bit_length()
    if size > MAX_ROWS:
        raise ValueError(f"{len(triples)} rows: the independent check takes at most {MAX_ROWS}")
    root = _field()(pow(_GENERATOR, (R - 1) // size, R))
    from_values = np.linalg.inv(_field().Vandermonde(root, size, size))
    u, v, w = (from_values @ _matrix([t[k] for t in triples], size, cs.n_wires) for k in range(3))
    return Qap(u, v, w, galois.Poly([1, *[0] * (size - 1), R - 1], field=_field()))


def check_qap(cs: ConstraintSystem) -> bool:
    """Return whether an evaluated system's own witness satisfies it, judged by the QAP alone."""
    assert cs.evaluate, "a system recorded without values has no witness"
    return build_qap(cs).is_satisfied(cs.values)


def _matrix(lcs: Sequence[LC], n_rows: int, n_wires: int) -> galois.FieldArray:
    entries = [[0] * n_wires for _ in range(n_rows)]
    for row, lc in zip(entries, lcs, strict=False):
        for wire, coefficient in lc.terms.items():
            row[wire] = coefficient % R
    return _field()(entries)


@lru_cache(maxsize=1)
def _field() -> type[galois.FieldArray]:
    # the generator is given and taken as such: finding or verifying one factors r - 1, which takes minutes
    return galois.GF(R, primitive_element=_GENERATOR, verify=False)
