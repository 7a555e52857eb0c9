"""A batch's circuit: which templates, how often, and how the bus chains them. A shape is data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

from circuits.carry import NOTHING_CARRIED, SCALARS
from circuits.close import build_close
from circuits.lanes.cash import N_BRIDGE_WORDS, build_cash_lane
from circuits.lanes.fund import build_fund_lane
from circuits.lanes.rescue import build_rescue_lane
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
def rescue_lane_template() -> Template:
    """Return the RescueLane's template."""
    return record_template("RescueLane", build_rescue_lane)


@cache
def trade_lane_template(capacity: int) -> Template:
    """Return the template of TradeLane(capacity)."""
    return record_template(f"TradeLane({capacity})", lambda cs: build_trade_lane(cs, capacity))


@cache
def fund_lane_template() -> Template:
    """Return the FundLane's template."""
    return record_template("FundLane", build_fund_lane)


@cache
def close_template(n_bridge_lanes: int) -> Template:
    """Return the template of the close of a batch with that many CashLanes and RescueLanes."""
    return record_template(f"Close({n_bridge_lanes})", lambda cs: build_close(cs, n_bridge_lanes))


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
    """Return the circuit of a shape: tick, CashLanes, RescueLanes, TradeLanes, FundLane, close."""
    instances = [Instance("tick", tick_template(), _wire_tick())]
    for i in range(shape.cash_lanes):
        instances.append(Instance(f"cash[{i}]", cash_lane_template(), _wire_cash(i)))
    for i in range(shape.rescue_lanes):
        instances.append(Instance(f"rescue[{i}]", rescue_lane_template(), _wire_rescue(shape, i)))
    for i, capacity in enumerate(shape.trade_capacities):
        instances.append(Instance(f"trade[{i}]", trade_lane_template(capacity), _wire_trade(shape, i)))
    instances.append(Instance("fund", fund_lane_template(), _wire_fund(shape)))
    instances.append(Instance("close", close_template(_count_bridge_lanes(shape)), _wire_close(shape)))
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


def _count_bridge_lanes(shape: Shape) -> int:
    """Return how many lanes speak to the base layer: they come first."""
    return shape.cash_lanes + shape.rescue_lanes


def _chain(name: str, i: int) -> dict[str, str]:
    return {f"{name}_in": f"{name}[{i}]", f"{name}_out": f"{name}[{i + 1}]"}


def _bridge(lane: int) -> dict[str, str]:
    return {f"bridge[{j}]": f"lane[{lane}]/bridge[{j}]" for j in range(N_BRIDGE_WORDS)}


def _wire_cash(i: int) -> dict[str, str]:
    totals = {**_chain("queue", i), **_chain("vault", i)}
    return {**_tables(cash_lane_template()), **_roots(i), **totals, **_bridge(i)}


def _wire_rescue(shape: Shape, i: int) -> dict[str, str]:
    lane = shape.cash_lanes + i
    totals = {**_chain("takeover_cash", i), **_chain("rent", lane), **_chain("usage", lane), **_chain("queue", lane)}
    for step, end in enumerate(("in", "out")):
        totals |= _carry(f"carry_{end}", i + step) | _lots(f"lots_{end}", i + step)
        totals |= _takeovers(f"takeover_lots_{end}", i + step)
    return {**_tables(rescue_lane_template()), **_roots(lane), **totals, **_bridge(lane)}


def _carry(port: str, i: int) -> dict[str, str]:
    names = (*SCALARS, *(f"left[{m}]" for m in range(MARKET_COUNT)))
    return {f"{port}/{name}": f"carry[{i}]/{name}" for name in names}


def _takeovers(port: str, i: int) -> dict[str, str]:
    return {f"{port}[{m}]": f"takeover_lots[{i}][{m}]" for m in range(MARKET_COUNT)}


def _wire_trade(shape: Shape, i: int) -> dict[str, str]:
    lots = shape.rescue_lanes + i
    totals = {**_chain("fees", i), **_chain("penalties", i), **_lots("lots_in", lots), **_lots("lots_out", lots + 1)}
    return {**_tables(trade_lane_template(1)), **_roots(_count_bridge_lanes(shape) + i), **totals}


def _wire_fund(shape: Shape) -> dict[str, str]:
    n_rescue, n_trade = shape.rescue_lanes, len(shape.trade_capacities)
    lots = n_rescue + n_trade
    return {
        **_tables(fund_lane_template()),
        **_roots(_count_bridge_lanes(shape) + n_trade),
        **_lots("lots_in", lots),
        **_lots("lots_out", lots + 1),
        **_takeovers("takeover_lots", n_rescue),
        **_chain("usage", _count_bridge_lanes(shape)),
        **_chain("budget", 0),
        "takeover_cash": f"takeover_cash[{n_rescue}]",
        "fund_equity": "carry[0]/fund_equity",
        "rent": f"rent[{_count_bridge_lanes(shape)}]",
        "penalties": f"penalties[{n_trade}]",
        "fees": f"fees[{n_trade}]",
        **{name: name for name in ("base_fees_e6", "tips_e6", "fund_band_ppm")},
    }


def _wire_close(shape: Shape) -> dict[str, str]:
    same = ("markets_hash", "resources_hash", "oracle_hash", "clock", "new_state_root", "data_commitment")
    n_lanes, n_rescue, n_trade = _count_bridge_lanes(shape), shape.rescue_lanes, len(shape.trade_capacities)
    words = [wire for lane in range(n_lanes) for wire in _bridge(lane).values()]
    carried = _nothing_carried("carry_start", 0) | _nothing_carried("carry_end", n_rescue)
    return {
        **_lots("lots_start", 0),
        **_lots("lots_end", n_rescue + n_trade + 1),
        **_takeovers("takeover_lots_start", 0),
        **carried,
        "takeover_cash_start": "takeover_cash[0]",
        "fees_start": "fees[0]",
        "penalties_start": "penalties[0]",
        "accounts_root": f"accounts_root[{n_lanes + n_trade + 1}]",
        "queue": f"queue[{n_lanes}]",
        "vault": f"vault[{shape.cash_lanes}]",
        **{name: name for name in (*same, *words)},
    }


def _nothing_carried(port: str, i: int) -> dict[str, str]:
    wires = _carry(port, i)
    return {f"{port}/{name}": wires[f"{port}/{name}"] for name in NOTHING_CARRIED}
