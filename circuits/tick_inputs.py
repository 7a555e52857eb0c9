"""The tick's private inputs and what it hands to the close, by name, from a batch's trace."""

from __future__ import annotations

from collections.abc import Sequence

from circuits.params import DEPLOYMENT, FEES_1, FEES_2, MAKER, RISK, SIZES, TAKER, TIMES
from rollup import tags
from rollup.field import to_field
from rollup.funding import compute_sample
from rollup.oracle import SignedPrices
from rollup.params import Params
from rollup.poseidon import poseidon
from rollup.resources import compute_targets
from rollup.signature import divide_by_eight
from rollup.state import StateHeader
from rollup.trace import BatchTrace
from rollup.units import MARKET_COUNT, PPM

Values = dict[str, int]

__all__ = ["outset_values", "tick_inputs"]


def tick_inputs(trace: BatchTrace) -> Values:
    """Return the tick's private inputs."""
    before, after = trace.header_before, trace.header_after
    values = {
        "clock/timestamp": after.timestamp_s,
        "clock/timestamp_before": before.timestamp_s,
        "clock/batch_number": after.batch_number,
    }
    values |= _params_values(trace.params) | _before_values(before)
    for i, message in enumerate(trace.oracle):
        signer = _signer_values(message, trace.params.oracle_keys[i], after.timestamp_s)
        values |= {f"oracle[{i}]/{name}": value for name, value in signer.items()}
    for m, rationing in enumerate(trace.rationing):
        values |= {f"market[{m}]/cutoff": rationing.cutoff, f"market[{m}]/rationed_side": rationing.side}
    return values


def outset_values(trace: BatchTrace) -> Values:
    """Return the bus wires between tick and close."""
    before, params, tick = trace.header_before, trace.params, trace.tick
    resources = tick.header.resources
    pairs = zip(trace.clearing_prices_ticks, tick.header.marks_ticks, strict=True)
    columns: dict[str, Sequence[int]] = {
        "premium": before.premiums,
        "sample": [compute_sample(price, mark) for price, mark in pairs],
        "open_interest": before.open_interest_lots,
        "impact_lots": [market.impact_lots for market in params.markets],
        "base_fee": resources.base_fees,
        "target": compute_targets(params.target_per_s, tick.elapsed_s),
        "min_base_fee": params.min_base_fee,
    }
    values = {f"outset/{name}[{i}]": value for name, column in columns.items() for i, value in enumerate(column)}
    scalars = {
        "elapsed": tick.elapsed_s,
        "funding_window": params.funding_window_s,
        "congestion_window": params.congestion_window_s,
        "congestion": resources.congestion_ppm,
        "maintenance_factor": resources.maintenance_factor_ppm,
        "pending_factor": resources.pending_factor_ppm,
        "pending_since": resources.pending_since_s,
        "marks_hash": poseidon(tick.header.marks_ticks, tags.MARKS),
        "funding_hash": poseidon([to_field(index) for index in tick.header.funding_index], tags.FUNDING),
    }
    return values | {f"outset/{name}": value for name, value in scalars.items()}


def _params_values(params: Params) -> Values:
    values = {name: getattr(params, name) for name in DEPLOYMENT}
    for layout in (TAKER, MAKER, FEES_1, FEES_2, TIMES):
        values |= {name: _get_field(params, name) for name, _ in layout}
    for t, fee_ppm in enumerate(params.maker_fee_ppm):
        values[f"maker_fee_ppm[{t}]"] = fee_ppm + PPM
    for m, market in enumerate(params.markets):
        values |= {f"market[{m}]/{name}": getattr(market, name) for name, _ in (*RISK, *SIZES)}
    for i, key in enumerate(params.oracle_keys):
        values |= {f"oracle_key[{i}]_x": key[0], f"oracle_key[{i}]_y": key[1]}
    return {f"params/{name}": value for name, value in values.items()}


def _get_field(params: Params, name: str) -> int:
    """Return the parameter called `field` or `field[i]`."""
    field, _, index = name.partition("[")
    value = getattr(params, field)
    return int(value[int(index[:-1])] if index else value)


def _before_values(before: StateHeader) -> Values:
    resources = before.resources
    columns: dict[str, Sequence[int]] = {
        "marks": before.marks_ticks,
        "funding": before.funding_index,
        "premiums": before.premiums,
        "open_interest": before.open_interest_lots,
        "base_fee": resources.base_fees,
        "signer_time": before.signer_times_s,
    }
    values = {f"before/{name}[{i}]": value for name, column in columns.items() for i, value in enumerate(column)}
    return values | {
        "before/congestion": resources.congestion_ppm,
        "before/maintenance_factor": resources.maintenance_factor_ppm,
        "before/pending_factor": resources.pending_factor_ppm,
        "before/pending_since": resources.pending_since_s,
        "before/fund_budget": resources.fund_budget,
    }


def _signer_values(message: SignedPrices | None, key: tuple[int, int], timestamp_s: int) -> Values:
    """Return one signer's inputs; of one that is not present anything would do."""
    prices: Sequence[int] = (0,) * MARKET_COUNT
    values = dict.fromkeys(("present", "age", "r8_x", "r8_y", "s", "key_div_8_x", "key_div_8_y"), 0)
    if message is not None:
        prices, signature = message.prices_ticks, message.signature
        eighth = divide_by_eight(key)
        values = {
            "present": 1,
            "age": timestamp_s - message.time_s,
            "r8_x": signature.r8[0],
            "r8_y": signature.r8[1],
            "s": signature.s,
            "key_div_8_x": eighth[0],
            "key_div_8_y": eighth[1],
        }
    return values | {f"price[{m}]": price for m, price in enumerate(prices)}
