"""The bus of a batch by name: what chains its instances, read off the trace."""

from __future__ import annotations

from itertools import accumulate

from circuits.batch import PUBLIC_INPUTS
from circuits.lanes.cash import N_BRIDGE_WORDS
from circuits.lanes.fund import FILLS_SHIFT
from circuits.rescue_bus import compute_lots_moved, compute_rescue_bus
from rollup import tags
from rollup.fund import compute_notional
from rollup.poseidon import poseidon
from rollup.public_inputs import compute_public_inputs, get_bridge_words
from rollup.trace import BatchTrace, TradeLaneTrace
from rollup.txs import Deposit, Withdraw
from rollup.units import MARKET_COUNT, TIER_COUNT

Values = dict[str, int]


def compute_bus(trace: BatchTrace) -> Values:
    """Return every bus wire's value by name."""
    bus: Values = dict(zip(PUBLIC_INPUTS, compute_public_inputs(trace), strict=True))
    bus |= _table_values(trace)
    bus |= {f"{name}_hash": getattr(trace.header_after, f"{name}_hash") for name in ("markets", "resources", "oracle")}
    bus |= _account_roots(trace)
    bus |= _cash_totals(trace)
    bus |= compute_rescue_bus(trace)
    bus |= _trade_totals(trace)
    bus |= _fund_totals(trace)
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
            "auction_word": 0,
        }
        values |= {f"table/{column}[{m}]": value for column, value in row.items()}
    return values


def _account_roots(trace: BatchTrace) -> Values:
    """Return the root before each lane, read off its path, and the one after the last."""
    paths = [lane.account_path for lane in trace.cash_lanes]
    paths += [lane.account_path for lane in trace.rescue_lanes]
    paths += [lane.account_path for lane in trace.trade_lanes]
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


def _trade_totals(trace: BatchTrace) -> Values:
    values: Values = {}
    lanes = trace.trade_lanes
    for m in range(MARKET_COUNT):
        rescued = [compute_lots_moved(lane.before, lane.after, m) for lane in trace.rescue_lanes]
        traded = [lane.after.sizes_lots[m] - lane.before.sizes_lots[m] for lane in lanes]
        moved = [*rescued, *traded, _fund_lots(trace, m)]
        values |= {f"lots[{i}][{m}]": total for i, total in enumerate(accumulate(moved, initial=0))}
    fees = accumulate((_fees_of(trace, lane) for lane in lanes), initial=0)
    penalties = accumulate((lane.liquidation.penalty_atoms if lane.liquidation else 0 for lane in lanes), initial=0)
    values |= {f"fees[{i}]": total for i, total in enumerate(fees)}
    return values | {f"penalties[{i}]": total for i, total in enumerate(penalties)}


def _fees_of(trace: BatchTrace, lane: TradeLaneTrace) -> int:
    rate_ppm = trace.params.taker_fee_ppm[lane.before.tier]
    return sum(fill.fill_lots * trace.clearing_prices_ticks[fill.order.market] * rate_ppm for fill in lane.fills)


def _fund_lots(trace: BatchTrace, market: int) -> int:
    """Return what the FundLane adds to the market's running total: its fill counts as traded."""
    lane = trace.fund_lane
    filled = lane.fill.fill_lots if lane.fill and lane.fill.market == market else 0
    return compute_lots_moved(lane.fund_before, lane.fund_after, market) + (filled << FILLS_SHIFT)


def _fund_totals(trace: BatchTrace) -> Values:
    after = trace.header_after.resources.fund_budget
    spent = compute_notional(trace.fund_lane.fill, trace.clearing_prices_ticks)
    values: Values = {"budget[0]": after + spent, "budget[1]": after, "fund_band_ppm": trace.params.fund_band_ppm}
    return values | {"base_fees_e6": 0, "tips_e6": 0}
