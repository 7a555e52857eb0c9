"""What an account's resting orders can do to it in one market: how far the position can go, and what fills can cost.

The further a position goes, on either side, the more it requires; so that of all subsets of orders and all their orders
in time only two positions matter. The highest: what reduce-only buys leave of a short, then all other buys. The lowest
alike. A fill is dearest at the order's limit, or at the band's edge where the limit lies beyond: a better price gains
more than its fee grows, a fee rate being at most 1.
"""

from __future__ import annotations

from typing import NamedTuple

from rollup.auction import compute_band
from rollup.fees import compute_fee_rate_ppm
from rollup.orders import Order
from rollup.params import Params
from rollup.tick import Tick
from rollup.units import ATOMS_PER_E6, LOT_TICK_ATOMS

__all__ = ["NO_EXPOSURE", "Exposure", "Market", "PretradeTerms", "compute_worst_charge", "measure_order"]


class Market(NamedTuple):
    """What of tick and parameters decides about orders in one market."""

    mark_ticks: int
    low_ticks: int  # the band
    high_ticks: int
    initial_ppm: int


class Exposure(NamedTuple):
    """Sums over the resting orders of one account in one market."""

    buy_lots: int  # of orders that may add to a position
    sell_lots: int
    reducing_buy_lots: int  # of reduce-only orders
    reducing_sell_lots: int
    cost_atoms: int  # what fills of all that lose by it would cost, against the mark, trading fees included

    def plus(self, other: Exposure) -> Exposure:
        """Return both together."""
        return Exposure(
            self.buy_lots + other.buy_lots,
            self.sell_lots + other.sell_lots,
            self.reducing_buy_lots + other.reducing_buy_lots,
            self.reducing_sell_lots + other.reducing_sell_lots,
            self.cost_atoms + other.cost_atoms,
        )

    def minus(self, other: Exposure) -> Exposure:
        """Return what is left without the other."""
        return Exposure(
            self.buy_lots - other.buy_lots,
            self.sell_lots - other.sell_lots,
            self.reducing_buy_lots - other.reducing_buy_lots,
            self.reducing_sell_lots - other.reducing_sell_lots,
            self.cost_atoms - other.cost_atoms,
        )

    def compute_extremes(self, size_lots: int) -> tuple[int, int]:
        """Return the lowest and the highest position that any fills can lead to."""
        highest = size_lots if size_lots >= 0 else min(0, size_lots + self.reducing_buy_lots)
        lowest = size_lots if size_lots <= 0 else max(0, size_lots - self.reducing_sell_lots)
        return lowest - self.sell_lots, highest + self.buy_lots

    def is_only_reducing(self, size_lots: int) -> bool:
        """Return whether the position stays between 0 and where it is, whatever is filled."""
        lowest, highest = self.compute_extremes(size_lots)
        return min(0, size_lots) <= lowest and highest <= max(0, size_lots)


NO_EXPOSURE = Exposure(0, 0, 0, 0, 0)


def measure_order(order: Order, filled_lots: int, market: Market, tier: int, params: Params) -> Exposure:
    """Return the exposure of one order."""
    lots = order.size_lots - filled_lots
    rate_ppm = compute_fee_rate_ppm(order, tier, params.taker_fee_ppm, params.maker_fee_ppm)
    if order.side:
        price_ticks = max(order.limit_ticks, market.low_ticks)
        loss_ticks = market.mark_ticks - price_ticks
    else:
        price_ticks = min(order.limit_ticks, market.high_ticks)
        loss_ticks = price_ticks - market.mark_ticks
    cost_atoms = max(0, lots * (loss_ticks * LOT_TICK_ATOMS + price_ticks * rate_ppm))
    if order.is_reduce_only:
        return Exposure(0, 0, 0, lots, cost_atoms) if order.side else Exposure(0, 0, lots, 0, cost_atoms)
    return Exposure(0, lots, 0, 0, cost_atoms) if order.side else Exposure(lots, 0, 0, 0, cost_atoms)


def compute_worst_charge(order: Order, filled_lots: int) -> int:
    """Return the most that an order can be charged for its place in a batch, in atoms; nothing after a fill."""
    return 0 if filled_lots else (order.max_fee_e6 + order.tip_e6) * ATOMS_PER_E6


class PretradeTerms:
    """What a tick says to every pre-trade check, made once a tick."""

    def __init__(self, tick: Tick, params: Params) -> None:
        self.tick = tick
        self.params = params
        initial_ppm, bands = tick.fractions.initial_ppm, (market.band_ppm for market in params.markets)
        columns = zip(tick.header.marks_ticks, bands, initial_ppm, strict=True)
        self.markets = tuple(Market(mark, *compute_band(mark, band), ppm) for mark, band, ppm in columns)
