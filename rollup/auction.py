"""The uniform-price batch auction of one market: one clearing price, chosen by a rule anybody can recompute.

Among the prices of the band at which everything strictly better than the price can be filled completely (each of them
has the largest volume, see `_is_clearing`), take the smallest imbalance, then the nearest to the mark, then the lowest.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import NamedTuple

from rollup.packing import pack
from rollup.rationing import POSITION_BITS, Rationing, find_sharers
from rollup.units import PPM, PRICE_BITS

__all__ = [
    "Clearing",
    "Edges",
    "Entry",
    "Reach",
    "clear_market",
    "compute_band",
    "compute_edges",
    "find_self_trades",
    "is_marginal",
    "pack_auction_word",
]


@dataclass(frozen=True, slots=True)
class Entry:
    """What the auction knows of an order. `rank` is its place in arrival order, unique in the auction.

    Entries below rank 0 (liquidations, the fund) stand before every order: they are not rationed with the others.
    """

    rank: int
    account: int
    direction: int  # +1 buy, -1 sell
    limit_ticks: int
    size_lots: int  # what may still trade of it, at least 1


class Edges(NamedTuple):
    """Whether a price is the highest or the lowest of the band: there limits beyond it count as equal to it."""

    at_high: bool
    at_low: bool


class Reach(NamedTuple):
    """How far limits matter: more buys below the lowest and more sells above the highest leave the outcome as it is.

    With volume these are the ends of the prices at which the market can clear. Below the lowest no price can, whatever
    buys are added there: demand one tick above exceeds supply already. Above the highest alike, and between the two
    neither demand nor supply counts the added. Without volume limits at these ends do not matter either, unless they
    are the band's: some order stands at the end that meets nobody, so that nobody who is added there is met.
    """

    lowest_ticks: int
    highest_ticks: int

    def widen(self, other: Reach) -> Reach:
        """Return what holds of both."""
        return Reach(min(self.lowest_ticks, other.lowest_ticks), max(self.highest_ticks, other.highest_ticks))


@dataclass(frozen=True, slots=True)
class Clearing:
    """The outcome: the price, who trades completely, and who shares what is left of the rationed side."""

    price_ticks: int
    full_lots: dict[int, int] = field(default_factory=dict)  # by rank: all lots above 0 that are not rationed
    side: int = 0  # the rationed one: 0 the buys, 1 the sells
    marginal_lots: int = 0  # V: what its marginal orders trade together
    marginal_remaining: dict[int, int] = field(default_factory=dict)  # by rank: those with a share, in arrival order
    reach: Reach = field(default=Reach(0, 0), compare=False)


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


def compute_edges(price_ticks: int, mark_ticks: int, band_ppm: int) -> Edges:
    """Return whether the next price up, and the next down, lie outside the band."""
    reach = band_ppm * mark_ticks
    return Edges((price_ticks + 1 - mark_ticks) * PPM > reach, (mark_ticks - price_ticks + 1) * PPM > reach)


def is_marginal(direction: int, limit_ticks: int, price_ticks: int, edges: Edges) -> bool:
    """Return whether an order that may trade at the price need not be filled completely. The rest is strictly better.

    Beyond the band no price can serve a limit better than the band's edge does.
    """
    return limit_ticks == price_ticks or (edges.at_high if direction > 0 else edges.at_low)


def pack_auction_word(rationing: Rationing, edges: Edges) -> int:
    """Return cutoff 16 | rationed side 1 | at_high 1 | at_low 1, least significant first."""
    return pack((rationing.cutoff, POSITION_BITS), (rationing.side, 1), (edges.at_high, 1), (edges.at_low, 1))


def clear_market(entries: Sequence[Entry], mark_ticks: int, band_ppm: int) -> Clearing:
    """Return the clearing of one market. Without volume the price is the mark."""
    book = _Book(entries)
    candidates = _candidates(entries, mark_ticks, *compute_band(mark_ticks, band_ppm))
    prices = [price for price in candidates if _is_clearing(book, price, compute_edges(price, mark_ticks, band_ppm))]
    best = min(prices, key=lambda price: (book.imbalance(price), abs(price - mark_ticks), price))
    reach = Reach(min(prices), max(prices))
    if book.volume(best) == 0:
        low, high = compute_band(mark_ticks, band_ppm)
        inner = Reach(
            reach.lowest_ticks + (reach.lowest_ticks > low), reach.highest_ticks - (reach.highest_ticks < high)
        )
        return Clearing(mark_ticks, reach=inner)
    edges = compute_edges(best, mark_ticks, band_ppm)
    allocated = {d: _allocate(entries, best, edges, book.volume(best), d) for d in (1, -1)}
    rationed, other = (1, -1) if book.demand(best) >= book.supply(best) else (-1, 1)
    full_lots, left_lots, marginal = allocated[rationed]
    full_lots |= allocated[other][0] | allocated[other][2]
    return Clearing(best, full_lots, int(rationed < 0), left_lots, find_sharers(left_lots, marginal), reach)


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


def _is_clearing(book: _Book, price: int, edges: Edges) -> bool:
    """Return whether everything strictly better than the price can be filled completely.

    Such a price has the largest volume: for any higher p' of the band, volume(p') <= demand(p') <= demand(price + 1),
    which is at most both supply(price) and demand(price), hence at most volume(price). Lower prices alike. There always
    is one: where demand falls below supply, or the edge of the band if it does not.
    """
    better_demand = 0 if edges.at_high else book.demand(price + 1)
    better_supply = 0 if edges.at_low else book.supply(price - 1)
    return better_demand <= book.supply(price) and better_supply <= book.demand(price)


def _candidates(entries: Sequence[Entry], mark_ticks: int, low: int, high: int) -> list[int]:
    # Demand and supply are constant between limits, so the ends of those intervals and the mark decide.
    prices = {low, high, mark_ticks}
    for limit in {entry.limit_ticks for entry in entries}:
        prices.update((limit - 1, limit, limit + 1))
    return [price for price in prices if low <= price <= high]


def _allocate(
    entries: Sequence[Entry], price: int, edges: Edges, volume_lots: int, direction: int
) -> tuple[dict[int, int], int, dict[int, int]]:
    """Return, of one side: lots by rank outside the ration, lots left for marginal orders, and these by rank.

    Strictly better entries are served completely, then marginal ones below rank 0, in order, from what is left.
    """
    side = sorted((e for e in entries if e.direction == direction), key=lambda entry: entry.rank)
    willing = [e for e in side if direction * e.limit_ticks >= direction * price]
    marginal = [e for e in willing if is_marginal(direction, e.limit_ticks, price, edges)]
    lots = {e.rank: e.size_lots for e in willing if not is_marginal(direction, e.limit_ticks, price, edges)}
    left = volume_lots - sum(lots.values())
    for entry in (e for e in marginal if e.rank < 0):
        taken = min(entry.size_lots, left)
        left -= taken
        if taken:
            lots[entry.rank] = taken
    return lots, left, {e.rank: e.size_lots for e in marginal if e.rank >= 0}
