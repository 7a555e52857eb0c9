"""The uniform-price batch auction of one market: one clearing price, chosen by a rule anybody can recompute.

Among the prices of the band at which every order strictly better than the price can be filled completely (each of them
has the largest volume, see `_is_clearing`), take the smallest imbalance, then the nearest to the mark, then the lowest.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from rollup.units import PPM, PRICE_BITS

__all__ = ["Clearing", "Entry", "clear_market", "compute_band", "find_self_trades"]


@dataclass(frozen=True, slots=True)
class Entry:
    """What the auction knows of an order. `rank` is its place in arrival order, unique in the auction."""

    rank: int
    account: int
    direction: int  # +1 buy, -1 sell
    limit_ticks: int
    size_lots: int  # what is left of it, at least 1


@dataclass(frozen=True, slots=True)
class Clearing:
    """The outcome: the price, lots by rank (only those above 0), and the ranks held back for want of a price."""

    price_ticks: int
    fills_lots: dict[int, int]
    held: tuple[int, ...]

    @property
    def volume_lots(self) -> int:
        """Lots bought, which equal lots sold. Assumes that fills are given for both sides."""
        return sum(self.fills_lots.values()) // 2


def compute_band(mark_ticks: int, band_ppm: int) -> tuple[int, int]:
    """Return the lowest and highest price with |price - mark| * 10**6 <= band_ppm * mark, within [1, 2**48)."""
    reach = mark_ticks * band_ppm // PPM
    return max(1, mark_ticks - reach), min(2**PRICE_BITS - 1, mark_ticks + reach)


def find_self_trades(entries: Sequence[Entry]) -> list[int]:
    """Return the ranks to hold back so that no two orders of one account in this market cross: always the newer one."""
    best: dict[tuple[int, int], int] = {}  # (account, direction) -> best limit kept, in units of direction * ticks
    held = []
    for entry in sorted(entries, key=lambda entry: entry.rank):
        own = entry.direction * entry.limit_ticks  # higher is more eager
        opposite = best.get((entry.account, -entry.direction))
        if opposite is not None and own + opposite >= 0:  # buy limit - sell limit >= 0
            held.append(entry.rank)
            continue
        side = (entry.account, entry.direction)
        best[side] = max(own, best.get(side, own))
    return held


def clear_market(entries: Sequence[Entry], mark_ticks: int, band_ppm: int) -> Clearing:
    """Return the clearing of one market. Without volume the price is the mark.

    Orders beyond the band that could not all be filled at its edge are held back, newest first: filled partly they
    would break the rule that a strictly better order is filled completely.
    """
    low, high = compute_band(mark_ticks, band_ppm)
    kept, held = _hold_beyond_band(entries, low, high)
    book = _Book(kept)
    prices = [price for price in _candidates(kept, mark_ticks, low, high) if _is_clearing(book, price)]
    best = min(prices, key=lambda price: (book.imbalance(price), abs(price - mark_ticks), price))
    if book.volume(best) == 0:
        return Clearing(mark_ticks, {}, held)
    fills = _allocate(kept, best, book.volume(best), 1) | _allocate(kept, best, book.volume(best), -1)
    return Clearing(best, fills, held)


class _Book:
    """Demand and supply as functions of the price."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        buys = sorted((e.limit_ticks, e.size_lots) for e in entries if e.direction > 0)
        sells = sorted((e.limit_ticks, e.size_lots) for e in entries if e.direction < 0)
        self._buy_limits = [limit for limit, _ in buys]
        self._sell_limits = [limit for limit, _ in sells]
        self._bought = [0, *accumulate(size for _, size in buys)]
        self._sold = [0, *accumulate(size for _, size in sells)]

    def demand(self, price: int) -> int:
        """Lots that would buy at this price."""
        return self._bought[-1] - self._bought[bisect_left(self._buy_limits, price)]

    def supply(self, price: int) -> int:
        """Lots that would sell at this price."""
        return self._sold[bisect_right(self._sell_limits, price)]

    def volume(self, price: int) -> int:
        return min(self.demand(price), self.supply(price))

    def imbalance(self, price: int) -> int:
        return abs(self.demand(price) - self.supply(price))


def _is_clearing(book: _Book, price: int) -> bool:
    """Return whether everything strictly better than the price can be filled completely.

    Such a price has the largest volume: for any higher p', volume(p') <= demand(p') <= demand(price + 1), which is at
    most both supply(price) and demand(price), hence at most volume(price). Lower prices alike.
    """
    return book.demand(price + 1) <= book.supply(price) and book.supply(price - 1) <= book.demand(price)


def _candidates(entries: Sequence[Entry], mark_ticks: int, low: int, high: int) -> list[int]:
    # Demand and supply are constant between limits, so the ends of those intervals and the mark decide.
    prices = {low, high, mark_ticks}
    for limit in {entry.limit_ticks for entry in entries}:
        prices.update((limit - 1, limit, limit + 1))
    return [price for price in prices if low <= price <= high]


def _hold_beyond_band(entries: Sequence[Entry], low: int, high: int) -> tuple[list[Entry], tuple[int, ...]]:
    held: set[int] = set()
    while True:  # holding back one side can leave the other short, at most until both are gone
        kept = [entry for entry in entries if entry.rank not in held]
        book = _Book(kept)
        if (excess := book.demand(high + 1) - book.supply(high)) > 0:
            held |= _take_newest([e for e in kept if e.direction > 0 and e.limit_ticks > high], excess)
        elif (excess := book.supply(low - 1) - book.demand(low)) > 0:
            held |= _take_newest([e for e in kept if e.direction < 0 and e.limit_ticks < low], excess)
        else:
            return kept, tuple(sorted(held))


def _take_newest(entries: Sequence[Entry], excess_lots: int) -> set[int]:
    """Return the ranks of the newest entries that together have at least the excess."""
    taken: set[int] = set()
    for entry in sorted(entries, key=lambda entry: -entry.rank):
        if excess_lots <= 0:
            break
        taken.add(entry.rank)
        excess_lots -= entry.size_lots
    return taken


def _allocate(entries: Sequence[Entry], price: int, volume_lots: int, direction: int) -> dict[int, int]:
    """Return lots by rank for one side: better orders in full, marginal ones pro rata.

    Pro rata is floor(size * left / total), then one lot each in arrival order until nothing is left.
    """
    side = [entry for entry in entries if entry.direction == direction]
    fills = {e.rank: e.size_lots for e in side if direction * e.limit_ticks > direction * price}
    marginal = sorted((e for e in side if e.limit_ticks == price), key=lambda entry: entry.rank)
    total, left = sum(e.size_lots for e in marginal), volume_lots - sum(fills.values())
    shares = {e.rank: e.size_lots * left // total for e in marginal}
    remainder = left - sum(shares.values())
    for rank in list(shares)[:remainder]:  # remainder < len(shares), and a share below its size has room for one more
        shares[rank] += 1
    return fills | {rank: lots for rank, lots in shares.items() if lots > 0}
