"""The base layer: an EVM chain that settles proofs."""

from verifier.base_layer.contract import Contract, deploy_contract
from verifier.base_layer.embedded import EmbeddedEvm
from verifier.base_layer.interface import BaseLayer, Log, Receipt, Reverted

__all__ = ["BaseLayer", "Contract", "EmbeddedEvm", "Log", "Receipt", "Reverted", "deploy_contract"]
