"""The scalar field of BLS12-381, in which EIP-4844 commits to blobs: its order, and polynomials over it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

__all__ = ["ELEMENT_BITS", "P", "evaluate"]

P: Final = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001  # EIP-4844, BLS_MODULUS
ELEMENT_BITS: Final = 248  # 31 bytes: what one element of ours carries, below every field order that meets it


def evaluate(coefficients: Sequence[int], z: int) -> int:
    """Return sum_k coefficients[k] * z**k mod P, in [0, P). The coefficient of z**0 stands first."""
    value = 0
    for coefficient in reversed(coefficients):
        value = (value * z + coefficient) % P
    return value
