"""Valid Groth16 proofs without a circuit: whoever knows the setup's secrets can make one for any public inputs.

This is the paper's own simulator (eprint 2016/260 §3.2), and independent of the kernel. It also reaches what no honest
prover would ever hit, such as a valid proof whose C is infinity.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from py_ecc.fields import optimized_bn128_FQ2 as FQ2
from py_ecc.optimized_bn128 import optimized_curve as curve

from rollup.field import R
from verifier.keys import Proof, VerifyingKey
from verifier.points import G1_INFINITY, G2_INFINITY, Fp2, G1Point, G2Point, Q


def compute_g1(scalar: int) -> G1Point:
    """Return scalar times the generator (1, 2)."""
    if scalar % R == 0:
        return G1_INFINITY
    x, y = curve.normalize(curve.multiply(curve.G1, scalar % R))
    return G1Point(int(x), int(y))


def compute_g2(scalar: int) -> G2Point:
    """Return scalar times the generator of EIP-197."""
    if scalar % R == 0:
        return G2_INFINITY
    return from_py_ecc(curve.multiply(curve.G2, scalar % R))


def from_py_ecc(point: tuple[FQ2, FQ2, FQ2]) -> G2Point:
    """Return py-ecc's point, which is not infinity, as ours."""
    x, y = curve.normalize(point)
    return G2Point(*(Fp2(*(int(part) for part in coordinate.coeffs)) for coordinate in (x, y)))


@dataclass(frozen=True)
class Trapdoor:
    """A setup whose secrets were kept."""

    alpha: int
    beta: int
    gamma: int
    delta: int
    ic: tuple[int, ...]

    @classmethod
    def from_seed(cls, seed: int, n_public: int) -> Trapdoor:
        """Return a setup drawn from a seed, the same on every run."""
        rng = random.Random(seed)
        alpha, beta, gamma, delta = (rng.randrange(1, R) for _ in range(4))
        return cls(alpha, beta, gamma, delta, tuple(rng.randrange(R) for _ in range(n_public + 1)))

    def get_key(self) -> VerifyingKey:
        """Return the verifying key of this setup."""
        return VerifyingKey(
            compute_g1(self.alpha),
            compute_g2(self.beta),
            compute_g2(self.gamma),
            compute_g2(self.delta),
            tuple(compute_g1(scalar) for scalar in self.ic),
        )

    def compute_right_side(self, public_inputs: list[int]) -> int:
        """Return the logarithm of e(alpha, beta) * e(sum, gamma): what A * B must be when C is infinity."""
        total = self.ic[0] + sum(x * scalar for x, scalar in zip(public_inputs, self.ic[1:], strict=True))
        return (self.alpha * self.beta + total * self.gamma) % R

    def simulate(self, public_inputs: list[int], a: int, b: int) -> Proof:
        """Return a valid proof with A = a, B = b, and C solved from the equation."""
        return Proof(compute_g1(a), compute_g2(b), compute_g1(self._solve_c(public_inputs, a, b)))

    def simulate_pair(self, first: list[int], second: list[int], shift: int) -> tuple[Proof, Proof]:
        """Return two proofs, wrong by `shift` in C in opposite directions: the product of their equations holds."""
        c_first, c_second = self._solve_c(first, 2, 3) + shift, self._solve_c(second, 4, 5) - shift
        return (
            Proof(compute_g1(2), compute_g2(3), compute_g1(c_first)),
            Proof(compute_g1(4), compute_g2(5), compute_g1(c_second)),
        )

    def _solve_c(self, public_inputs: list[int], a: int, b: int) -> int:
        return (a * b - self.compute_right_side(public_inputs)) * pow(self.delta, -1, R) % R


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
