"""The base layer: an EVM chain that settles proofs."""

from verifier.base_layer.contract import Contract, deploy_contract
from verifier.base_layer.embedded import EmbeddedEvm
from verifier.base_layer.errors import BaseLayerError, Reverted
from verifier.base_layer.interface import BaseLayer, Block, ChainReader, Log, Receipt

__all__ = [
    "BaseLayer",
    "BaseLayerError",
    "Block",
    "ChainReader",
    "Contract",
    "EmbeddedEvm",
    "Log",
    "Receipt",
    "Reverted",
    "deploy_contract",
]
