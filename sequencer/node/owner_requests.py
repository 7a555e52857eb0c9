"""What people do on the embedded chain, which no wallet reaches: the publisher has it, and sends for them.

On a real base layer everybody sends his own transactions.
"""

from __future__ import annotations

from eth_keys.datatypes import PrivateKey

from sequencer.errors import OptionInvalid
from sequencer.node.base_messages import Faucet, OwnerRequest, PublicRequest, RawTransaction, TestDeposit
from sequencer.node.deploying import NodeDeployment
from verifier.base_layer import BaseLayer, EmbeddedEvm, Receipt

__all__ = ["act_for_owner", "execute"]

_OWNER_WEI = 2 * 10**17


def execute(layer: BaseLayer, deployment: NodeDeployment, request: PublicRequest) -> bytes:
    """Return the hash of the transaction that a request became; of a Faucet what it says.

    Raises OptionInvalid off the embedded chain, Reverted, NodeRefused.
    """
    if not isinstance(layer, EmbeddedEvm):
        raise OptionInvalid("--base-layer", "a node", "embedded:PATH; on a node everybody sends what is his own")
    if isinstance(request, RawTransaction):
        return layer.send_raw(request.raw).transaction_hash
    if isinstance(request, Faucet):
        return _fill(layer, deployment, request)
    return act_for_owner(layer, deployment, request).transaction_hash


def act_for_owner(layer: BaseLayer, deployment: NodeDeployment, request: OwnerRequest | TestDeposit) -> Receipt:
    """Return the receipt of what an owner asks for, on any layer. Wei come from its first sender. Raises Reverted."""
    owner = PrivateKey(request.private_key).public_key.to_canonical_address()
    layer.add_senders([request.private_key])
    _leave_with_wei(layer, owner)
    return _send(layer, deployment, request, owner)


def _fill(layer: EmbeddedEvm, deployment: NodeDeployment, request: Faucet) -> bytes:
    _leave_with_wei(layer, request.address)
    deployment.open_token(layer).transact("mint", request.address, request.amount_e6)
    return layer.get_nonce(request.address).to_bytes(8, "big") + deployment.parts.token


def _leave_with_wei(layer: BaseLayer, address: bytes) -> None:
    if (missing_wei := _OWNER_WEI - layer.get_balance_wei(address)) > 0:
        layer.transact(address, b"", value_wei=missing_wei)


def _send(layer: BaseLayer, deployment: NodeDeployment, request: OwnerRequest | TestDeposit, owner: bytes) -> Receipt:
    rollup = deployment.open_rollup(layer)
    if isinstance(request, OwnerRequest):
        return rollup.transact(request.function, *request.arguments, sender=owner, value_wei=request.value_wei)
    token, fee_e6 = deployment.open_token(layer), rollup.call("limits")[1]
    amount_e6 = request.amount_e6 + fee_e6
    token.transact("mint", owner, amount_e6)
    token.transact("approve", rollup.address, amount_e6, sender=owner)
    return rollup.transact("deposit", request.account, amount_e6, *request.key, sender=owner)
