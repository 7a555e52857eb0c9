"""How the insurance fund gets rid of what it took over: one reduce-only entry in each auction, no worse than a band."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rollup.auction import Entry, compute_band
from rollup.orders import Order
from rollup.params import Params
from rollup.units import FUND_ACCOUNT, MARKET_COUNT
from rollup.workspace import Workspace

__all__ = ["FUND_RANK", "FundEntry", "find_fund_entry", "make_fund_entries", "make_fund_entry"]

FUND_RANK = -(2**32)  # before every order and every liquidation


@dataclass(frozen=True)
class FundEntry:
    """What the fund enters. `direction` is +1 to buy back a short, -1 to sell a long."""

    market: int
    direction: int
    limit_ticks: int
    size_lots: int

    def is_met_by(self, order: Order) -> bool:
        """Return whether the order might be the other side."""
        is_opposite = (order.market, order.direction) == (self.market, -self.direction)
        return is_opposite and self.direction * (self.limit_ticks - order.limit_ticks) >= 0


def find_fund_entry(workspace: Workspace, sizes_lots: Sequence[int], orders: Sequence[Order]) -> FundEntry | None:
    """Return the entry in the fund's largest market, by notional, where an order might meet it; None without one.

    Where prices are stale there is none.
    """
    marks_ticks, budget = workspace.marks_ticks, workspace.tick.header.resources.fund_budget
    held = [m for m in range(MARKET_COUNT) if sizes_lots[m] and not workspace.tick.stale]
    for market in sorted(held, key=lambda m: (-abs(sizes_lots[m]) * marks_ticks[m], m)):
        entry = make_fund_entry(market, sizes_lots[market], marks_ticks[market], workspace.params, budget)
        if entry is not None and any(map(entry.is_met_by, orders)):
            return entry
    return None


def make_fund_entry(market: int, size_lots: int, mark_ticks: int, params: Params, budget: int) -> FundEntry | None:
    """Return the entry that closes as much of a position, not 0, as the budget allows; None where that is nothing.

    The limit is within fund_band_ppm of the mark and within the market's band. `budget` is notional, 1e-12 USD: it
    covers the size at the highest price that the entry may meet.
    """
    direction = -1 if size_lots > 0 else 1
    low, high = compute_band(mark_ticks, params.markets[market].band_ppm)
    own_low, own_high = compute_band(mark_ticks, params.fund_band_ppm)
    limit_ticks = max(low, own_low) if direction < 0 else min(high, own_high)
    highest_ticks = high if direction < 0 else limit_ticks
    lots = min(abs(size_lots), budget // highest_ticks)
    return FundEntry(market, direction, limit_ticks, lots) if lots else None


def make_fund_entries(entry: FundEntry | None, market: int) -> list[Entry]:
    """Return what the fund enters in the auction of one market: one entry or none."""
    if entry is None or entry.market != market:
        return []
    return [Entry(FUND_RANK, FUND_ACCOUNT, entry.direction, entry.limit_ticks, entry.size_lots)]
