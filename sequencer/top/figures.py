"""What is worked out of a view, the same for a frame and for JSON. Ratios are for the eye; amounts stay exact."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sequencer.node.api.wire_markets import Level
from sequencer.node.api.wire_pulse import MarketHistory, MarketPulse
from sequencer.node.api.wire_views import BatchInfo
from sequencer.node.view_types import BatchStage
from sequencer.top.state import View

__all__ = [
    "RECENT_S",
    "compute_age_s",
    "compute_bytes_per_order",
    "compute_mean_proof_s",
    "compute_spread_ticks",
    "count_recent",
    "find_history",
    "get_change",
    "get_margin_factor",
    "list_at_stage",
    "list_unnamed",
    "sum_lots",
]

RECENT_S: Final = 60


def list_at_stage(view: View, stage: BatchStage) -> list[BatchInfo]:
    """Return the batches at a stage, newest first."""
    return [batch for batch in view.batches if batch.stage is stage]


def list_unnamed(view: View) -> list[BatchInfo]:
    """Return the batches whose takeovers and deleveragings were before the node's process began, newest first."""
    named = {rescue.batch_number for rescue in view.rescues}
    return [batch for batch in view.batches if batch.rescues and batch.number not in named]


def count_recent(view: View) -> tuple[int, int]:
    """Return liquidations, and takeovers with deleveragings, of the last minute by the node's clock."""
    since_s = view.summary.time_ms / 1000 - RECENT_S
    liquidations = sum(fill.timestamp_s >= since_s for fill in view.liquidations)
    return liquidations, sum(batch.rescues for batch in view.batches if batch.timestamp_s >= since_s)


def compute_age_s(batch: BatchInfo, view: View) -> float:
    """Return how long ago a batch was sealed, by the node's clock."""
    return max(0.0, view.summary.time_ms / 1000 - batch.sealed_us / 10**6)


def compute_mean_proof_s(view: View) -> float | None:
    """Return what a proof took on average, of the batches that are shown; None where none was timed."""
    taken = [batch.prove_s for batch in view.batches if batch.prove_s is not None]
    return sum(taken) / len(taken) if taken else None


def compute_bytes_per_order(view: View) -> float | None:
    """Return the blob's bytes an order, of the batches that are shown and traded.

    A batch publishes the same number of bytes whatever it holds: the fuller, the cheaper each order.
    """
    busy = [batch.fills for batch in view.batches if batch.fills]
    return view.facts.segment_bytes * len(busy) / sum(busy) if busy and view.facts.segment_bytes else None


def get_margin_factor(market: MarketPulse) -> float:
    """Return how much congestion and open interest raise a market's initial fraction."""
    return market.info.initial_ppm / market.base_initial_ppm if market.base_initial_ppm else 1.0


def compute_spread_ticks(market: MarketPulse) -> int | None:
    """Return the best ask less the best bid, None without one of them. Not above 0: the next auction clears it."""
    return market.asks[0].price_ticks - market.bids[0].price_ticks if market.asks and market.bids else None


def sum_lots(levels: Sequence[Level]) -> int:
    """Return the size of the best prices that are told, lots."""
    return sum(int(level.size_lots) for level in levels)


def find_history(view: View, market: MarketPulse) -> MarketHistory | None:
    """Return a market's past prices."""
    return next((one for one in view.past.markets if one.market == market.info.market), None)


def get_change(now: int, before: int) -> float:
    """Return by how much a price rose, as a part of what it was."""
    return now / before - 1 if before else 0.0
