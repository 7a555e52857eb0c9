"""What people do on the embedded chain, which no wallet reaches: the publisher has it, and sends for them.

On a real base layer everybody sends his own transactions.
"""

from __future__ import annotations

from sequencer.errors import OptionInvalid
from sequencer.node.base_messages import Faucet, PublicRequest, RawTransaction
from sequencer.node.deploying import NodeDeployment
from verifier.base_layer import BaseLayer, EmbeddedEvm

__all__ = ["execute"]

_OWNER_WEI = 2 * 10**17


def execute(layer: BaseLayer, deployment: NodeDeployment, request: PublicRequest) -> bytes:
    """Return the hash of the transaction that a request became; of a Faucet what it says.

    Raises OptionInvalid off the embedded chain, Reverted, NodeRefused.
    """
    if not isinstance(layer, EmbeddedEvm):
        raise OptionInvalid("--base-layer", "a node", "embedded:PATH; on a node everybody sends what is his own")
    if isinstance(request, RawTransaction):
        return layer.send_raw(request.raw).transaction_hash
    return _fill(layer, deployment, request)


def _fill(layer: EmbeddedEvm, deployment: NodeDeployment, request: Faucet) -> bytes:
    _leave_with_wei(layer, request.address)
    deployment.open_token(layer).transact("mint", request.address, request.amount_e6)
    return layer.get_nonce(request.address).to_bytes(8, "big") + deployment.parts.token


def _leave_with_wei(layer: EmbeddedEvm, address: bytes) -> None:
    if (missing_wei := _OWNER_WEI - layer.get_balance_wei(address)) > 0:
        layer.transact(address, b"", value_wei=missing_wei)
