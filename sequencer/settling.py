"""One proof by three verifiers: the kernel, py-ecc, and a contract on a base layer that moves its root by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from prover import kernel
from rollup.field import R
from rollup.public_inputs import PublicInputs
from verifier.artifacts import load_artifact
from verifier.base_layer import BaseLayer, Contract, Reverted, deploy_contract
from verifier.keys import Proof, encode_proof
from verifier.verify import Verdict, deploy_verifier, verify_by_kernel, verify_by_py_ecc

__all__ = ["Settled", "Settlement", "open_settlement", "settle_proof"]

_N_PUBLIC: Final = len(PublicInputs._fields)

Settlement = Contract | Verdict
"""A contract that holds a state root, or why there is none."""


@dataclass(frozen=True)
class Settled:
    """What the three verifiers said, and the gas of the settling transaction, all in; None where it reverted."""

    kernel: Verdict
    py_ecc: Verdict
    evm: Verdict
    gas: int | None


def open_settlement(layer: BaseLayer, vk_be: bytes, public_inputs: Sequence[int]) -> Settlement:
    """Deploy and return a contract that stands at the old state root of this batch, or why there is none.

    Raises BaseLayerError where a node fails, not where the EVM refuses.
    """
    if len(public_inputs) != _N_PUBLIC or max(public_inputs) >= R:
        return Verdict(False, f"{len(public_inputs)} public inputs, expected {_N_PUBLIC} below r")
    inputs = PublicInputs(*public_inputs)
    try:
        verifier = deploy_verifier(layer, vk_be)
        start = (inputs.params_hash, inputs.old_state_root)
        return deploy_contract(layer, load_artifact("StateRootAnchor"), verifier.address, *start)
    except Reverted as error:
        return Verdict(False, error.reason)


def settle_proof(settlement: Settlement, vk_be: bytes, proof: Proof, public_inputs: Sequence[int]) -> Settled:
    """Return the verdicts on one proof. The contract moves on where it accepts. Raises as `open_settlement`."""
    proof_be = encode_proof(proof)
    by_kernel = verify_by_kernel(kernel.verify, vk_be, proof_be, public_inputs)
    by_py_ecc = verify_by_py_ecc(vk_be, proof_be, public_inputs)
    return Settled(by_kernel, by_py_ecc, *_settle(settlement, proof_be, public_inputs))


def _settle(settlement: Settlement, proof_be: bytes, public_inputs: Sequence[int]) -> tuple[Verdict, int | None]:
    if isinstance(settlement, Verdict):
        return settlement, None
    try:
        receipt = settlement.transact("settle", proof_be, list(public_inputs))
    except Reverted as error:
        return Verdict(False, error.reason), None
    return Verdict(True, ""), receipt.gas_used
