"""A batch's segment of the blob: its words one after the other, cut into elements of 31 bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rollup.bls_field import ELEMENT_BITS
from rollup.errors import BatchInvalid
from rollup.records import list_widths
from rollup.shapes import Shape

__all__ = ["ELEMENT_BITS", "SegmentMalformed", "count_elements", "get_widths", "join_words", "split_words"]


@dataclass(eq=False)
class SegmentMalformed(BatchInvalid):
    """A segment of a blob does not say what a batch can say."""

    code = "segment_malformed"
    field: str
    got: str
    expected: str

    def __str__(self) -> str:
        return f"segment: {self.field} is {self.got}, expected {self.expected}"


def get_widths(shape: Shape) -> list[int]:
    """Return the width of every word of a batch of the shape, in order."""
    return list_widths(shape.cash_lanes, shape.rescue_lanes, shape.order_capacities)


def count_elements(shape: Shape) -> int:
    """Return how many elements a batch of the shape publishes, used lanes or not."""
    return -(-sum(get_widths(shape)) // ELEMENT_BITS)


def join_words(words: Sequence[int], widths: Sequence[int]) -> list[int]:
    """Return the elements, each below 2**248: the words' bits in order, the last element padded with zeros.

    Assumes that every word fits its width.
    """
    stream, shift = 0, 0
    for word, width in zip(words, widths, strict=True):
        stream |= word << shift
        shift += width
    return [stream >> start & (1 << ELEMENT_BITS) - 1 for start in range(0, shift, ELEMENT_BITS)]


def split_words(elements: Sequence[int], widths: Sequence[int]) -> list[int]:
    """Return the words of a segment. Raises SegmentMalformed: number of elements, an element's range, its padding."""
    expected = -(-sum(widths) // ELEMENT_BITS)
    if len(elements) != expected:
        raise SegmentMalformed("number of elements", str(len(elements)), str(expected))
    stream = 0
    for i, element in enumerate(elements):
        if not 0 <= element < 1 << ELEMENT_BITS:
            raise SegmentMalformed(f"element {i}", str(element), f"below 2**{ELEMENT_BITS}")
        stream |= element << i * ELEMENT_BITS
    words = []
    for width in widths:
        words.append(stream & (1 << width) - 1)
        stream >>= width
    if stream:
        raise SegmentMalformed("padding", str(stream), "0")
    return words
