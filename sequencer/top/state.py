"""All that a frame shows, as the node last told it. The page has the same: sequencer/dashboard/src/store.ts.

A connection begins with a snapshot, which takes the place of everything: no figure outlives the connection, or the
process, that it came from.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from sequencer.client.node_events import Told
from sequencer.node.api.past import MAX_SAMPLES
from sequencer.node.api.wire_pulse import Facts, MarketHistory, MarketPulse, Past, Snapshot, Summary
from sequencer.node.api.wire_views import Auction, BatchInfo, Fill, Rescue
from sequencer.node.view_types import BatchStage

__all__ = ["View", "begin", "hear", "lose"]

_MAX_SETTLED: Final = 40
_MAX_REMEMBERED: Final = 50
_T = TypeVar("_T")


@dataclass(frozen=True)
class View:
    """What one process of a node told. Times by this machine's clock, seconds since 1970."""

    facts: Facts
    summary: Summary
    past: Past
    batches: tuple[BatchInfo, ...]  # newest first
    liquidations: tuple[Fill, ...]  # newest first
    rescues: tuple[Rescue, ...]  # newest first
    heard_s: float
    auctions: dict[int, Auction] = field(default_factory=dict)  # the last of each market since the connection began
    lost_s: float | None = None  # since when there has been no connection
    restarted_s: float | None = None  # when another process of the node answered

    @property
    def is_live(self) -> bool:
        """Whether the node is heard."""
        return self.lost_s is None


def begin(before: View | None, snapshot: Snapshot, now_s: float) -> View:
    """Return what a connection begins with: of what was before, no figure, only that it was another process."""
    is_other = before is not None and before.facts.instance != snapshot.facts.instance
    return View(
        facts=snapshot.facts,
        summary=snapshot.summary,
        past=snapshot.past,
        batches=snapshot.batches,
        liquidations=snapshot.liquidations,
        rescues=snapshot.rescues,
        heard_s=now_s,
        restarted_s=now_s if is_other else before.restarted_s if before else None,
    )


def hear(view: View, told: Told, now_s: float) -> View:
    """Return the view with what was told since. A snapshot is for `begin`."""
    view = replace(view, heard_s=now_s)
    if isinstance(told, Summary):
        return replace(view, summary=told, past=_lengthen(view.past, told))
    if isinstance(told, BatchInfo):
        return replace(view, batches=_place(view.batches, told))
    if isinstance(told, Auction):
        return replace(view, auctions=view.auctions | {told.market: told})
    if isinstance(told, Fill):
        return replace(view, liquidations=(told, *view.liquidations)[:_MAX_REMEMBERED])
    if isinstance(told, Rescue):
        return replace(view, rescues=(told, *view.rescues)[:_MAX_REMEMBERED])
    return view


def lose(view: View, now_s: float) -> View:
    """Return the view without a connection, since now or since it was lost."""
    return view if view.lost_s is not None else replace(view, lost_s=now_s)


def _place(batches: tuple[BatchInfo, ...], batch: BatchInfo) -> tuple[BatchInfo, ...]:
    """Return the batches with one of them as it is now: all that are not settled, and the last of those that are."""
    others = [one for one in batches if one.number != batch.number]
    kept, n_settled = list[BatchInfo](), 0
    for one in sorted([*others, batch], key=lambda one: -one.number):
        n_settled += one.stage is BatchStage.SETTLED
        if one.stage is not BatchStage.SETTLED or n_settled <= _MAX_SETTLED:
            kept.append(one)
    return tuple(kept)


def _lengthen(past: Past, summary: Summary) -> Past:
    """Return the samples with the summary's, without the oldest where they are many."""
    proving, state, bandwidth = (float(fee) for fee in summary.fees.base_fees)
    known = {history.market: history for history in past.markets}
    return Past(
        times_ms=_add(past.times_ms, summary.time_ms),
        markets=tuple(_lengthen_market(known.get(market.info.market), market) for market in summary.markets),
        base_fees=_add(past.base_fees, (proving, state, bandwidth)),
        congestion_ppm=_add(past.congestion_ppm, summary.fees.congestion_ppm),
        backlog_batches=_add(past.backlog_batches, summary.backlog_batches),
        fund_atoms=_add(past.fund_atoms, float(summary.fund_atoms)),
    )


def _lengthen_market(history: MarketHistory | None, market: MarketPulse) -> MarketHistory:
    """Return a market's prices with those of now. A market that was opened since has as many as it was seen."""
    info = market.info
    before = history or MarketHistory(info.market, (), (), ())
    return MarketHistory(
        market=info.market,
        marks=_add(before.marks, info.mark_ticks),
        clearing=_add(before.clearing, info.clearing_price_ticks),
        indicative=_add(before.indicative, info.indicative_price_ticks),
    )


def _add(values: tuple[_T, ...], value: _T) -> tuple[_T, ...]:
    return (*values[1 - MAX_SAMPLES :], value)
