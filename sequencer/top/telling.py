"""A frame as one JSON object. Amounts that may exceed 2**53 are decimal strings, as in docs/api.md."""

from __future__ import annotations

from typing import Any

import msgspec

from sequencer.node.api.wire_pulse import MarketPulse
from sequencer.node.view_types import BatchStage
from sequencer.top.figures import (
    compute_age_s,
    compute_bytes_per_order,
    compute_mean_proof_s,
    compute_spread_ticks,
    count_recent,
    get_margin_factor,
    list_at_stage,
    sum_lots,
)
from sequencer.top.saying import say
from sequencer.top.state import View

__all__ = ["tell_view"]


def tell_view(view: View) -> dict[str, Any]:
    """Return what a frame shows."""
    summary, facts, saying = view.summary, view.facts, say(view)
    liquidations, rescues = count_recent(view)
    return {
        "instance": facts.instance,
        "time_ms": summary.time_ms,
        "headline": {"mood": saying.mood, "word": saying.word, "parts": list(saying.parts)},
        "alarms": list(summary.alarms),
        "batch_number": summary.batch_number,
        "sequence": summary.sequence,
        "interval_s": summary.interval_s,
        "withdraw_only": summary.withdraw_only,
        "batches_resume_s": summary.batches_resume_s,
        "backlog_batches": summary.backlog_batches,
        "proof_s": compute_mean_proof_s(view),
        "gas_per_order": summary.gas_per_order,
        "bytes_per_order": compute_bytes_per_order(view),
        "fund_atoms": summary.fund_atoms,
        "congestion_ppm": summary.fees.congestion_ppm,
        "last_minute": {"liquidations": liquidations, "rescues": rescues},
        "markets": [_tell_market(market) for market in summary.markets],
        "batches": {stage.value: _tell_stage(view, stage) for stage in BatchStage},
        "fees": _tell_fees(view),
        "liquidations": [_tell(fill) for fill in view.liquidations],
        "rescues": [_tell(rescue) for rescue in view.rescues],
        "deployment": _tell(facts),
    }


def _tell(record: Any) -> dict[str, Any]:  # noqa: ANN401 (a struct)
    return dict(msgspec.to_builtins(record))


def _tell_market(market: MarketPulse) -> dict[str, Any]:
    return {
        **_tell(market.info),
        "margin_factor": get_margin_factor(market),
        "base_initial_ppm": market.base_initial_ppm,
        "base_maintenance_ppm": market.base_maintenance_ppm,
        "spread_ticks": compute_spread_ticks(market),
        "bid_lots": str(sum_lots(market.bids)),
        "ask_lots": str(sum_lots(market.asks)),
        "funding_rate_e12": market.funding_rate_e12,
    }


def _tell_stage(view: View, stage: BatchStage) -> list[dict[str, Any]]:
    return [
        {
            "number": batch.number,
            "age_s": compute_age_s(batch, view),
            "fills": batch.fills,
            "liquidations": batch.liquidations,
            "rescues": batch.rescues,
        }
        for batch in list_at_stage(view, stage)
    ]


def _tell_fees(view: View) -> dict[str, Any]:
    fees = view.summary.fees
    names = ("proving", "state", "bandwidth")
    ranges = zip(names, fees.base_fees, view.summary.base_fee_ranges, strict=False)
    return {
        "base_fees": {name: {"now": now, "in_five_batches": list(ahead)} for name, now, ahead in ranges},
        "order_fee_e6": fees.order_fee_e6,
        "cash_fee_e6": fees.cash_fee_e6,
        "leaf_fee_e6": fees.leaf_fee_e6,
        "forecast_order_fee_e6": [list(ahead) for ahead in fees.forecast_order_fee_e6],
    }
