"""The rules of the auction, market by market, over all fills of the batch: who is full, who shares, and how much."""

from __future__ import annotations

from collections.abc import Sequence

from rollup.audit_orders import PlacedFill
from rollup.audit_rules import require
from rollup.rationing import Rationing
from rollup.trace import BatchTrace
from rollup.units import MARKET_COUNT, PPM, SIZE_BITS

__all__ = ["audit_auction"]


def audit_auction(trace: BatchTrace, fills: Sequence[PlacedFill]) -> None:
    """Raise BatchRuleBroken unless every market's fills are what its clearing price and its rationing make them."""
    for market in range(MARKET_COUNT):
        _audit_market(trace, market, [fill for fill in fills if fill.order.market == market])


def _audit_market(trace: BatchTrace, market: int, fills: Sequence[PlacedFill]) -> None:
    rationing, where = trace.rationing[market], f"market {market}"
    for fill in fills:
        _audit_limit(trace, fill)
    marginal = [fill for fill in fills if _is_marginal(trace, fill)]
    for fill in fills:
        is_full = fill.fill_lots == fill.remaining_lots
        if fill not in marginal:
            require(is_full, fill.where, "better_order_is_full", fill.fill_lots, fill.remaining_lots)
        elif fill.order.side != rationing.side:
            require(is_full, fill.where, "other_side_is_full", fill.fill_lots, fill.remaining_lots)
    sharing = [fill for fill in marginal if fill.order.side == rationing.side]
    traded, remaining = sum(fill.fill_lots for fill in sharing), sum(fill.remaining_lots for fill in sharing)
    require(rationing.marginal_lots == traded, where, "marginal_lots", rationing.marginal_lots, traded)
    require(rationing.marginal_remaining == remaining, where, "marginal_remaining", rationing, remaining)
    require(remaining < 2**SIZE_BITS, where, "marginal_remaining_in_range", remaining, "below 2**48")
    for fill in sharing:
        share = _compute_share(rationing, fill)
        require(fill.fill_lots == share, fill.where, "pro_rata_share", fill.fill_lots, share)


def _audit_limit(trace: BatchTrace, fill: PlacedFill) -> None:
    price, limit = trace.clearing_prices_ticks[fill.order.market], fill.order.limit_ticks
    is_respected = price >= limit if fill.order.side else price <= limit
    require(is_respected, fill.where, "limit_respected", price, f"no worse than {limit}")


def _is_marginal(trace: BatchTrace, fill: PlacedFill) -> bool:
    """Return whether p* is all the order asks for within the band: it is its limit, or the band ends there."""
    market = fill.order.market
    price, mark = trace.clearing_prices_ticks[market], trace.header_after.marks_ticks[market]
    beyond = price - 1 if fill.order.side else price + 1  # less good for the order than p*
    is_edge = abs(beyond - mark) * PPM > trace.params.markets[market].band_ppm * mark
    return fill.order.limit_ticks == price or is_edge


def _compute_share(rationing: Rationing, fill: PlacedFill) -> int:
    extra = 1 if fill.position < rationing.cutoff else 0
    return rationing.marginal_lots * fill.remaining_lots // rationing.marginal_remaining + extra
