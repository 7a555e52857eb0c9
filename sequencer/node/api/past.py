"""The last minutes, one sample a second, for whoever opens the page now. In memory: a new process begins anew."""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

from sequencer.node.api.wire_markets import MarketInfo
from sequencer.node.api.wire_pulse import MarketHistory, Past, Summary

__all__ = ["MAX_SAMPLES", "Recorder"]

MAX_SAMPLES: Final = 600


class _Sample(NamedTuple):
    time_ms: int
    prices: dict[int, tuple[int, int, int]]  # by market: mark, last clearing price, indicative price
    base_fees: tuple[float, float, float]
    congestion_ppm: int
    backlog_batches: int
    fund_atoms: float


class Recorder:
    """Remembers what a plot needs of so many summaries."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._samples: deque[_Sample] = deque(maxlen=MAX_SAMPLES)

    def add(self, summary: Summary) -> None:
        """Take in the next sample."""
        infos = [market.info for market in summary.markets]
        proving, state, bandwidth = (float(fee) for fee in summary.fees.base_fees)
        self._samples.append(
            _Sample(
                summary.time_ms,
                {info.market: _get_prices(info) for info in infos},
                (proving, state, bandwidth),
                summary.fees.congestion_ppm,
                summary.backlog_batches,
                float(summary.fund_atoms),
            )
        )

    def spell(self) -> Past:
        """Return the samples, column by column; of markets those that were open all the while."""
        samples = tuple(self._samples)
        markets = samples[0].prices.keys() & samples[-1].prices.keys() if samples else ()
        return Past(
            times_ms=tuple(sample.time_ms for sample in samples),
            markets=tuple(_spell_market(market, samples) for market in sorted(markets)),
            base_fees=tuple(sample.base_fees for sample in samples),
            congestion_ppm=tuple(sample.congestion_ppm for sample in samples),
            backlog_batches=tuple(sample.backlog_batches for sample in samples),
            fund_atoms=tuple(sample.fund_atoms for sample in samples),
        )


def _get_prices(info: MarketInfo) -> tuple[int, int, int]:
    return info.mark_ticks, info.clearing_price_ticks, info.indicative_price_ticks


def _spell_market(market: int, samples: tuple[_Sample, ...]) -> MarketHistory:
    marks, clearing, indicative = zip(*(sample.prices[market] for sample in samples), strict=True)
    return MarketHistory(market, marks, clearing, indicative)
