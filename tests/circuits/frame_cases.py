"""What stands once in a batch, each alone: tick, FundLane and close, with inputs from a batch's trace."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache, lru_cache

from circuits.bus import compute_bus
from circuits.cash_bridge import N_BRIDGE_WORDS
from circuits.close import FROM_ZERO, build_close
from circuits.lane_inputs import fund_lane_inputs, tick_inputs
from circuits.lanes.fund import build_fund_lane
from circuits.system import ConstraintSystem
from circuits.tick import build_tick
from rollup.trace import BatchTrace
from rollup.units import MARKET_COUNT
from tests.circuits.lane_cases import LoneTemplate, Values
from tests.scenarios import Exchange, run_day

__all__ = [
    "BUILDS",
    "N_CASH_LANES",
    "get_day",
    "get_idle",
    "load_frame",
    "make_close_case",
    "make_fund_case",
    "make_tick_case",
    "with_funding",
]

N_CASH_LANES = 2  # of the shape tiny
BUILDS: dict[str, Callable[[ConstraintSystem], object]] = {
    "Tick": build_tick,
    "FundLane": build_fund_lane,
    f"Close({N_CASH_LANES})": lambda cs: build_close(cs, N_CASH_LANES),
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
    bus = compute_bus(trace)
    chained = {"accounts_root": "accounts_root[0]", "queue": "queue[0]", "vault": "vault[0]"}
    ports = {port: bus[chained.get(port, port)] for port in load_frame("Tick").template.ports}
    return ports | tick_inputs(trace)


def make_fund_case(trace: BatchTrace) -> Values:
    """Return the FundLane's inputs."""
    bus, n_trade = compute_bus(trace), len(trace.trade_lanes)
    lane = len(trace.cash_lanes) + n_trade
    roots = {"root_in": bus[f"accounts_root[{lane}]"], "root_out": bus[f"accounts_root[{lane + 1}]"]}
    dues = {"penalties": bus[f"penalties[{n_trade}]"], "fees": bus[f"fees[{n_trade}]"]}
    dues |= {name: bus[f"{name}[{len(trace.cash_lanes)}]"] for name in ("base_fees", "rent")}
    return roots | dues | fund_lane_inputs(trace.fund_lane)


def make_close_case(trace: BatchTrace) -> Values:
    """Return the close's inputs."""
    bus, n_cash, n_trade = compute_bus(trace), len(trace.cash_lanes), len(trace.trade_lanes)
    totals = {f"lots_start[{m}]": bus[f"lots[0][{m}]"] for m in range(MARKET_COUNT)}
    totals |= {f"lots_end[{m}]": bus[f"lots[{n_trade}][{m}]"] for m in range(MARKET_COUNT)}
    totals |= {f"{name}_start": bus[f"{name}[0]"] for name in FROM_ZERO} | {"carry_end": bus[f"carry[{n_cash}]"]}
    totals |= {"queue": bus[f"queue[{n_cash}]"], "vault": bus[f"vault[{n_cash}]"]}
    words = {f"lane[{i}]/bridge[{j}]" for i in range(n_cash) for j in range(N_BRIDGE_WORDS)}
    same = ("markets_hash", "resources_hash", "oracle_hash", "clock", "new_state_root", "data_commitment")
    root = {"accounts_root": bus[f"accounts_root[{n_cash + n_trade + 1}]"]}
    return totals | root | {name: bus[name] for name in (*same, *words)}
