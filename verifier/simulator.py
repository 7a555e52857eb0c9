"""Valid Groth16 proofs without a circuit: whoever knows a setup's secrets can make one for any public inputs.

This is the paper's own simulator (eprint 2016/260 §3.2), and independent of the kernel. It reaches what no honest
prover would ever hit, such as a valid proof whose C is infinity, and it says what a contract charges for a shape that
nobody has proved: to a verifier these proofs are like any other. Such a key is worth nothing; it is never stored.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from py_ecc.fields import optimized_bn128_FQ2 as FQ2
from py_ecc.optimized_bn128 import optimized_curve as curve
from py_ecc.typing import Optimized_Point3D

from rollup.field import R
from verifier.keys import Proof, VerifyingKey
from verifier.points import G1_INFINITY, G2_INFINITY, Fp2, G1Point, G2Point

__all__ = ["Trapdoor", "compute_g1", "compute_g2", "from_py_ecc"]


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


def from_py_ecc(point: Optimized_Point3D[FQ2]) -> G2Point:
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

    def compute_right_side(self, public_inputs: Sequence[int]) -> int:
        """Return the logarithm of e(alpha, beta) * e(sum, gamma): what A * B must be when C is infinity."""
        total = self.ic[0] + sum(x * scalar for x, scalar in zip(public_inputs, self.ic[1:], strict=True))
        return (self.alpha * self.beta + total * self.gamma) % R

    def compute_c(self, public_inputs: Sequence[int], a: int, b: int) -> int:
        """Return the logarithm of C that makes the equation hold with A = a, B = b."""
        return (a * b - self.compute_right_side(public_inputs)) * pow(self.delta, -1, R) % R

    def simulate(self, public_inputs: Sequence[int], a: int, b: int) -> Proof:
        """Return a valid proof with A = a, B = b, and C solved from the equation."""
        return Proof(compute_g1(a), compute_g2(b), compute_g1(self.compute_c(public_inputs, a, b)))
