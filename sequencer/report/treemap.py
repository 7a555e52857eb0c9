"""Rectangles that share a larger one by given sizes, as near to squares as a greedy choice makes them.

Bruls, Huizing, van Wijk, Squarified Treemaps (2000): rows are laid along the shorter side, and a row is closed when one
more rectangle would make its worst one longer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["Rectangle", "lay_out"]


class Rectangle(NamedTuple):
    """A place and its extent, in any unit of length."""

    x: float
    y: float
    width: float
    height: float


def lay_out(sizes: Sequence[float], within: Rectangle) -> list[Rectangle]:
    """Return a rectangle for each size, in the same order; areas are in the ratio of sizes and fill `within`.

    Assumes sizes above 0 that do not rise.
    """
    scale = within.width * within.height / sum(sizes) if sizes else 0
    areas = [size * scale for size in sizes]
    placed: list[Rectangle] = []
    while areas:
        count = _count_row(areas, min(within.width, within.height))
        row, within = _place_row(areas[:count], within)
        placed += row
        areas = areas[count:]
    return placed


def _count_row(areas: Sequence[float], side: float) -> int:
    """Return how many of the first areas make the best row along a side."""
    count = 1
    while count < len(areas) and _worst(areas[: count + 1], side) <= _worst(areas[:count], side):
        count += 1
    return count


def _worst(row: Sequence[float], side: float) -> float:
    """Return the largest ratio of sides in a row: 1 where all are squares."""
    depth = sum(row) / side
    return max(max(area / depth**2, depth**2 / area) for area in row)


def _place_row(row: Sequence[float], within: Rectangle) -> tuple[list[Rectangle], Rectangle]:
    """Return the row's rectangles along the shorter side, and what is left."""
    x, y, width, height = within
    is_column = height <= width
    depth = sum(row) / (height if is_column else width)
    placed, at = [], y if is_column else x
    for area in row:
        length = area / depth
        placed.append(Rectangle(x, at, depth, length) if is_column else Rectangle(at, y, length, depth))
        at += length
    left = (
        Rectangle(x + depth, y, width - depth, height) if is_column else Rectangle(x, y + depth, width, height - depth)
    )
    return placed, left
