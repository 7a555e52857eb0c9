"""The BN254 scalar field: its modulus and the few operations the model needs on plain integers."""

from __future__ import annotations

from typing import Final

__all__ = ["R", "inverse", "is_canonical", "to_field", "to_signed"]

R: Final = 21888242871839275222246405745257275088548364400416034343698204186575808495617  # EIP-197, group order


def inverse(value: int) -> int:
    """Return 1 / value mod R. Raises ZeroDivisionError when value is 0 mod R."""
    if value % R == 0:
        raise ZeroDivisionError("0 has no inverse in the BN254 scalar field")
    return pow(value, -1, R)


def to_field(value: int) -> int:
    """Return the field element that stands for a signed integer: -x stands as R - x.

    Assumes |value| <= (R - 1) / 2, so that `to_signed` gives the value back. Raises ValueError beyond it.
    """
    if not -(R // 2) <= value <= R // 2:
        raise ValueError(f"{value} has no signed place in the BN254 scalar field: |value| must be at most (R - 1) / 2")
    return value % R


def to_signed(element: int) -> int:
    """Return the signed integer of smallest magnitude that `element` stands for. Raises ValueError outside [0, R)."""
    if not is_canonical(element):
        raise ValueError(f"{element} is not a canonical field element: it must lie in [0, R)")
    return element if element <= R // 2 else element - R


def is_canonical(value: int) -> bool:
    """Return whether value lies in [0, R)."""
    return 0 <= value < R
