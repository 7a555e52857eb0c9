"""The mutation run of the TradeLanes: every constraint class dropped in turn, something must notice."""

from __future__ import annotations

from circuits.lanes.trade import build_trade_lane
from circuits.mutants import Report, run_mutants
from circuits.system import ConstraintSystem
from tests.circuits.lane_cases import kernel_hashing
from tests.circuits.trade_cases import load_trade_lane
from tests.circuits.trade_forgeries import forge_trade_lanes
from tests.circuits.trade_scenes import get_scene, get_scene_names

__all__ = ["run_trade_mutants"]


def run_trade_mutants(capacity: int, sample: int | None = None, *, seed: int = 0) -> Report:
    """Return the report on TradeLane(capacity), capacity 1 or 2: of all constraint classes, or of a sample."""

    def build(cs: ConstraintSystem) -> None:
        build_trade_lane(cs, capacity)

    with kernel_hashing():
        honest = [get_scene(name, capacity).inputs for name in get_scene_names(capacity)]
        attacks = [forged.to_attack() for forged in forge_trade_lanes(capacity)]
        lane = load_trade_lane(capacity)
        return run_mutants(f"TradeLane({capacity})", build, honest, attacks, sample, seed=seed, vary_witness=lane.vary)
