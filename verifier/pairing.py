"""Groth16 verification by py-ecc: pure Python, independent of the kernel, about half a second.

Infinity is a group element like any other, in a proof and in `ic`: the equation decides. The kernel and the contract
treat it the same way. A key whose alpha, beta, gamma or delta is infinity is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

from py_ecc.fields import optimized_bn128_FQ as FQ
from py_ecc.fields import optimized_bn128_FQ2 as FQ2
from py_ecc.fields import optimized_bn128_FQ12 as FQ12
from py_ecc.optimized_bn128 import optimized_curve as curve
from py_ecc.optimized_bn128.optimized_pairing import final_exponentiate, pairing
from py_ecc.typing import Optimized_Point3D

from rollup.field import R
from verifier import quick_fields
from verifier.errors import (
    EquationFails,
    KeyPointAtInfinity,
    PointNotInSubgroup,
    PointNotOnCurve,
    PublicInputCountWrong,
    PublicInputTooLarge,
)
from verifier.keys import Proof, VerifyingKey
from verifier.points import G1_INFINITY, G2_INFINITY, G1Point, G2Point, Q

_U: Final = 4965661367192848881  # the curve's parameter: q = 36u^4 + 36u^3 + 24u^2 + 6u + 1
_G1: TypeAlias = Optimized_Point3D[FQ]  # py-ecc's points are projective
_G2: TypeAlias = Optimized_Point3D[FQ2]

quick_fields.install()

assert curve.curve_order == R  # one field everywhere
assert 36 * _U**4 + 36 * _U**3 + 24 * _U**2 + 6 * _U + 1 == Q


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
    _check_g1(proof.a, "A")
    _check_g2(proof.b, "B")
    _check_g1(proof.c, "C")
    if not _is_equation_true(vk, proof, public_inputs):
        raise EquationFails


def check_key(vk: VerifyingKey) -> None:
    """Return None if every point of the key is of its group and none of the first four is infinity.

    Raises PointNotOnCurve, PointNotInSubgroup, KeyPointAtInfinity.
    """
    if vk.alpha_g1 == G1_INFINITY:
        raise KeyPointAtInfinity("alpha_g1")
    _check_g1(vk.alpha_g1, "alpha_g1")
    for what, point in (("beta_g2", vk.beta_g2), ("gamma_g2", vk.gamma_g2), ("delta_g2", vk.delta_g2)):
        if point == G2_INFINITY:
            raise KeyPointAtInfinity(what)
        _check_g2(point, what)
    for i, ic_point in enumerate(vk.ic):
        _check_g1(ic_point, f"ic[{i}]")


def compute_alpha_beta(vk: VerifyingKey) -> list[int]:
    """Return e(alpha, beta) as snarkjs files it: 12 coefficients of a polynomial in w, w**12 - 18*w**6 + 82 = 0.

    Assumes that the key passed `check_key`.
    """
    # its final exponentiation takes a multiple of (q**12 - 1) / r that is quicker to reach
    # (Fuentes-Castaneda, Knapp, Rodriguez-Henriquez, SAC 2011, §5.2)
    multiple = 2 * _U * (6 * _U**2 + 3 * _U + 1)
    alpha_beta = pairing(_load_g2(vk.beta_g2), _load_g1(vk.alpha_g1)) ** multiple
    return [int(coefficient) for coefficient in alpha_beta.coeffs]


def _is_equation_true(vk: VerifyingKey, proof: Proof, public_inputs: Sequence[int]) -> bool:
    # Groth16 (eprint 2016/260) §3.2: e(A, B) = e(alpha, beta) * e(sum_i a_i*IC_i, gamma) * e(C, delta), as
    # e(-A, B) * the right side = 1: four Miller loops share one final exponentiation
    product = (
        pairing(_load_g2(proof.b), curve.neg(_load_g1(proof.a)), final_exponentiate=False)
        * pairing(_load_g2(vk.beta_g2), _load_g1(vk.alpha_g1), final_exponentiate=False)
        * pairing(_load_g2(vk.gamma_g2), _sum_public_inputs(vk, public_inputs), final_exponentiate=False)
        * pairing(_load_g2(vk.delta_g2), _load_g1(proof.c), final_exponentiate=False)
    )
    return bool(final_exponentiate(product) == FQ12.one())


def _sum_public_inputs(vk: VerifyingKey, public_inputs: Sequence[int]) -> _G1:
    total = _load_g1(vk.ic[0])
    for point, value in zip(vk.ic[1:], public_inputs, strict=True):
        total = curve.add(total, curve.multiply(_load_g1(point), value))
    return total


def _check_g1(point: G1Point, what: str) -> None:
    if not curve.is_on_curve(_load_g1(point), curve.b):  # then in the group, whose cofactor is 1
        raise PointNotOnCurve(what)


def _check_g2(point: G2Point, what: str) -> None:
    loaded = _load_g2(point)
    if not curve.is_on_curve(loaded, curve.b2):
        raise PointNotOnCurve(what)
    if not curve.is_inf(curve.multiply(loaded, R)):  # the curve over Fp2 has a large cofactor
        raise PointNotInSubgroup(what)


def _load_g1(point: G1Point) -> _G1:
    return curve.Z1 if point == G1_INFINITY else (FQ(point.x), FQ(point.y), FQ.one())


def _load_g2(point: G2Point) -> _G2:
    return curve.Z2 if point == G2_INFINITY else (FQ2(point.x), FQ2(point.y), FQ2.one())
