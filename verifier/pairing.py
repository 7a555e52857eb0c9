"""Groth16 verification by py-ecc: pure Python, independent of the kernel, about half a second.

Infinity is a group element like any other, in a proof and in `ic`: the equation decides. The kernel and the contract
treat it the same way. A key whose alpha, beta, gamma or delta is infinity is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from py_ecc.fields import optimized_bn128_FQ as FQ
from py_ecc.fields import optimized_bn128_FQ2 as FQ2
from py_ecc.optimized_bn128 import optimized_curve as curve
from py_ecc.optimized_bn128.optimized_pairing import pairing

from rollup.field import R
from verifier.errors import (
    EquationFails,
    KeyPointAtInfinity,
    PointNotInSubgroup,
    PointNotOnCurve,
    PublicInputCountWrong,
    PublicInputTooLarge,
)
from verifier.keys import Proof, VerifyingKey
from verifier.points import G1_INFINITY, G2_INFINITY, G1Point, G2Point

assert curve.curve_order == R  # one field everywhere


def check_proof(vk: VerifyingKey, proof: Proof, public_inputs: Sequence[int]) -> None:
    """Return None if the proof holds for these public inputs.

    Raises PublicInputCountWrong, PublicInputTooLarge, PointNotOnCurve, PointNotInSubgroup, EquationFails.
    Assumes that the key passed `check_key`, and coordinates below q (decoding sees to it).
    """
    if len(public_inputs) != vk.n_public:
        raise PublicInputCountWrong(len(public_inputs), vk.n_public)
    for index, value in enumerate(public_inputs):
        if not 0 <= value < R:  # x and x + r give the same sum, so one statement would have many spellings
            raise PublicInputTooLarge(index, value)
    a, b, c = _load_g1(proof.a, "A"), _load_g2(proof.b, "B"), _load_g1(proof.c, "C")
    # Groth16 (eprint 2016/260) §3.2: e(A, B) = e(alpha, beta) * e(sum_i a_i*IC_i, gamma) * e(C, delta)
    right = (
        pairing(_load_g2(vk.beta_g2, "beta_g2"), _load_g1(vk.alpha_g1, "alpha_g1"))
        * pairing(_load_g2(vk.gamma_g2, "gamma_g2"), _sum_public_inputs(vk, public_inputs))
        * pairing(_load_g2(vk.delta_g2, "delta_g2"), c)
    )
    if pairing(b, a) != right:
        raise EquationFails


def check_key(vk: VerifyingKey) -> None:
    """Return None if every point of the key is of its group and none of the first four is infinity.

    Raises PointNotOnCurve, PointNotInSubgroup, KeyPointAtInfinity.
    """
    if vk.alpha_g1 == G1_INFINITY:
        raise KeyPointAtInfinity("alpha_g1")
    _load_g1(vk.alpha_g1, "alpha_g1")
    for name in ("beta_g2", "gamma_g2", "delta_g2"):
        point: G2Point = getattr(vk, name)
        if point == G2_INFINITY:
            raise KeyPointAtInfinity(name)
        _load_g2(point, name)
    for i, ic_point in enumerate(vk.ic):
        _load_g1(ic_point, f"ic[{i}]")


def compute_alpha_beta(vk: VerifyingKey) -> list[int]:
    """Return e(alpha, beta) as the 12 coefficients of a polynomial in w, w**12 - 18*w**6 + 82 = 0.

    Assumes that the key passed `check_key`.
    """
    alpha_beta = pairing(_load_g2(vk.beta_g2, "beta_g2"), _load_g1(vk.alpha_g1, "alpha_g1"))
    return [int(coefficient) for coefficient in alpha_beta.coeffs]


def _sum_public_inputs(vk: VerifyingKey, public_inputs: Sequence[int]) -> Any:
    total = _load_g1(vk.ic[0], "ic[0]")
    for i, value in enumerate(public_inputs, start=1):
        total = curve.add(total, curve.multiply(_load_g1(vk.ic[i], f"ic[{i}]"), value))
    return total


def _load_g1(point: G1Point, what: str) -> Any:
    """Return the point as py-ecc's; on the curve it is in the group, whose cofactor is 1."""
    if point == G1_INFINITY:
        return curve.Z1
    loaded = (FQ(point.x), FQ(point.y), FQ.one())
    if not curve.is_on_curve(loaded, curve.b):
        raise PointNotOnCurve(what)
    return loaded


def _load_g2(point: G2Point, what: str) -> Any:
    """Return the point as py-ecc's, of order r: the curve over Fp2 has a large cofactor, so being on it is not enough."""
    if point == G2_INFINITY:
        return curve.Z2
    loaded = (FQ2(point.x), FQ2(point.y), FQ2.one())
    if not curve.is_on_curve(loaded, curve.b2):
        raise PointNotOnCurve(what)
    if not curve.is_inf(curve.multiply(loaded, R)):
        raise PointNotInSubgroup(what)
    return loaded
