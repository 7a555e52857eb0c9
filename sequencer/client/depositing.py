"""A deposit: the owner's transaction on the base layer, to the `Rollup` that the wallet is for."""

from __future__ import annotations

from dataclasses import dataclass

from rollup.babyjubjub import Point
from rollup.units import OWNER_BITS
from sequencer.client.errors import NodeForeign
from verifier.artifacts import load_artifact
from verifier.base_layer import BaseLayer, Contract

__all__ = ["Deposited", "deposit"]


@dataclass(frozen=True)
class Deposited:
    """A deposit in the queue: the node takes it once its block is final."""

    index: int  # of the entry
    credit_e6: int  # what the account gets
    fee_e6: int
    transaction: bytes
    gas: int


def deposit(
    layer: BaseLayer, chain_id: int, contract: int, owner: bytes, account: int, key: Point, amount_e6: int
) -> Deposited:
    """Approve and deposit `amount_e6` of the collateral, less the rollup's fee; the key opens the account if it is new.

    Assumes that `layer` holds the owner's key. Raises NodeForeign for another chain, and as BaseLayer does: Reverted
    where the owner has too little, or the amount is below the minimum.
    """
    if layer.chain_id != chain_id:
        raise NodeForeign("chain id", str(layer.chain_id), str(chain_id))
    rollup = Contract(layer, load_artifact("Rollup"), contract.to_bytes(OWNER_BITS // 8, "big"))
    token = Contract(layer, load_artifact("TestToken"), bytes.fromhex(rollup.call("token")[2:]))
    token.transact("approve", rollup.address, amount_e6, sender=owner)
    receipt = rollup.transact("deposit", account, amount_e6, *key, sender=owner)
    (event,) = rollup.decode_events("EntryQueued", receipt.logs)
    _, fee_e6, *_ = rollup.call("limits")
    return Deposited(event["index"], amount_e6 - fee_e6, fee_e6, receipt.transaction_hash, receipt.gas_used)
