"""Which account takes which TradeLane: one lane an account, wide enough for all of its fills."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = ["assign_lanes", "choose_fitting"]


def choose_fitting(counts: Sequence[tuple[int, int]], capacities: Sequence[int]) -> dict[int, int]:
    """Return how many fills of each account fit the lanes, accounts `(id, fills)` given in order of priority.

    An account that does not fit with all of its fills is taken with as many as still fit, or not at all.
    """
    lanes = sorted(capacities, reverse=True)
    chosen: dict[int, int] = {}
    for account_id, n_fills in counts:
        if len(chosen) == len(lanes):
            break
        for n_taken in range(min(n_fills, lanes[0]), 0, -1):
            if _is_fitting([*chosen.values(), n_taken], lanes):
                chosen[account_id] = n_taken
                break
    return chosen


def assign_lanes(counts: Mapping[int, int], capacities: Sequence[int]) -> dict[int, int]:
    """Return account id -> lane position: each account, widest first, takes the narrowest free lane that holds it.

    Assumes that they fit: `choose_fitting` returned the counts unchanged.
    """
    free = sorted(range(len(capacities)), key=lambda lane: (capacities[lane], lane))
    assigned: dict[int, int] = {}
    for account_id, n_fills in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        lane = next(lane for lane in free if capacities[lane] >= n_fills)
        free.remove(lane)
        assigned[account_id] = lane
    return assigned


def _is_fitting(n_fills: Sequence[int], lanes_widest_first: Sequence[int]) -> bool:
    ordered = sorted(n_fills, reverse=True)
    return len(ordered) <= len(lanes_widest_first) and all(map(int.__le__, ordered, lanes_widest_first))
