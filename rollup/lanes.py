"""Which turn takes which lane: one lane a turn, wide enough for it, in order of arrival where widths allow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

__all__ = ["assign_lanes", "choose_fitting"]

Key = TypeVar("Key")


def choose_fitting(widths: Sequence[tuple[Key, int]], capacities: Sequence[int]) -> dict[Key, int]:
    """Return how many places of each turn fit the lanes, turns `(key, places)` given in order of priority.

    A turn that does not fit with all of its places is taken with as many as still fit, or not at all.
    """
    lanes = sorted(capacities, reverse=True)
    chosen: dict[Key, int] = {}
    for key, n_places in widths:
        if len(chosen) == len(lanes):
            break
        for n_taken in range(min(n_places, lanes[0]), 0, -1):
            if _is_fitting([*chosen.values(), n_taken], lanes):
                chosen[key] = n_taken
                break
    return chosen


def assign_lanes(widths: Sequence[tuple[Key, int]], capacities: Sequence[int]) -> dict[Key, int]:
    """Return each turn's lane, turns `(key, places)` given in order of arrival.

    Lane by lane, the first turn takes it that fits and leaves the others lanes to fit in. Assumes that all of them fit:
    `choose_fitting` returned the widths unchanged.
    """
    left, assigned = list(widths), {}
    for lane, capacity in enumerate(capacities):
        later = sorted(capacities[lane + 1 :], reverse=True)
        for position, (key, n_places) in enumerate(left):
            others = [width for _, width in left[:position] + left[position + 1 :]]
            if n_places <= capacity and _is_fitting(others, later):
                assigned[key] = lane
                del left[position]
                break
    return assigned


def _is_fitting(n_places: Sequence[int], lanes_widest_first: Sequence[int]) -> bool:
    ordered = sorted(n_places, reverse=True)
    return len(ordered) <= len(lanes_widest_first) and all(map(int.__le__, ordered, lanes_widest_first))
