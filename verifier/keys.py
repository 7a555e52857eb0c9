"""The verifying key and the proof of Groth16, and their bytes.

Names of the key's parts as in Groth16 (eprint 2016/260) §3.2; `ic` are the points that public inputs multiply.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from verifier.errors import PublicInputTooLarge, WrongLength
from verifier.points import G1_BYTES, G2_BYTES, G1Point, G2Point, decode_g1, decode_g2, encode_g1, encode_g2

PROOF_BYTES: Final = 256
_COUNT_AT: Final = G1_BYTES + 3 * G2_BYTES
_IC_AT: Final = _COUNT_AT + 4


@dataclass(frozen=True)
class VerifyingKey:
    """What a verifier needs to know of a circuit."""

    alpha_g1: G1Point
    beta_g2: G2Point
    gamma_g2: G2Point
    delta_g2: G2Point
    ic: tuple[G1Point, ...]  # one more than there are public inputs: ic[0] goes with the constant one

    @property
    def n_public(self) -> int:
        """How many public inputs a proof has."""
        return len(self.ic) - 1


@dataclass(frozen=True)
class Proof:
    """One Groth16 proof."""

    a: G1Point
    b: G2Point
    c: G1Point


def encode_verifying_key(vk: VerifyingKey) -> bytes:
    """Return alpha_g1 || beta_g2 || gamma_g2 || delta_g2 || u32 n_ic (big-endian) || ic, as the kernel writes it."""
    g2_points = b"".join(encode_g2(point) for point in (vk.beta_g2, vk.gamma_g2, vk.delta_g2))
    count = len(vk.ic).to_bytes(4, "big")
    return encode_g1(vk.alpha_g1) + g2_points + count + b"".join(encode_g1(point) for point in vk.ic)


def decode_verifying_key(vk_be: bytes) -> VerifyingKey:
    """Return the key. Curve and subgroup are left to the verifiers. Raises WrongLength, CoordinateTooLarge."""
    if len(vk_be) < _IC_AT + G1_BYTES:
        raise WrongLength("verifying key", len(vk_be), _IC_AT + G1_BYTES)
    n_ic = int.from_bytes(vk_be[_COUNT_AT:_IC_AT], "big")
    expected_bytes = _IC_AT + G1_BYTES * max(n_ic, 1)  # a key without ic[0] is none
    if len(vk_be) != expected_bytes or n_ic == 0:
        raise WrongLength(f"verifying key with {n_ic} ic points", len(vk_be), expected_bytes)
    beta, gamma, delta = (vk_be[at : at + G2_BYTES] for at in range(G1_BYTES, _COUNT_AT, G2_BYTES))
    return VerifyingKey(
        alpha_g1=decode_g1(vk_be[:G1_BYTES], what="alpha_g1"),
        beta_g2=decode_g2(beta, what="beta_g2"),
        gamma_g2=decode_g2(gamma, what="gamma_g2"),
        delta_g2=decode_g2(delta, what="delta_g2"),
        ic=tuple(
            decode_g1(vk_be[at : at + G1_BYTES], what=f"ic[{i}]")
            for i, at in enumerate(range(_IC_AT, expected_bytes, G1_BYTES))
        ),
    )


def encode_proof(proof: Proof) -> bytes:
    """Return A || B || C, 256 bytes."""
    return encode_g1(proof.a) + encode_g2(proof.b) + encode_g1(proof.c)


def decode_proof(proof_be: bytes) -> Proof:
    """Return the proof. Curve and subgroup are left to the verifiers. Raises WrongLength, CoordinateTooLarge."""
    if len(proof_be) != PROOF_BYTES:
        raise WrongLength("proof", len(proof_be), PROOF_BYTES)
    return Proof(
        a=decode_g1(proof_be[:64], what="A"),
        b=decode_g2(proof_be[64:192], what="B"),
        c=decode_g1(proof_be[192:], what="C"),
    )


def encode_public_inputs(public_inputs: Sequence[int]) -> bytes:
    """Return 32 bytes big-endian each. Raises PublicInputTooLarge for what no 32 bytes hold."""
    for index, value in enumerate(public_inputs):
        if not 0 <= value < 2**256:
            raise PublicInputTooLarge(index, value)
    return b"".join(value.to_bytes(32, "big") for value in public_inputs)
