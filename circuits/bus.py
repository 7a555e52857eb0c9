"""The bus of a batch by name: what chains its instances, read off the trace."""

from __future__ import annotations

from collections import Counter

from circuits.account_inputs import Values
from circuits.batch import PUBLIC_INPUTS
from circuits.lane_inputs import Prices
from circuits.lanes.cash import N_BRIDGE_WORDS
from circuits.order_totals import sum_order_lane
from rollup import tags
from rollup.poseidon import poseidon
from rollup.public_inputs import compute_public_inputs, get_bridge_words
from rollup.trace import BatchTrace
from rollup.txs import Deposit, Withdraw
from rollup.units import MARKET_COUNT, TIER_COUNT


def compute_bus(trace: BatchTrace) -> Values:
    """Return every bus wire's value by name."""
    bus: Values = dict(zip(PUBLIC_INPUTS, compute_public_inputs(trace), strict=True))
    bus |= _table_values(trace)
    bus |= {f"{name}_hash": getattr(trace.header_after, f"{name}_hash") for name in ("markets", "resources", "oracle")}
    bus |= _account_roots(trace)
    bus |= _cash_totals(trace)
    bus |= _order_totals(trace)
    return bus


def _table_values(trace: BatchTrace) -> Values:
    tick, params = trace.tick, trace.params
    marks, prices = trace.header_after.marks_ticks, trace.clearing_prices_ticks
    names = ("stale", "order_fee_e6", "cash_fee_e6", "leaf_fee_e6", "rent_rate")
    values: Values = {f"table/{name}": int(getattr(tick, name)) for name in names}
    values |= {"table/domain": params.domain, "table/timestamp": trace.header_after.timestamp_s}
    for t in range(TIER_COUNT):
        values[f"table/taker_fee_ppm[{t}]"] = params.taker_fee_ppm[t]
        values[f"table/maker_fee_ppm[{t}]"] = params.maker_fee_ppm[t]
    words = Prices(trace).auction_words
    for m, market in enumerate(params.markets):
        row = {
            "clearing_price": prices[m],
            "mark": marks[m],
            "funding": trace.header_after.funding_index[m],
            "initial_weight": marks[m] * tick.fractions.initial_ppm[m],
            "maintenance_weight": marks[m] * tick.fractions.maintenance_ppm[m],
            "penalty_weight": prices[m] * market.liquidation_fee_ppm,
            "marginal_lots": trace.rationing[m].marginal_lots,
            "marginal_remaining": trace.rationing[m].marginal_remaining,
            "auction_word": words[m],
        }
        values |= {f"table/{column}[{m}]": value for column, value in row.items()}
    return values


def _account_roots(trace: BatchTrace) -> Values:
    """Return the root before each lane, read off its path, and the one after the last."""
    paths = [lane.account_path for lane in trace.cash_lanes] + [lane.account_path for lane in trace.order_lanes]
    paths.append(trace.fund_lane.account_path)
    roots = [poseidon(path[-1], tags.ACCOUNT_NODE) for path in paths] + [trace.header_after.accounts_root]
    return {f"accounts_root[{i}]": root for i, root in enumerate(roots)}


def _cash_totals(trace: BatchTrace) -> Values:
    words = get_bridge_words(trace)
    values = {f"lane[{i // N_BRIDGE_WORDS}]/bridge[{i % N_BRIDGE_WORDS}]": word for i, word in enumerate(words)}
    entries, vaults = [trace.header_before.queue_consumed], [trace.header_before.vault_e6]
    for lane in trace.cash_lanes:
        entries.append(entries[-1] + isinstance(lane.op, Deposit))
        flow = lane.op.amount_e6 if isinstance(lane.op, (Deposit, Withdraw)) else 0
        vaults.append(vaults[-1] + (flow if isinstance(lane.op, Deposit) else -flow))
    values |= {f"queue[{i}]": value for i, value in enumerate(entries)}
    return values | {f"vault[{i}]": value for i, value in enumerate(vaults)}


def _order_totals(trace: BatchTrace) -> Values:
    """Return the running totals through the lanes with order places; penalties are carried by TradeLanes alone."""
    prices, totals, n_trade = Prices(trace), Counter[tuple[str, str]](), len(trace.trade_lanes)
    indices = [("lots", f"[{m}]") for m in range(MARKET_COUNT)] + [("ration", f"[{m}]") for m in range(MARKET_COUNT)]
    names = [*indices, *((name, "") for name in ("position", "fees", "tips_e6", "base_fees_e6", "rent", "usage"))]
    values: Values = {f"{chain}[0]{index}": 0 for chain, index in (*names, ("penalties", ""))}
    for i, lane in enumerate(trace.order_lanes):
        for name, added in sum_order_lane(lane, prices, totals["position", ""]).items():
            totals[name] += added
        carried = [*names, ("penalties", "")] if i < n_trade else names
        values |= {f"{chain}[{i + 1}]{index}": totals[chain, index] for chain, index in carried}
    return values
