"""All verifiers agree: on honest proofs, on every tampering, on proofs that no honest prover makes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prover import kernel
from rollup.field import R
from tests.verifier.simulated_proofs import add_cofactor_point
from verifier.base_layer import Contract, EmbeddedEvm
from verifier.keys import Proof, encode_proof, encode_verifying_key
from verifier.points import G1_INFINITY, G2_INFINITY, Fp2, G1Point, G2Point, Q, encode_g1
from verifier.simulator import Trapdoor, compute_g1, compute_g2
from verifier.verify import Verdict, ask_contract, deploy_verifier, verify_all, verify_by_kernel, verify_by_py_ecc

TRAPDOOR = Trapdoor.from_seed(seed=20251010, n_public=9)
PUBLIC_INPUTS = [0, 1, R - 1, 2**128, 12345678901234567890, 2**248 - 1, 2**128 - 1, 7, R - 2]
PROOF = TRAPDOOR.simulate(PUBLIC_INPUTS, a=0xA11CE, b=0xB0B)
OTHER = TRAPDOOR.simulate(PUBLIC_INPUTS, a=3, b=5)  # valid too; its parts do not fit PROOF's


@cache
def get_key_and_contract() -> tuple[bytes, Contract]:
    vk_be = encode_verifying_key(TRAPDOOR.get_key())
    return vk_be, deploy_verifier(EmbeddedEvm(), vk_be)


def ask_everyone(proof_be: bytes, public_inputs: list[int]) -> dict[str, Verdict]:
    vk_be, contract = get_key_and_contract()
    return {
        "kernel": verify_by_kernel(kernel.verify, vk_be, proof_be, public_inputs),
        "py_ecc": verify_by_py_ecc(vk_be, proof_be, public_inputs),
        "evm": ask_contract(contract, proof_be, public_inputs),
    }


def get_valid_by_name(verdicts: dict[str, Verdict]) -> dict[str, bool]:
    return {name: verdict.valid for name, verdict in verdicts.items()}


ALL_ACCEPT = {"kernel": True, "py_ecc": True, "evm": True}
ALL_REFUSE = {"kernel": False, "py_ecc": False, "evm": False}


@pytest.mark.parametrize(("a", "b"), [(0xA11CE, 0xB0B), (1, 1), (R - 1, R - 1)])
def test_honest_proof(a: int, b: int) -> None:
    proof = TRAPDOOR.simulate(PUBLIC_INPUTS, a, b)
    assert get_valid_by_name(ask_everyone(encode_proof(proof), PUBLIC_INPUTS)) == ALL_ACCEPT


def test_valid_proof_with_c_at_infinity() -> None:
    product = TRAPDOOR.compute_right_side(PUBLIC_INPUTS)
    proof = TRAPDOOR.simulate(PUBLIC_INPUTS, a=7, b=product * pow(7, -1, R) % R)
    assert proof.c == G1_INFINITY
    assert get_valid_by_name(ask_everyone(encode_proof(proof), PUBLIC_INPUTS)) == ALL_ACCEPT


def test_valid_proof_with_a_and_b_at_infinity() -> None:
    proof = TRAPDOOR.simulate(PUBLIC_INPUTS, a=0, b=0)
    assert (proof.a, proof.b) == (G1_INFINITY, G2_INFINITY)
    assert get_valid_by_name(ask_everyone(encode_proof(proof), PUBLIC_INPUTS)) == ALL_ACCEPT


def negate_y(point: G1Point) -> G1Point:
    return G1Point(point.x, Q - point.y)


def swap_parts(value: Fp2) -> Fp2:
    return Fp2(value.imaginary, value.real)


WRONG_PROOFS: dict[str, Callable[[], Proof]] = {
    "a_of_another_proof": lambda: replace(PROOF, a=OTHER.a),
    "b_of_another_proof": lambda: replace(PROOF, b=OTHER.b),
    "c_of_another_proof": lambda: replace(PROOF, c=OTHER.c),
    "a_and_c_swapped": lambda: replace(PROOF, a=PROOF.c, c=PROOF.a),
    "a_negated": lambda: replace(PROOF, a=negate_y(PROOF.a)),
    "a_plus_generator": lambda: replace(PROOF, a=compute_g1(0xA11CE + 1)),
    "b_plus_generator": lambda: replace(PROOF, b=compute_g2(0xB0B + 1)),
    "a_at_infinity": lambda: replace(PROOF, a=G1_INFINITY),
    "b_at_infinity": lambda: replace(PROOF, b=G2_INFINITY),
    "c_at_infinity": lambda: replace(PROOF, c=G1_INFINITY),
    "all_at_infinity": lambda: Proof(G1_INFINITY, G2_INFINITY, G1_INFINITY),
    "a_off_curve": lambda: replace(PROOF, a=G1Point(PROOF.a.x, (PROOF.a.y + 1) % Q)),
    "b_off_curve": lambda: replace(PROOF, b=G2Point(PROOF.b.x, Fp2(PROOF.b.y.real, (PROOF.b.y.imaginary + 1) % Q))),
    "c_off_curve": lambda: replace(PROOF, c=G1Point(PROOF.c.x, (PROOF.c.y + 1) % Q)),
    "c_half_zero": lambda: replace(PROOF, c=G1Point(0, PROOF.c.y)),
    "b_x_and_y_swapped": lambda: replace(PROOF, b=G2Point(PROOF.b.y, PROOF.b.x)),
    "b_real_part_first": lambda: replace(PROOF, b=G2Point(*map(swap_parts, PROOF.b))),
    "b_off_subgroup": lambda: replace(PROOF, b=add_cofactor_point(PROOF.b)),
    "a_x_plus_q": lambda: replace(PROOF, a=G1Point(PROOF.a.x + Q, PROOF.a.y)),
    "a_y_plus_q": lambda: replace(PROOF, a=G1Point(PROOF.a.x, PROOF.a.y + Q)),
    "b_x_plus_q": lambda: replace(PROOF, b=G2Point(Fp2(PROOF.b.x.real + Q, PROOF.b.x.imaginary), PROOF.b.y)),
    "b_y_plus_qi": lambda: replace(PROOF, b=G2Point(PROOF.b.x, Fp2(PROOF.b.y.real, PROOF.b.y.imaginary + Q))),
    "c_y_plus_q": lambda: replace(PROOF, c=G1Point(PROOF.c.x, PROOF.c.y + Q)),
    "c_infinity_spelled_with_q": lambda: replace(PROOF, c=G1Point(Q, Q)),
}


@pytest.mark.parametrize("name", WRONG_PROOFS)
def test_invalid_proof(name: str) -> None:
    proof_be = encode_proof(WRONG_PROOFS[name]())
    assert get_valid_by_name(ask_everyone(proof_be, PUBLIC_INPUTS)) == ALL_REFUSE


@pytest.mark.parametrize("index", range(9))
def test_invalid_public_input_changed_by_one(index: int) -> None:
    changed = [(x + 1) % R if i == index else x for i, x in enumerate(PUBLIC_INPUTS)]
    assert get_valid_by_name(ask_everyone(encode_proof(PROOF), changed)) == ALL_REFUSE


@pytest.mark.parametrize("index", range(9))
def test_invalid_public_input_plus_r(index: int) -> None:
    aliased = [x + R if i == index else x for i, x in enumerate(PUBLIC_INPUTS)]
    assert get_valid_by_name(ask_everyone(encode_proof(PROOF), aliased)) == ALL_REFUSE


@pytest.mark.parametrize("value", [R, 2**256 - 1, 2**256, -1])
def test_invalid_public_input_outside_the_field(value: int) -> None:
    assert get_valid_by_name(ask_everyone(encode_proof(PROOF), [value, *PUBLIC_INPUTS[1:]])) == ALL_REFUSE


@pytest.mark.parametrize("public_inputs", [[], PUBLIC_INPUTS[:8], [*PUBLIC_INPUTS, 0]])
def test_invalid_public_input_count(public_inputs: list[int]) -> None:
    assert get_valid_by_name(ask_everyone(encode_proof(PROOF), public_inputs)) == ALL_REFUSE


@pytest.mark.parametrize("n_bytes", [0, 64, 255, 257, 512])
def test_invalid_proof_length(n_bytes: int) -> None:
    proof_be = (encode_proof(PROOF) * 2)[:n_bytes]
    assert get_valid_by_name(ask_everyone(proof_be, PUBLIC_INPUTS)) == ALL_REFUSE


@given(bit=st.integers(0, 256 * 8 - 1))
@settings(max_examples=8, deadline=None)
def test_invalid_proof_with_one_bit_flipped(bit: int) -> None:
    flipped = bytearray(encode_proof(PROOF))
    flipped[bit // 8] ^= 1 << bit % 8
    assert get_valid_by_name(ask_everyone(bytes(flipped), PUBLIC_INPUTS)) == ALL_REFUSE


@given(
    public_inputs=st.lists(st.integers(0, R - 1), min_size=9, max_size=9),
    a=st.integers(0, R - 1),
    b=st.integers(0, R - 1),
)
@settings(max_examples=3, deadline=None)
def test_honest_proof_of_any_public_inputs(public_inputs: list[int], a: int, b: int) -> None:
    proof_be = encode_proof(TRAPDOOR.simulate(public_inputs, a, b))
    assert get_valid_by_name(ask_everyone(proof_be, public_inputs)) == ALL_ACCEPT


# Keys. One public input, to be quick.


SMALL = Trapdoor.from_seed(seed=2, n_public=1)
SMALL_KEY = SMALL.get_key()
SMALL_KEY_BE = encode_verifying_key(SMALL_KEY)
SMALL_PROOF_BE = encode_proof(SMALL.simulate([9], 2, 3))
WRONG_KEYS: dict[str, bytes] = {
    "truncated": SMALL_KEY_BE[:-1],
    "with_a_byte_more": SMALL_KEY_BE + bytes(1),
    "without_ic": SMALL_KEY_BE[:452],
    "empty": b"",
    "that_counts_too_many": SMALL_KEY_BE[:448] + (3).to_bytes(4, "big") + SMALL_KEY_BE[452:],
    "that_counts_none": SMALL_KEY_BE[:448] + bytes(4),
    "alpha_off_curve": SMALL_KEY_BE[:63] + bytes([SMALL_KEY_BE[63] ^ 1]) + SMALL_KEY_BE[64:],
    "alpha_x_plus_q": encode_g1(G1Point(SMALL_KEY.alpha_g1.x + Q, SMALL_KEY.alpha_g1.y)) + SMALL_KEY_BE[64:],
    "beta_off_subgroup": encode_verifying_key(replace(SMALL_KEY, beta_g2=add_cofactor_point(SMALL_KEY.beta_g2))),
    "last_ic_off_curve": SMALL_KEY_BE[:-1] + bytes([SMALL_KEY_BE[-1] ^ 1]),
}


@pytest.mark.parametrize("name", WRONG_KEYS)
def test_invalid_key(name: str) -> None:
    verdicts = verify_all(kernel.verify, WRONG_KEYS[name], SMALL_PROOF_BE, [9])
    assert get_valid_by_name(verdicts) == ALL_REFUSE
    assert verdicts["evm"].reason == "KeyInvalid()"  # not deployed at all


@pytest.mark.parametrize(
    "trapdoor",
    [replace(SMALL, alpha=0), replace(SMALL, beta=0), replace(SMALL, gamma=0), replace(SMALL, delta=0)],
    ids=["alpha", "beta", "gamma", "delta"],
)
def test_invalid_key_with_a_zero_secret_and_a_proof_that_fits_it(trapdoor: Trapdoor) -> None:
    right_side = trapdoor.compute_right_side([9])
    proof_be = encode_proof(Proof(compute_g1(1), compute_g2(right_side), G1_INFINITY))
    verdicts = verify_all(kernel.verify, encode_verifying_key(trapdoor.get_key()), proof_be, [9])
    assert get_valid_by_name(verdicts) == ALL_REFUSE


def test_small_key() -> None:
    assert get_valid_by_name(verify_all(kernel.verify, SMALL_KEY_BE, SMALL_PROOF_BE, [9])) == ALL_ACCEPT


def test_key_with_an_ic_point_at_infinity() -> None:
    # a public input that no constraint uses has such a point: any value of it is proved
    trapdoor = replace(SMALL, ic=(SMALL.ic[0], 0))
    proof_be = encode_proof(trapdoor.simulate([9], 2, 3))
    key_be = encode_verifying_key(trapdoor.get_key())
    assert get_valid_by_name(verify_all(kernel.verify, key_be, proof_be, [9])) == ALL_ACCEPT
    assert get_valid_by_name(verify_all(kernel.verify, key_be, proof_be, [10])) == ALL_ACCEPT


def test_key_without_public_inputs() -> None:
    trapdoor = Trapdoor.from_seed(seed=3, n_public=0)
    key_be = encode_verifying_key(trapdoor.get_key())
    assert (
        get_valid_by_name(verify_all(kernel.verify, key_be, encode_proof(trapdoor.simulate([], 2, 3)), []))
        == ALL_ACCEPT
    )
    assert get_valid_by_name(verify_all(kernel.verify, key_be, SMALL_PROOF_BE, [])) == ALL_REFUSE


def test_invalid_proof_under_another_key() -> None:
    verdicts = verify_all(kernel.verify, SMALL_KEY_BE, encode_proof(PROOF), [9])
    assert get_valid_by_name(verdicts) == ALL_REFUSE
    assert set(verdicts) == {"kernel", "py_ecc", "evm"}
