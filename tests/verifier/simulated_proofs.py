"""What a simulator's proofs are bent into: errors that cancel, points outside the subgroup."""

from __future__ import annotations

from collections.abc import Sequence

from py_ecc.fields import optimized_bn128_FQ2 as FQ2
from py_ecc.optimized_bn128 import optimized_curve as curve

from rollup.field import R
from verifier.keys import Proof
from verifier.points import G2Point, Q
from verifier.simulator import Trapdoor, compute_g1, compute_g2, from_py_ecc


def simulate_pair(setup: Trapdoor, first: Sequence[int], second: Sequence[int], shift: int) -> tuple[Proof, Proof]:
    """Return two proofs, wrong by `shift` in C in opposite directions: the product of their equations holds."""
    c_first, c_second = setup.compute_c(first, 2, 3) + shift, setup.compute_c(second, 4, 5) - shift
    return (
        Proof(compute_g1(2), compute_g2(3), compute_g1(c_first)),
        Proof(compute_g1(4), compute_g2(5), compute_g1(c_second)),
    )


def add_cofactor_point(point: G2Point) -> G2Point:
    """Return point + T on the same curve, where T is not infinity and its order divides the cofactor.

    The hardest case for a subgroup check: a pairing that skips it may not see T at all.
    """
    torsion = curve.multiply(_find_curve_point(), R)
    assert not curve.is_inf(torsion)
    loaded = (FQ2(point.x), FQ2(point.y), FQ2.one())
    return from_py_ecc(curve.add(loaded, torsion))


def _find_curve_point() -> tuple[FQ2, FQ2, FQ2]:
    for real in range(1, 100):
        x = FQ2((real, 1))
        y = _compute_square_root(x * x * x + curve.b2)
        if y is not None:
            return x, y, FQ2.one()
    raise AssertionError("half of all x are on the curve")


def _compute_square_root(value: FQ2) -> FQ2 | None:
    """Return a root in Fp2 or None. q = 3 mod 4 (Adj and Rodriguez-Henriquez, eprint 2012/685, algorithm 9)."""
    a1 = value ** ((Q - 3) // 4)
    x0 = a1 * value
    alpha = a1 * x0
    root = FQ2((0, 1)) * x0 if alpha == FQ2((Q - 1, 0)) else (FQ2.one() + alpha) ** ((Q - 1) // 2) * x0
    return root if root * root == value else None
