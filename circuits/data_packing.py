"""Words side by side in elements of 31 bytes. Twin of rollup/segment.py; a word that straddles two elements is cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from circuits.bits import from_bits, to_bits
from circuits.linear import LC, sum_lc
from circuits.system import ConstraintSystem
from rollup.records import MAX_WORD_BITS
from rollup.segment import ELEMENT_BITS

__all__ = ["Piece", "element_of", "pack_elements"]


@dataclass(frozen=True)
class Piece:
    """A number of `n_bits` bits at bit `offset` of its element."""

    value: LC
    n_bits: int
    offset: int


def pack_elements(cs: ConstraintSystem, words: Sequence[LC], widths: Sequence[int]) -> list[list[Piece]]:
    """Return the pieces of each element, lowest first; together they are below 2**248.

    Assumes each word below 2**width: whoever publishes it proves so. A word across the end of an element is taken apart
    by its bits, so that there is only one way to cut it. Constraints: width + 1 for each such word, named cut[i]/...
    """
    elements: list[list[Piece]] = [[]]
    filled = 0  # bits of the last element
    for i, (word, width) in enumerate(zip(words, widths, strict=True)):
        assert width <= MAX_WORD_BITS, f"word {i} has {width} bits"
        room = ELEMENT_BITS - filled
        if width <= room:
            elements[-1].append(Piece(word, width, filled))
            filled += width
            continue
        bits = to_bits(cs, word, width, name=f"cut[{i}]")
        if room:
            elements[-1].append(Piece(from_bits(bits[:room]), room, filled))
        elements.append([Piece(from_bits(bits[room:]), width - room, 0)])
        filled = width - room
    return elements


def element_of(pieces: Sequence[Piece]) -> LC:
    """Return the element as one number."""
    return sum_lc([piece.value * (1 << piece.offset) for piece in pieces])
