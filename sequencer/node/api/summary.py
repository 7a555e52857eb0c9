"""How the node is, in one record: what the dashboard shows at a glance."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from rollup.funding import clamp_rate
from rollup.resources import BASE_FEE_STEP
from rollup.segment import count_elements
from rollup.units import FUND_ACCOUNT
from sequencer.node.api.gas_book import GasBook
from sequencer.node.api.proving_facts import ProvingFacts
from sequencer.node.api.wire_convert import spell_view
from sequencer.node.api.wire_markets import Fees, Level, MarketInfo
from sequencer.node.api.wire_pulse import Facts, MarketPulse, Summary
from sequencer.node.constraint_counts import SHAPE_CONSTRAINTS
from sequencer.node.core import Core
from sequencer.node.view_types import BatchStage, BatchView, MarketView

__all__ = ["compute_fee_range", "compute_interval_s", "list_shown_batches", "make_facts", "make_summary"]

_LEVELS: Final = 8
_RECENT_BATCHES: Final = 9
_RECENT_US: Final = 60 * 10**6
_FORECAST_BATCHES: Final = 5
_MAX_UNSETTLED: Final = 500
_SETTLED_SHOWN: Final = 40
_ELEMENT_BYTES: Final = 31  # of a blob's 32


def make_facts(core: Core, proving: ProvingFacts | None, instance: str, page: str) -> Facts:
    """Return what does not change."""
    shape = proving.shape if proving else None
    return Facts(
        instance=instance,
        page=page,
        chain_id=str(core.params.chain_id),
        contract=f"{core.params.contract:#042x}",
        shape=shape.name if shape else None,
        order_places=shape.max_orders if shape else 0,
        constraints=SHAPE_CONSTRAINTS.get(shape.name) if shape else None,
        segment_bytes=_ELEMENT_BYTES * count_elements(shape) if shape else 0,
        is_development_key=proving.is_development if proving else False,
    )


def make_summary(core: Core, gas: GasBook, time_ms: int) -> Summary:
    """Return how the node is."""
    status, fees, fund = core.get_status(), core.get_fees(), core.get_account(FUND_ACCOUNT)
    least = core.params.min_base_fee
    ranges = [compute_fee_range(fee, low) for fee, low in zip(fees.base_fees, least, strict=True)]
    return Summary(
        time_ms=time_ms,
        batch_number=status.batch_number,
        sequence=status.sequence,
        backlog_batches=status.backlog_batches,
        interval_s=compute_interval_s(core.list_batches(_RECENT_BATCHES), 1000 * time_ms),
        withdraw_only=status.withdraw_only,
        batches_resume_s=status.batches_resume_s,
        alarms=status.alarms,
        fund_atoms=str(fund.equity_atoms if fund else 0),
        gas_per_order=gas.compute_per_order(core),
        fees=spell_view(fees, Fees),
        base_fee_ranges=tuple((str(low), str(high)) for low, high in ranges),
        markets=tuple(_make_market(core, market) for market in core.list_markets()),
    )


def compute_interval_s(newest_first: Sequence[BatchView], now_us: int) -> float | None:
    """Return the mean time between the batches of the last minute, None with fewer than two."""
    times_us = [batch.sealed_us for batch in newest_first if now_us - batch.sealed_us <= _RECENT_US]
    gaps_us = [later - earlier for later, earlier in pairwise(times_us)]
    return sum(gaps_us) / len(gaps_us) / 10**6 if gaps_us else None


def compute_fee_range(fee: int, least: int) -> tuple[int, int]:
    """Return the lowest and the highest that a base fee may be in five batches: `sequencer.node.views` has the rule."""
    low = high = fee
    for _ in range(_FORECAST_BATCHES):
        low, high = max(low - low // BASE_FEE_STEP, least), high + high // BASE_FEE_STEP + 1
    return low, high


def list_shown_batches(core: Core) -> tuple[BatchView, ...]:
    """Return all batches that are not settled, newest first, and some of those that are: they settle in order."""
    batches = core.list_batches(_MAX_UNSETTLED + _SETTLED_SHOWN)
    unsettled = sum(batch.stage is not BatchStage.SETTLED for batch in batches)
    return batches[: unsettled + _SETTLED_SHOWN]


def _make_market(core: Core, market: MarketView) -> MarketPulse:
    terms, book = core.params.markets[market.market], core.get_book(market.market, _LEVELS)
    bids, asks = (book.bids, book.asks) if book else ((), ())
    return MarketPulse(
        info=spell_view(market, MarketInfo),
        base_initial_ppm=terms.initial_ppm,
        base_maintenance_ppm=terms.maintenance_ppm,
        funding_rate_e12=str(clamp_rate(market.premium_e12, terms.funding_clamp_ppm)),
        bids=tuple(spell_view(level, Level) for level in bids),
        asks=tuple(spell_view(level, Level) for level in asks),
    )
