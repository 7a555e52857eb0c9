"""Batches in which something crosses the bridge, with what they consume: for tests of the contract's side."""

from __future__ import annotations

from functools import cache

from rollup.rescue import ForcedTradeLeg
from rollup.shapes import TINY
from rollup.trace import BatchTrace
from tests.random_day import RandomDay
from tests.rescue_day import run_rescue_day
from tests.scenarios import run_day

__all__ = ["describe_lanes", "get_scripted_traces", "run_random_day"]


@cache
def run_random_day(seed: int, n_batches: int) -> tuple[BatchTrace, ...]:
    """Return consecutive batches of a random day. Deterministic."""
    day = RandomDay(seed)
    return tuple(day.run_batch().trace for _ in range(n_batches))


@cache
def get_scripted_traces() -> dict[str, BatchTrace]:
    """Return the batches of the scripted days, by what happens in them."""
    return run_day(TINY) | run_rescue_day(TINY)


def describe_lanes(trace: BatchTrace) -> set[str]:
    """Return what kinds of operations the Cash- and RescueLanes of a batch carry, and which failed."""
    cash = {f"{type(lane.op).__name__}{'' if lane.is_applied else ' failed'}" for lane in trace.cash_lanes if lane.op}
    ops = [lane.op for lane in trace.rescue_lanes]
    trades = {
        f"forced trade {'applied' if op.is_applied else 'dropped'}" for op in ops if isinstance(op, ForcedTradeLeg)
    }
    return cash | trades
