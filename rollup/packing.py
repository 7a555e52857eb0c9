"""Packing unsigned fields into one field element, least significant first."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["pack", "unpack"]


def pack(*fields: tuple[int, int]) -> int:
    """Return the fields `(value, n_bits)` side by side, first lowest. Injective.

    Raises ValueError when a value does not fit, or all of them exceed 252 bits and could wrap the field.
    """
    word, shift = 0, 0
    for value, n_bits in fields:
        if not 0 <= value < 1 << n_bits:
            raise ValueError(f"{value} does not fit {n_bits} bits")
        word |= value << shift
        shift += n_bits
    if shift > 252:
        raise ValueError(f"{shift} bits do not fit one field element")
    return word


def unpack(word: int, widths: Sequence[int]) -> tuple[int, ...]:
    """Return the fields of these widths in bits, first lowest, and what is left of the word above them."""
    fields = []
    for n_bits in widths:
        fields.append(word & (1 << n_bits) - 1)
        word >>= n_bits
    return *fields, word
