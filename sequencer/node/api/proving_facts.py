"""What the API knows of proofs: the circuit's shape and the key they are checked with."""

from __future__ import annotations

from dataclasses import dataclass

from rollup.shapes import Shape

__all__ = ["ProvingFacts"]


@dataclass(frozen=True)
class ProvingFacts:
    """Of the node's batches."""

    shape: Shape
    verifying_key_be: bytes
    is_development: bool  # whether whoever made the key could forge proofs
