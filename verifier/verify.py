"""One proof, three verifiers: the kernel (arkworks), py-ecc, and the contract in an embedded EVM.

They are to agree on every input. Two share code: py-evm's precompiles are py-ecc too. snarkjs is asked in the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from rollup.errors import ProofInvalid
from verifier.artifacts import load_artifact
from verifier.base_layer import BaseLayer, Contract, EmbeddedEvm, Reverted, deploy_contract
from verifier.keys import decode_proof, decode_verifying_key, encode_public_inputs
from verifier.pairing import check_key, check_proof

# `prover.kernel.verify`, handed in by the caller: no arrow runs from the verifier to the prover.
KernelVerify: TypeAlias = Callable[[bytes, bytes, bytes], bool]


@dataclass(frozen=True)
class Verdict:
    """What one verifier said."""

    valid: bool
    reason: str  # why not; empty where valid


ACCEPTED = Verdict(True, "")


def verify_all(
    kernel_verify: KernelVerify, vk_be: bytes, proof_be: bytes, public_inputs: Sequence[int]
) -> dict[str, Verdict]:
    """Return the verdicts of "kernel", "py_ecc" and "evm" on one proof. Bad input is a verdict, never an exception.

    About two seconds, half of it the contract's deployment: keep the `deploy_verifier` of a key for many proofs.
    """
    return {
        "kernel": verify_by_kernel(kernel_verify, vk_be, proof_be, public_inputs),
        "py_ecc": verify_by_py_ecc(vk_be, proof_be, public_inputs),
        "evm": verify_by_evm(EmbeddedEvm(), vk_be, proof_be, public_inputs),
    }


def verify_by_py_ecc(vk_be: bytes, proof_be: bytes, public_inputs: Sequence[int]) -> Verdict:
    """Return py-ecc's verdict."""
    try:
        vk = decode_verifying_key(vk_be)
        check_key(vk)
        check_proof(vk, decode_proof(proof_be), public_inputs)
    except ProofInvalid as error:
        return Verdict(False, str(error))
    return ACCEPTED


def verify_by_kernel(
    kernel_verify: KernelVerify, vk_be: bytes, proof_be: bytes, public_inputs: Sequence[int]
) -> Verdict:
    """Return the kernel's verdict."""
    try:
        valid = kernel_verify(vk_be, proof_be, encode_public_inputs(public_inputs))
    except (ProofInvalid, ValueError) as error:
        return Verdict(False, str(error))
    return ACCEPTED if valid else Verdict(False, "the pairing equation does not hold")


def verify_by_evm(layer: BaseLayer, vk_be: bytes, proof_be: bytes, public_inputs: Sequence[int]) -> Verdict:
    """Return the contract's verdict, deploying it first."""
    try:
        contract = deploy_verifier(layer, vk_be)
    except Reverted as error:
        return Verdict(False, error.reason)
    return ask_contract(contract, proof_be, public_inputs)


def deploy_verifier(layer: BaseLayer, vk_be: bytes) -> Contract:
    """Return the verifier contract of a key. Raises Reverted with KeyInvalid()."""
    return deploy_contract(layer, load_artifact("Groth16Verifier"), vk_be)


def ask_contract(contract: Contract, proof_be: bytes, public_inputs: Sequence[int]) -> Verdict:
    """Return the verdict of a deployed verifier, by a call that costs nothing."""
    try:
        encode_public_inputs(public_inputs)  # what no word holds cannot be asked
        contract.call("requireValid", proof_be, list(public_inputs))
    except (ProofInvalid, Reverted) as error:
        return Verdict(False, error.reason if isinstance(error, Reverted) else str(error))
    return ACCEPTED
