"""The clearing price of one market by cumulative sums at all candidate prices at once: `rollup/auction.py` in arrays.

Exact. A size is below 2**48, so sums of fewer than 2**14 sizes stay below 2**62 and their differences within int64;
where there are more, the sums are Python integers.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rollup.auction import Reach, compute_band
from rollup.units import PPM, SIZE_BITS
from sequencer.node.arrays import Integers

__all__ = ["Crossing", "find_crossing"]

MAX_INT64_ORDERS = 2**14
assert MAX_INT64_ORDERS * 2**SIZE_BITS <= 2**62

_Sums = NDArray[Any]  # int64, or object where int64 might not do


class Crossing(NamedTuple):
    """Where a market would clear. Without volume the price is the mark."""

    price_ticks: int
    demand_lots: int  # at the price
    supply_lots: int
    reach: Reach

    @property
    def volume_lots(self) -> int:
        """What would trade."""
        return min(self.demand_lots, self.supply_lots)


def find_crossing(directions: Integers, limits: Integers, lots: Integers, mark_ticks: int, band_ppm: int) -> Crossing:
    """Return the crossing of a market's entries: +1 or -1, ticks, lots of at least 1. As `clear_market` finds it."""
    low, high = compute_band(mark_ticks, band_ppm)
    prices = _list_candidates(limits, mark_ticks, low, high)
    sums: _Sums = lots if len(lots) < MAX_INT64_ORDERS else lots.astype(object)
    is_buy = directions > 0
    buys, bought = _accumulate(limits[is_buy], sums[is_buy])
    sells, sold = _accumulate(limits[~is_buy], sums[~is_buy])
    demand, supply = bought[-1] - bought[np.searchsorted(buys, prices)], sold[np.searchsorted(sells, prices, "right")]
    # demand a tick above, supply a tick below: of them everything must be filled, unless the price is the band's edge
    better_demand = bought[-1] - bought[np.searchsorted(buys, prices, "right")]
    better_supply = sold[np.searchsorted(sells, prices)]
    reach_ticks = mark_ticks * band_ppm // PPM
    better_demand[prices == mark_ticks + reach_ticks] = 0
    better_supply[prices == mark_ticks - reach_ticks] = 0
    clears = np.flatnonzero((better_demand <= supply) & (better_supply <= demand))
    best = _pick(clears, np.abs(demand - supply), np.abs(prices - mark_ticks))
    lowest, highest = int(prices[clears[0]]), int(prices[clears[-1]])
    if not min(demand[best], supply[best]):
        inner = Reach(lowest + (lowest > low), highest - (highest < high))
        return Crossing(mark_ticks, *_sum_at(mark_ticks, buys, bought, sells, sold), inner)
    return Crossing(int(prices[best]), int(demand[best]), int(supply[best]), Reach(lowest, highest))


def _list_candidates(limits: Integers, mark_ticks: int, low: int, high: int) -> Integers:
    """Return the prices that decide, rising: the ends of the intervals of constant demand and supply, and the mark."""
    near = np.unique(limits[(limits >= low - 1) & (limits <= high + 1)])
    prices = np.concatenate([near - 1, near, near + 1, np.array([low, high, mark_ticks])])
    return np.unique(prices[(prices >= low) & (prices <= high)])


def _accumulate(limits: Integers, lots: _Sums) -> tuple[Integers, _Sums]:
    """Return the limits, rising, and the sums of the lots before each and after the last."""
    order = np.argsort(limits)
    return limits[order], np.concatenate([np.zeros(1, lots.dtype), np.cumsum(lots[order])])


def _pick(clears: NDArray[np.intp], imbalance: _Sums, distance: Integers) -> int:
    """Return which of the prices that clear has the least imbalance, then is nearest to the mark, then lowest."""
    clears = clears[imbalance[clears] == imbalance[clears].min()]
    return int(clears[np.argmin(distance[clears])])  # the first of equals: prices rise


def _sum_at(price: int, buys: Integers, bought: _Sums, sells: Integers, sold: _Sums) -> tuple[int, int]:
    demand = bought[-1] - bought[np.searchsorted(buys, price)]
    return int(demand), int(sold[np.searchsorted(sells, price, "right")])
