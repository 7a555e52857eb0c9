"""The verifier contract against a stranger: circuit, powers of tau, key and proof are snarkjs's, none of them ours.

Kernel and py-ecc are asked beside it. What is changed: every public input, and every coordinate of the proof.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from prover import kernel
from rollup.field import R
from tests.third_party.snarkjs_tools import (
    JSON_FILES,
    do_snarkjs,
    make_key_by_snarkjs,
    make_powers_of_tau,
    prove_by_snarkjs,
    run_snarkjs,
    write_chain,
)
from verifier.base_layer import Contract, EmbeddedEvm, Reverted
from verifier.iden3 import read_proof, read_public_inputs, read_verification_key, write_proof
from verifier.keys import decode_proof, encode_proof, encode_verifying_key
from verifier.points import Q
from verifier.verify import Verdict, ask_contract, deploy_verifier, verify_by_kernel, verify_by_py_ecc

FACTORS = (3, R - 1, 2**200, 5)
PUBLIC = [3 * -(2**200) * 5 % R, *FACTORS[:-1]]  # the product, and all factors but the last
WORDS = ("A.x", "A.y", "B.x imaginary", "B.x real", "B.y imaginary", "B.y real", "C.x", "C.y")
NEGATED = {"A": (1,), "B": (4, 5), "C": (7,)}  # the words of y


class Stranger(NamedTuple):
    """What snarkjs made, and the contract deployed with its key. `other_be`: another proof of the same statement."""

    folder: Path
    vk_be: bytes
    proof_be: bytes
    other_be: bytes
    contract: Contract

    def ask(self, proof_be: bytes, public_inputs: list[int]) -> dict[str, bool]:
        """Return whether each of the three verifiers accepts."""
        verdicts: dict[str, Verdict] = {
            "kernel": verify_by_kernel(kernel.verify, self.vk_be, proof_be, public_inputs),
            "py_ecc": verify_by_py_ecc(self.vk_be, proof_be, public_inputs),
            "evm": ask_contract(self.contract, proof_be, public_inputs),
        }
        return {name: verdict.valid for name, verdict in verdicts.items()}


ALL_ACCEPT = {"kernel": True, "py_ecc": True, "evm": True}
ALL_REFUSE = {"kernel": False, "py_ecc": False, "evm": False}


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Stranger:
    folder = tmp_path_factory.mktemp("stranger")
    write_chain(folder, FACTORS)
    make_powers_of_tau(folder, 4)
    make_key_by_snarkjs(folder, "chain")
    proofs = []
    for _ in range(2):
        prove_by_snarkjs(folder, "chain")
        proofs.append(encode_proof(read_proof(folder / "proof.json")))
    vk_be = encode_verifying_key(read_verification_key(folder / "verification_key.json"))
    return Stranger(folder, vk_be, proofs[1], proofs[0], deploy_verifier(EmbeddedEvm(), vk_be))


def change_words(proof_be: bytes, words: tuple[int, ...], *, negate: bool = False) -> bytes:
    """Return the proof with some of its coordinates one higher, or negated."""
    values = [int.from_bytes(proof_be[i : i + 32], "big") for i in range(0, 256, 32)]
    for word in words:
        values[word] = (-values[word] if negate else values[word] + 1) % Q
    return b"".join(value.to_bytes(32, "big") for value in values)


def test_circuit_is_a_chain_of_products_and_its_witness_is_right(stranger: Stranger) -> None:
    said = do_snarkjs(stranger.folder, "r1cs", "info", "chain.r1cs")
    for line in ("# of Constraints: 3", "# of Public Inputs: 3", "# of Private Inputs: 1", "# of Outputs: 1"):
        assert line in said
    assert "WITNESS IS CORRECT" in do_snarkjs(stranger.folder, "wtns", "check", "chain.r1cs", "chain.wtns")


def test_everyone_accepts_what_snarkjs_proved(stranger: Stranger) -> None:
    assert read_public_inputs(stranger.folder / JSON_FILES[2]) == PUBLIC
    assert stranger.contract.call("publicInputCount") == len(PUBLIC)
    assert stranger.proof_be != stranger.other_be
    for proof_be in (stranger.proof_be, stranger.other_be):
        assert stranger.ask(proof_be, PUBLIC) == ALL_ACCEPT


@pytest.mark.parametrize("index", range(len(PUBLIC)))
@pytest.mark.parametrize("change", [1, -1, R], ids=["one more", "one less", "r more"])
def test_invalid_public_input_of_a_stranger(stranger: Stranger, index: int, change: int) -> None:
    value = PUBLIC[index] + change if change == R else (PUBLIC[index] + change) % R
    changed = [value if i == index else old for i, old in enumerate(PUBLIC)]
    assert stranger.ask(stranger.proof_be, changed) == ALL_REFUSE


def test_invalid_public_inputs_in_another_order_or_number(stranger: Stranger) -> None:
    for changed in ([*PUBLIC[1:], PUBLIC[0]], PUBLIC[:-1], [*PUBLIC, 0], [*PUBLIC, FACTORS[-1]]):
        assert stranger.ask(stranger.proof_be, changed) == ALL_REFUSE


@pytest.mark.parametrize("word", range(len(WORDS)), ids=WORDS)
def test_invalid_coordinate_of_a_strangers_proof(stranger: Stranger, word: int) -> None:
    assert stranger.ask(change_words(stranger.proof_be, (word,)), PUBLIC) == ALL_REFUSE


@pytest.mark.parametrize("name", NEGATED)
def test_invalid_point_of_a_strangers_proof_that_is_on_its_curve(stranger: Stranger, name: str) -> None:
    """Negated, or taken from the other proof: only the equation can tell."""
    ours, other = decode_proof(stranger.proof_be), decode_proof(stranger.other_be)
    mixed = encode_proof(replace(ours, **{name.lower(): getattr(other, name.lower())}))
    for wrong_be in (change_words(stranger.proof_be, NEGATED[name], negate=True), mixed):
        assert stranger.ask(wrong_be, PUBLIC) == ALL_REFUSE
        write_proof(stranger.folder / "wrong.json", decode_proof(wrong_be))
        args = ("groth16", "verify", "verification_key.json", "public.json", "wrong.json")
        assert run_snarkjs(stranger.folder, *args).returncode == 1


def test_contract_says_why(stranger: Stranger) -> None:
    """`requireValid`, as settlement asks: a false statement fails the equation, a bad point the precompile."""
    for proof_be, inputs, reason in (
        (stranger.proof_be, [PUBLIC[0] ^ 1, *PUBLIC[1:]], "EquationFails()"),
        (change_words(stranger.proof_be, (0,)), PUBLIC, "PointInvalid()"),
    ):
        with pytest.raises(Reverted, match=reason.replace("()", "")):
            stranger.contract.transact("requireValid", proof_be, inputs)
    stranger.contract.transact("requireValid", stranger.proof_be, PUBLIC)
