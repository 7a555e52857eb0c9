"""What stands once in a batch, each alone: tick, FundLane and close, with inputs from a batch's trace."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache, lru_cache

from circuits.batch import build_batch_circuit
from circuits.bus import compute_bus
from circuits.close import build_close
from circuits.fund_inputs import fund_lane_inputs
from circuits.lane_inputs import tick_inputs
from circuits.lanes.fund import build_fund_lane
from circuits.system import ConstraintSystem
from circuits.tick import build_tick
from rollup.shapes import TINY
from rollup.trace import BatchTrace
from tests.circuits.lane_cases import LoneTemplate, Values
from tests.scenarios import Exchange, run_day

__all__ = [
    "BUILDS",
    "N_BRIDGE_LANES",
    "get_day",
    "get_idle",
    "load_frame",
    "make_close_case",
    "make_fund_case",
    "make_tick_case",
    "with_funding",
]

N_BRIDGE_LANES = TINY.cash_lanes + TINY.rescue_lanes
BUILDS: dict[str, Callable[[ConstraintSystem], object]] = {
    "Tick": build_tick,
    "FundLane": build_fund_lane,
    f"Close({N_BRIDGE_LANES})": lambda cs: build_close(cs, N_BRIDGE_LANES),
}


@cache
def load_frame(name: str) -> LoneTemplate:
    """Return "Tick", "FundLane" or "Close(2)"; recorded once in a process."""
    return LoneTemplate(name, BUILDS[name])


@lru_cache(maxsize=1)
def get_day() -> dict[str, BatchTrace]:
    """Return the traces of one day on the shape tiny, by what happens in them."""
    return run_day()


@lru_cache(maxsize=1)
def get_idle() -> BatchTrace:
    """Return the trace of a batch in which nothing happens."""
    return Exchange().batch().trace


def with_funding(trace: BatchTrace) -> BatchTrace:
    """Return the trace with a funding index of either sign and of full width in some markets, before and after."""
    funding = (10**12, -(10**13), 2**72 - 1, -(2**72) + 1, *(0,) * 12)
    before, after = trace.header_before, trace.header_after
    return replace(
        trace,
        header_before=replace(before, funding_index=funding),
        header_after=replace(after, funding_index=funding),
    )


def make_tick_case(trace: BatchTrace) -> Values:
    """Return the tick's inputs."""
    return _ports(trace, "tick") | tick_inputs(trace)


def make_fund_case(trace: BatchTrace) -> Values:
    """Return the FundLane's inputs."""
    return _ports(trace, "fund") | fund_lane_inputs(trace)


def make_close_case(trace: BatchTrace) -> Values:
    """Return the close's inputs."""
    return _ports(trace, "close")


def _ports(trace: BatchTrace, instance: str) -> Values:
    """Return what the bus of a batch of the shape tiny gives one instance."""
    bus, instances = compute_bus(trace), build_batch_circuit(TINY).instances
    wiring = next(part.wiring for part in instances if part.name == instance)
    return {port: bus[wire] for port, wire in wiring.items()}
