"""A batch's circuit: which templates, how often, and how the bus chains them. A shape is data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

from circuits.assembly import Assembly, Instance, number_bus
from circuits.chains import Chains
from circuits.close import build_close
from circuits.data import build_data
from circuits.lanes.cash import build_cash_lane
from circuits.lanes.fund import build_fund_lane
from circuits.lanes.quote import build_quote_lane
from circuits.lanes.rescue import build_rescue_lane
from circuits.lanes.trade import build_trade_lane
from circuits.template import Template, record_template
from circuits.tick import build_tick
from rollup.public_inputs import PublicInputs
from rollup.shapes import Shape

PUBLIC_INPUTS = PublicInputs._fields
# what the FundLane reads beside tables and totals: a parameter, and what the RescueLanes took its equity for
_SCALARS = {"fund_band_ppm": "fund_band_ppm", "fund_equity": "carry[0]/fund_equity"}


@cache
def tick_template() -> Template:
    """Return the tick's template."""
    return record_template("Tick", build_tick)


@cache
def cash_lane_template() -> Template:
    """Return the CashLane's template."""
    return record_template("CashLane", build_cash_lane)


@cache
def rescue_lane_template() -> Template:
    """Return the RescueLane's template."""
    return record_template("RescueLane", build_rescue_lane)


@cache
def trade_lane_template(capacity: int) -> Template:
    """Return the template of TradeLane(capacity)."""
    return record_template(f"TradeLane({capacity})", lambda cs: build_trade_lane(cs, capacity))


@cache
def quote_lane_template(capacity: int) -> Template:
    """Return the template of QuoteLane(capacity)."""
    return record_template(f"QuoteLane({capacity})", lambda cs: build_quote_lane(cs, capacity))


@cache
def fund_lane_template() -> Template:
    """Return the FundLane's template."""
    return record_template("FundLane", build_fund_lane)


@cache
def close_template() -> Template:
    """Return the close's template."""
    return record_template("Close", build_close)


@lru_cache(maxsize=8)
def data_template(shape: Shape) -> Template:
    """Return the template of what ties a batch of the shape to the base layer."""
    return record_template(f"Data({shape.name})", lambda cs: build_data(cs, shape))


@dataclass(frozen=True)
class BatchCircuit(Assembly):
    """The circuit of one shape, named after it."""

    shape: Shape


@lru_cache(maxsize=8)
def build_batch_circuit(shape: Shape) -> BatchCircuit:
    """Return the circuit of a shape: tick, CashLanes, RescueLanes, TradeLanes, QuoteLanes, FundLane, close, data."""
    chains = Chains()
    instances = [Instance("tick", tick_template(), _wire_tick())]
    lanes = [(f"cash[{i}]", cash_lane_template()) for i in range(shape.cash_lanes)]
    lanes += [(f"rescue[{i}]", rescue_lane_template()) for i in range(shape.rescue_lanes)]
    lanes += [(f"trade[{i}]", trade_lane_template(capacity)) for i, capacity in enumerate(shape.trade_capacities)]
    lanes += [(f"quote[{i}]", quote_lane_template(capacity)) for i, capacity in enumerate(shape.quote_capacities)]
    lanes.append(("fund", fund_lane_template()))
    for i, (name, template) in enumerate(lanes):
        instances.append(Instance(name, template, _wire_lane(template, i, chains)))
    instances.append(Instance("close", close_template(), _wire_close(chains)))
    instances.append(Instance("data", data_template(shape), _wire_data(data_template(shape), chains)))
    bus = number_bus(PUBLIC_INPUTS, instances)
    return BatchCircuit(shape.name, tuple(instances), bus, PUBLIC_INPUTS, shape)


def _wire_lane(template: Template, lane: int, chains: Chains) -> dict[str, str]:
    """Return a lane's wiring: tables as they are, words of its own, chained values; else what is due by now."""
    wiring = {port: _SCALARS.get(port, port) for port in template.ports if _is_shared(port)}
    wiring |= {port: f"lane[{lane}]/{port}" for port in template.ports if port.startswith(("bridge[", "data["))}
    chained = chains.wire_lane(template.ports)
    due = [port for port in template.ports if port not in wiring and port not in chained]
    return wiring | chained | {port: chains.last(port) for port in due}


def _is_shared(port: str) -> bool:
    return port.startswith("table/") or port in _SCALARS


def _wire_tick() -> dict[str, str]:
    """Return the tick's wiring: it opens the state that the first lanes take in, and refills the fund's budget."""
    chains = {"accounts_root": "accounts_root", "queue": "queue", "vault": "vault", "fund_budget": "budget"}
    first = {port: f"{chain}[0]" for port, chain in chains.items()}
    return {port: first.get(port, port) for port in tick_template().ports}


def _wire_close(chains: Chains) -> dict[str, str]:
    """Return the close's wiring: the running totals at both ends, and the state that the last lane leaves."""
    ports = close_template().ports
    ends = chains.wire_ends(ports)
    last = {"accounts_root": chains.last("root"), "queue": chains.last("queue"), "vault": chains.last("vault")}
    return {port: ends.get(port) or last.get(port, port) for port in ports}


def _wire_data(template: Template, chains: Chains) -> dict[str, str]:
    """Return the data's wiring: the queue's count at both ends, all else under its own name."""
    ends = chains.wire_ends(template.ports)
    return {port: ends.get(port, port) for port in template.ports}
