"""A batch's circuit: which templates, how often, and how the bus chains them. A shape is data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

from circuits.close import build_close
from circuits.lanes.cash import N_BRIDGE_WORDS, build_cash_lane
from circuits.lanes.fund import build_fund_lane
from circuits.lanes.trade import build_trade_lane
from circuits.template import Template, record_template
from circuits.tick import build_tick
from rollup.public_inputs import PublicInputs
from rollup.shapes import Shape
from rollup.units import MARKET_COUNT

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
    """Return the circuit of a shape: tick, CashLanes, TradeLanes, FundLane, close."""
    n_cash, n_trade = shape.cash_lanes, len(shape.trade_capacities)
    instances = [Instance("tick", tick_template(), _wire_tick())]
    for i in range(n_cash):
        instances.append(Instance(f"cash[{i}]", cash_lane_template(), _wire_cash(i)))
    for i, capacity in enumerate(shape.trade_capacities):
        instances.append(Instance(f"trade[{i}]", trade_lane_template(capacity), _wire_trade(i, n_cash)))
    instances.append(Instance("fund", fund_lane_template(), _wire_fund(n_cash + n_trade, n_trade)))
    instances.append(Instance("close", close_template(n_cash), _wire_close(n_cash, n_trade)))
    return BatchCircuit(shape, tuple(instances), _number_bus(instances))


def _number_bus(instances: Iterable[Instance]) -> dict[str, int]:
    names = dict.fromkeys(PUBLIC_INPUTS)
    for instance in instances:
        assert set(instance.wiring) == set(instance.template.ports), f"{instance.name}: wiring does not fit the ports"
        names.update(dict.fromkeys(instance.wiring.values()))
    return {name: index for index, name in enumerate(names, start=1)}


def _tables(template: Template) -> dict[str, str]:
    return {port: port for port in template.ports if port.startswith("table/")}


def _roots(i: int) -> dict[str, str]:
    return {"root_in": f"accounts_root[{i}]", "root_out": f"accounts_root[{i + 1}]"}


def _lots(port: str, i: int) -> dict[str, str]:
    return {f"{port}[{m}]": f"lots[{i}][{m}]" for m in range(MARKET_COUNT)}


def _wire_tick() -> dict[str, str]:
    same = ("old_state_root", "params_hash", "clock", "markets_hash", "resources_hash", "oracle_hash")
    start = {"accounts_root": "accounts_root[0]", "queue": "queue[0]", "vault": "vault[0]"}
    return {**_tables(tick_template()), **{name: name for name in same}, **start}


def _wire_cash(i: int) -> dict[str, str]:
    totals = {
        f"{name}_{end}": f"{name}[{i + step}]" for name in ("queue", "vault") for step, end in enumerate(("in", "out"))
    }
    bridge = {f"bridge[{j}]": f"lane[{i}]/bridge[{j}]" for j in range(N_BRIDGE_WORDS)}
    return {**_tables(cash_lane_template()), **_roots(i), **totals, **bridge}


def _wire_trade(i: int, n_cash: int) -> dict[str, str]:
    totals = {
        f"{name}_{end}": f"{name}[{i + step}]"
        for name in ("fees", "penalties")
        for step, end in enumerate(("in", "out"))
    }
    tables = _tables(trade_lane_template(1))
    return {**tables, **_roots(n_cash + i), **_lots("lots_in", i), **_lots("lots_out", i + 1), **totals}


def _wire_fund(lane: int, n_trade: int) -> dict[str, str]:
    return {**_roots(lane), "penalties": f"penalties[{n_trade}]", "fees": f"fees[{n_trade}]"}


def _wire_close(n_cash: int, n_trade: int) -> dict[str, str]:
    same = ("markets_hash", "resources_hash", "oracle_hash", "clock", "new_state_root", "data_commitment")
    words = [f"lane[{i}]/bridge[{j}]" for i in range(n_cash) for j in range(N_BRIDGE_WORDS)]
    return {
        **_lots("lots_start", 0),
        **_lots("lots_end", n_trade),
        "fees_start": "fees[0]",
        "penalties_start": "penalties[0]",
        "accounts_root": f"accounts_root[{n_cash + n_trade + 1}]",
        "queue": f"queue[{n_cash}]",
        "vault": f"vault[{n_cash}]",
        **{name: name for name in (*same, *words)},
    }
