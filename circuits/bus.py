"""The bus of a batch by name: what chains its instances, read off the trace."""

from __future__ import annotations

from itertools import accumulate

from circuits.batch import PUBLIC_INPUTS
from circuits.cash_bridge import N_BRIDGE_WORDS
from circuits.market_totals import CHANGE_SHIFT, FILLS_SHIFT
from circuits.tick_inputs import auction_words, outset_values
from rollup import tags
from rollup.activity import count_cash_units, list_fills
from rollup.poseidon import poseidon
from rollup.public_inputs import compute_public_inputs, get_bridge_words
from rollup.resources import ORDER_FILL
from rollup.trace import BatchTrace, TradeLaneTrace
from rollup.txs import CashOp, Transfer
from rollup.units import AMOUNT_E6_BITS, MARKET_COUNT, TIER_COUNT

Values = dict[str, int]


def compute_bus(trace: BatchTrace) -> Values:
    """Return every bus wire's value by name."""
    bus: Values = dict(zip(PUBLIC_INPUTS, compute_public_inputs(trace), strict=True))
    bus |= _table_values(trace)
    bus |= outset_values(trace)
    bus |= {"oracle_hash": trace.header_after.oracle_hash, "fund_band_ppm": trace.params.fund_band_ppm}
    bus |= {"budget[0]": trace.header_after.resources.fund_budget}
    bus |= _account_roots(trace)
    bus |= _cash_totals(trace)
    bus |= _trade_totals(trace)
    bus |= _usage(trace)
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
    words = auction_words(trace)
    for m, market in enumerate(params.markets):
        row = {
            "clearing_price": prices[m],
            "mark": marks[m],
            "funding": trace.header_after.funding_index[m],
            "initial_weight": marks[m] * tick.fractions.initial_ppm[m],
            "maintenance_weight": marks[m] * tick.fractions.maintenance_ppm[m],
            "penalty_weight": prices[m] * market.liquidation_fee_ppm,
            "marginal_lots": 0,
            "marginal_remaining": 0,
            "auction_word": words[m],
        }
        values |= {f"table/{column}[{m}]": value for column, value in row.items()}
    return values


def _account_roots(trace: BatchTrace) -> Values:
    """Return the root before each lane, read off its path, and the one after the last."""
    paths = [lane.account_path for lane in trace.cash_lanes] + [lane.account_path for lane in trace.trade_lanes]
    paths.append(trace.fund_lane.account_path)
    roots = [poseidon(path[-1], tags.ACCOUNT_NODE) for path in paths] + [trace.header_after.accounts_root]
    return {f"accounts_root[{i}]": root for i, root in enumerate(roots)}


def _cash_totals(trace: BatchTrace) -> Values:
    words = get_bridge_words(trace)
    values = {f"lane[{i // N_BRIDGE_WORDS}]/bridge[{i % N_BRIDGE_WORDS}]": word for i, word in enumerate(words)}
    header, flows = trace.header_before, [lane.flows for lane in trace.cash_lanes]
    chains = {
        "queue": accumulate((flow.queue_entries for flow in flows), initial=header.queue_consumed),
        "vault": accumulate((flow.vault_e6 for flow in flows), initial=header.vault_e6),
        "base_fees": accumulate((flow.base_fees_e6 for flow in flows), initial=0),
        "rent": accumulate((flow.rent_atoms for flow in flows), initial=0),
        "usage": accumulate((flow.units for flow in flows), initial=0),
        "carry": [0, *(_sent(lane.op) for lane in trace.cash_lanes)],
    }
    return values | {f"{name}[{i}]": total for name, totals in chains.items() for i, total in enumerate(totals)}


def _sent(op: CashOp | None) -> int:
    """Return the transfer that a lane leaves to the next: recipient * 2**64 + amount, 0 for none."""
    return (op.recipient << AMOUNT_E6_BITS) + op.amount_e6 if isinstance(op, Transfer) else 0


def _trade_totals(trace: BatchTrace) -> Values:
    values: Values = {}
    lanes = trace.trade_lanes
    for m in range(MARKET_COUNT):
        moved = [_lots_moved(lane, m) for lane in lanes]
        values |= {f"ration[0][{m}]": 0}
        values |= {f"lots[{i}][{m}]": total for i, total in enumerate(accumulate(moved, initial=0))}
    fees = accumulate((_fees_of(trace, lane) for lane in lanes), initial=0)
    penalties = accumulate((lane.liquidation.penalty_atoms if lane.liquidation else 0 for lane in lanes), initial=0)
    values |= {f"fees[{i}]": total for i, total in enumerate(fees)}
    return values | {f"penalties[{i}]": total for i, total in enumerate(penalties)}


def _lots_moved(lane: TradeLaneTrace, market: int) -> int:
    """Return what a lane adds to a market's running total: net lots, fills, change of absolute size."""
    before, after = lane.before.sizes_lots[market], lane.after.sizes_lots[market]
    filled = sum(abs(lots) for traded, lots in list_fills(lane) if traded == market)
    return after - before + (filled << FILLS_SHIFT) + ((abs(after) - abs(before)) << CHANGE_SHIFT)


def _usage(trace: BatchTrace) -> Values:
    units = [count_cash_units(lane).packed for lane in trace.cash_lanes]
    units += [ORDER_FILL.packed * len(list_fills(lane)) for lane in trace.trade_lanes]
    return {f"usage[{i}]": total for i, total in enumerate(accumulate(units, initial=0))}


def _fees_of(trace: BatchTrace, lane: TradeLaneTrace) -> int:
    rate_ppm = trace.params.taker_fee_ppm[lane.before.tier]
    return sum(fill.fill_lots * trace.clearing_prices_ticks[fill.order.market] * rate_ppm for fill in lane.fills)
