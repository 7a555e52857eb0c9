"""py-ecc's verifier says what is wrong, and agrees with a proof that snarkjs made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from rollup.errors import ProofInvalid
from rollup.field import R
from tests.verifier.simulated_proofs import add_cofactor_point
from verifier.errors import (
    EquationFails,
    KeyPointAtInfinity,
    PointNotInSubgroup,
    PointNotOnCurve,
    PublicInputCountWrong,
    PublicInputTooLarge,
)
from verifier.iden3 import read_proof, read_public_inputs, read_verification_key
from verifier.keys import Proof, VerifyingKey
from verifier.pairing import check_key, check_proof
from verifier.points import G1_INFINITY, G2_INFINITY, Fp2, G1Point, G2Point
from verifier.simulator import Trapdoor, compute_g1

SNARKJS_DIR = Path(__file__).parents[1] / "vectors" / "snarkjs_multiplier"  # by tests/third_party/snarkjs_tools.py
TRAPDOOR = Trapdoor.from_seed(seed=4, n_public=1)
KEY = TRAPDOOR.get_key()
PROOF = TRAPDOOR.simulate([8], 2, 3)


def test_proof_made_by_snarkjs() -> None:
    key = read_verification_key(SNARKJS_DIR / "verification_key.json")
    public_inputs = read_public_inputs(SNARKJS_DIR / "public.json")
    check_key(key)
    check_proof(key, read_proof(SNARKJS_DIR / "proof.json"), public_inputs)
    assert public_inputs == [363, 3]
    with pytest.raises(EquationFails):
        check_proof(key, read_proof(SNARKJS_DIR / "proof.json"), [364, 3])


@pytest.mark.parametrize(
    ("proof", "public_inputs", "expected"),
    [
        (PROOF, [], PublicInputCountWrong(0, 1)),
        (PROOF, [8, 0], PublicInputCountWrong(2, 1)),
        (PROOF, [R], PublicInputTooLarge(0, R)),
        (PROOF, [-1], PublicInputTooLarge(0, -1)),
        (replace(PROOF, a=G1Point(1, 1)), [8], PointNotOnCurve("A")),
        (replace(PROOF, b=G2Point(Fp2(1, 0), Fp2(1, 0))), [8], PointNotOnCurve("B")),
        (replace(PROOF, b=add_cofactor_point(PROOF.b)), [8], PointNotInSubgroup("B")),
        (replace(PROOF, c=G1Point(0, 1)), [8], PointNotOnCurve("C")),
        (replace(PROOF, c=compute_g1(1)), [8], EquationFails()),
        (PROOF, [9], EquationFails()),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, ProofInvalid) else None,
)
def test_invalid_proof_says_why(proof: Proof, public_inputs: Sequence[int], expected: ProofInvalid) -> None:
    with pytest.raises(type(expected)) as caught:
        check_proof(KEY, proof, public_inputs)
    assert caught.value.get_facts() == expected.get_facts()


def test_valid_key() -> None:
    check_key(KEY)
    check_key(replace(KEY, ic=(G1_INFINITY, G1_INFINITY)))  # allowed: see test_key_with_an_ic_point_at_infinity


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (replace(KEY, alpha_g1=G1_INFINITY), KeyPointAtInfinity("alpha_g1")),
        (replace(KEY, beta_g2=G2_INFINITY), KeyPointAtInfinity("beta_g2")),
        (replace(KEY, gamma_g2=G2_INFINITY), KeyPointAtInfinity("gamma_g2")),
        (replace(KEY, delta_g2=G2_INFINITY), KeyPointAtInfinity("delta_g2")),
        (replace(KEY, alpha_g1=G1Point(1, 1)), PointNotOnCurve("alpha_g1")),
        (replace(KEY, gamma_g2=add_cofactor_point(KEY.gamma_g2)), PointNotInSubgroup("gamma_g2")),
        (replace(KEY, ic=(KEY.ic[0], G1Point(1, 1))), PointNotOnCurve("ic[1]")),
    ],
    ids=lambda value: str(value) if isinstance(value, ProofInvalid) else "",
)
def test_invalid_key_says_why(key: VerifyingKey, expected: ProofInvalid) -> None:
    with pytest.raises(type(expected)) as caught:
        check_key(key)
    assert caught.value.get_facts() == expected.get_facts()
