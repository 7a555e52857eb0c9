"""The bus of a batch by name: what chains its instances, read off the trace."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from circuits.account_inputs import Values
from circuits.batch import (
    PUBLIC_INPUTS,
    cash_lane_template,
    close_template,
    fund_lane_template,
    quote_lane_template,
    rescue_lane_template,
    trade_lane_template,
)
from circuits.cash_bridge import N_BRIDGE_WORDS
from circuits.chains import Chains
from circuits.lane_inputs import Prices
from circuits.order_totals import sum_order_lane
from circuits.rescue_totals import carry_values_of, sum_fund_lane, sum_rescue_lane
from circuits.tick_inputs import outset_values
from rollup import tags
from rollup.batch_record import record_batch
from rollup.poseidon import poseidon
from rollup.public_inputs import LONE_POINT, compute_public_inputs, get_bridge_words
from rollup.trace import BatchTrace, CashLaneTrace
from rollup.txs import Transfer
from rollup.units import AMOUNT_E6_BITS, TIER_COUNT


def compute_bus(trace: BatchTrace, z: int = LONE_POINT) -> Values:
    """Return every bus wire's value by name."""
    bus: Values = dict(zip(PUBLIC_INPUTS, compute_public_inputs(trace, z), strict=True))
    bus |= _table_values(trace)
    bus |= outset_values(trace)
    bus |= {"oracle_hash": trace.header_after.oracle_hash, "fund_band_ppm": trace.params.fund_band_ppm}
    bus |= {f"signer_time[{i}]": time_s for i, time_s in enumerate(trace.header_after.signer_times_s)}
    bus["clock"] = trace.header_after.clock
    bus |= _published_words(trace)
    bus |= _account_roots(trace)
    bus |= _bridge_words(trace)
    bus |= _running_totals(trace)
    return bus | carry_values_of(trace)


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
    paths = [lane.account_path for lane in trace.cash_lanes]
    paths += [lane.account_path for lane in trace.rescue_lanes]
    paths += [lane.account_path for lane in trace.order_lanes]
    paths.append(trace.fund_lane.account_path)
    roots = [poseidon(path[-1], tags.ACCOUNT_NODE) for path in paths] + [trace.header_after.accounts_root]
    return {f"accounts_root[{i}]": root for i, root in enumerate(roots)}


def _bridge_words(trace: BatchTrace) -> Values:
    words = enumerate(get_bridge_words(trace))
    return {f"lane[{i // N_BRIDGE_WORDS}]/bridge[{i % N_BRIDGE_WORDS}]": word for i, word in words}


def _published_words(trace: BatchTrace) -> Values:
    """Return what each lane publishes, the FundLane last."""
    lanes = enumerate(record_batch(trace).lanes)
    return {f"lane[{i}]/data[{j}]": word for i, lane in lanes for j, word in enumerate(lane.to_words())}


def _running_totals(trace: BatchTrace) -> Values:
    """Return every link of every running total: what a lane takes in, and what it adds to it."""
    header, budget = trace.header_before, trace.tick.header.resources.fund_budget
    values: Values = {"queue[0]": header.queue_consumed, "vault[0]": header.vault_e6, "budget[0]": budget}
    chains = Chains()
    for ports, added in _lanes(trace):
        wiring = chains.wire_lane(port for port in ports if not port.startswith(("root_", "carry_")))
        for port, wire in wiring.items():
            if "_out" in port:
                before = values.setdefault(wiring[port.replace("_out", "_in")], 0)
                values[wire] = before + added.get(port.replace("_out", ""), 0)
    starts = chains.wire_ends(port for port in close_template().ports if "_start" in port)
    return dict.fromkeys(starts.values(), 0) | values  # also of totals that no lane of this shape carries


def _lanes(trace: BatchTrace) -> Iterator[tuple[Sequence[str], Values]]:
    """Yield each lane's ports and what it adds to the totals that it carries, in order."""
    prices, position, sent = Prices(trace), 0, 0
    for cash_lane in trace.cash_lanes:
        sending = _sent(cash_lane)
        yield cash_lane_template().ports, _cash_sums(cash_lane) | {"transfer": sending - sent}
        sent = sending
    for rescue_lane in trace.rescue_lanes:
        yield rescue_lane_template().ports, sum_rescue_lane(trace, rescue_lane)
    for lanes, template in ((trace.trade_lanes, trade_lane_template), (trace.quote_lanes, quote_lane_template)):
        for lane in lanes:
            sums = sum_order_lane(lane, prices, position)
            yield template(lane.capacity).ports, {chain + index: added for (chain, index), added in sums.items()}
            position += lane.capacity
    yield fund_lane_template().ports, sum_fund_lane(trace)


def _cash_sums(lane: CashLaneTrace) -> Values:
    flows = lane.flows
    return {
        "queue": flows.queue_entries,
        "vault": flows.vault_e6,
        "base_fees_e6": flows.base_fees_e6,
        "rent": flows.rent_atoms,
        "usage": flows.units,
    }


def _sent(lane: CashLaneTrace) -> int:
    """Return the transfer that a lane leaves to the next: recipient * 2**64 + amount, 0 for none."""
    op = lane.op
    return (op.recipient << AMOUNT_E6_BITS) + op.amount_e6 if isinstance(op, Transfer) else 0
