"""What stands once in a batch, each alone: tick, FundLane, close and data, with inputs from a batch's trace."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache

from circuits.close import build_close
from circuits.data import build_data
from circuits.lanes.fund import build_fund_lane
from circuits.system import ConstraintSystem
from circuits.tick import build_tick
from rollup.shapes import TINY
from rollup.trace import BatchTrace
from tests.circuits.lane_cases import LoneTemplate, Values, get_instance_inputs
from tests.scenarios import Exchange, run_day

__all__ = [
    "BUILDS",
    "N_BRIDGE_LANES",
    "get_day",
    "get_idle",
    "load_frame",
    "make_close_case",
    "make_data_case",
    "make_fund_case",
    "make_tick_case",
]

N_BRIDGE_LANES = TINY.cash_lanes + TINY.rescue_lanes
BUILDS: dict[str, Callable[[ConstraintSystem], object]] = {
    "Tick": build_tick,
    "FundLane": build_fund_lane,
    "Close": build_close,
    "Data": lambda cs: build_data(cs, TINY),
}


@cache
def load_frame(name: str) -> LoneTemplate:
    """Return "Tick", "FundLane", "Close", or "Data" of the shape tiny; recorded once in a process."""
    return LoneTemplate(name, BUILDS[name])


@lru_cache(maxsize=1)
def get_day() -> dict[str, BatchTrace]:
    """Return the traces of one day on the shape tiny, by what happens in them."""
    return run_day()


@lru_cache(maxsize=1)
def get_idle() -> BatchTrace:
    """Return the trace of a batch in which nothing happens."""
    return Exchange().batch().trace


def make_tick_case(trace: BatchTrace) -> Values:
    """Return the tick's inputs."""
    return get_instance_inputs(trace, TINY, "tick")


def make_fund_case(trace: BatchTrace) -> Values:
    """Return the FundLane's inputs."""
    return get_instance_inputs(trace, TINY, "fund")


def make_data_case(trace: BatchTrace) -> Values:
    """Return the data's inputs."""
    return get_instance_inputs(trace, TINY, "data")


def make_close_case(trace: BatchTrace) -> Values:
    """Return the close's inputs."""
    return get_instance_inputs(trace, TINY, "close")
