"""A trader's side of the node: signing, sending, checking receipts. docs/api.md."""

from sequencer.client.deployment import Deployment
from sequencer.client.node_client import NodeClient
from sequencer.client.node_stream import NodeStream
from sequencer.client.signer import OrderSigner

__all__ = ["Deployment", "NodeClient", "NodeStream", "OrderSigner"]
