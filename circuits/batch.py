"""A batch's circuit: which templates, how often, and how the bus chains them. A shape is data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

from circuits.cash_bridge import N_BRIDGE_WORDS
from circuits.chains import Chains
from circuits.close import build_close
from circuits.lanes.cash import build_cash_lane
from circuits.lanes.fund import build_fund_lane
from circuits.lanes.quote import build_quote_lane
from circuits.lanes.trade import build_trade_lane
from circuits.template import Template, record_template
from circuits.tick import build_tick
from rollup.public_inputs import PublicInputs
from rollup.shapes import Shape

PUBLIC_INPUTS = PublicInputs._fields


@cache
def tick_template() -> Template:
    """Return the tick's template."""
    return record_template("Tick", build_tick)


@cache
def cash_lane_template() -> Template:
    """Return the CashLane's template."""
    return record_template("CashLane", build_cash_lane)


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
def close_template(n_cash_lanes: int) -> Template:
    """Return the template of the close of a batch with that many CashLanes."""
    return record_template(f"Close({n_cash_lanes})", lambda cs: build_close(cs, n_cash_lanes))


@dataclass(frozen=True)
class Instance:
    """One copy of a template and the bus wire behind each of its ports."""

    name: str
    template: Template
    wiring: dict[str, str]  # port -> bus name


@dataclass(frozen=True)
class BatchCircuit:
    """The circuit of one shape: instances in order, and the bus. Wire 0 is the constant one, then the public inputs."""

    shape: Shape
    instances: tuple[Instance, ...]
    bus: dict[str, int]

    @property
    def public_inputs(self) -> tuple[str, ...]:
        """The names of the public inputs, in order."""
        return PUBLIC_INPUTS

    @property
    def n_bus(self) -> int:
        """The number of bus wires, the constant one included."""
        return len(self.bus) + 1

    @property
    def n_constraints(self) -> int:
        """The number of constraints of the whole batch."""
        return sum(instance.template.n_rows for instance in self.instances)

    @property
    def domain_log2(self) -> int:
        """log2 of the evaluation domain: constraints and the rows that bind the public wires, padded."""
        return (self.n_constraints + len(PUBLIC_INPUTS)).bit_length()

    def port_map(self, instance: Instance) -> list[int]:
        """Return the bus wire of each port, in the template's port order."""
        return [self.bus[instance.wiring[port]] for port in instance.template.ports]

    def templates(self) -> list[Template]:
        """Return the distinct templates in order of first use."""
        return list(dict.fromkeys(instance.template for instance in self.instances))


@lru_cache(maxsize=8)
def build_batch_circuit(shape: Shape) -> BatchCircuit:
    """Return the circuit of a shape: tick, CashLanes, TradeLanes, QuoteLanes, FundLane, close."""
    chains = Chains()
    instances = [Instance("tick", tick_template(), _wire_tick())]
    lanes = [(f"cash[{i}]", cash_lane_template()) for i in range(shape.cash_lanes)]
    lanes += [(f"trade[{i}]", trade_lane_template(capacity)) for i, capacity in enumerate(shape.trade_capacities)]
    lanes += [(f"quote[{i}]", quote_lane_template(capacity)) for i, capacity in enumerate(shape.quote_capacities)]
    lanes.append(("fund", fund_lane_template()))
    for i, (name, template) in enumerate(lanes):
        bridge = {f"bridge[{j}]": f"lane[{i}]/bridge[{j}]" for j in range(N_BRIDGE_WORDS)}
        wiring = {port: bridge[port] for port in template.ports if port in bridge}
        wiring |= {port: chains.last(port) for port in ("penalties", "fees") if port in template.ports}
        instances.append(Instance(name, template, _tables(template) | wiring | chains.wire_lane(template.ports)))
    close = close_template(shape.cash_lanes)
    instances.append(Instance("close", close, _wire_close(close, chains)))
    return BatchCircuit(shape, tuple(instances), _number_bus(instances))


def _number_bus(instances: Iterable[Instance]) -> dict[str, int]:
    names = dict.fromkeys(PUBLIC_INPUTS)
    for instance in instances:
        assert set(instance.wiring) == set(instance.template.ports), f"{instance.name}: wiring does not fit the ports"
        names.update(dict.fromkeys(instance.wiring.values()))
    return {name: index for index, name in enumerate(names, start=1)}


def _tables(template: Template) -> dict[str, str]:
    return {port: port for port in template.ports if port.startswith("table/")}


def _wire_tick() -> dict[str, str]:
    """Return the tick's wiring: it opens the state that the first lanes take in, and refills the fund's budget."""
    chains = {"accounts_root": "accounts_root", "queue": "queue", "vault": "vault", "fund_budget": "budget"}
    first = {port: f"{chain}[0]" for port, chain in chains.items()}
    return {port: first.get(port, port) for port in tick_template().ports}


def _wire_close(template: Template, chains: Chains) -> dict[str, str]:
    """Return the close's wiring: the running totals at both ends, and the state that the last lane leaves."""
    ends = chains.wire_ends(template.ports)
    last = {"accounts_root": chains.last("root"), "queue": chains.last("queue"), "vault": chains.last("vault")}
    return {port: ends.get(port) or last.get(port, port) for port in template.ports}
