"""The mutation run of TradeLanes and QuoteLanes: every constraint class dropped in turn, something must notice."""

from __future__ import annotations

from circuits.mutants import Report, run_mutants
from tests.circuits.forging import Forged
from tests.circuits.honest_lanes import get_scene, get_scene_names
from tests.circuits.lane_cases import kernel_hashing
from tests.circuits.trade_forgeries import forge_lanes
from tests.circuits.trade_scenes import LaneKind

__all__ = ["KINDS", "load_trade_catalogues", "run_trade_mutants"]

# a lane of more orders repeats what the second adds
KINDS = (LaneKind(1), LaneKind(2), LaneKind(2, is_quote=True))


def run_trade_mutants(lane: LaneKind, sample: int | None = None, *, seed: int = 0) -> Report:
    """Return the report on one of `KINDS`: of all constraint classes, or of a sample. No move counts."""
    with kernel_hashing():
        honest = [get_scene(name, lane).inputs for name in get_scene_names(lane)]
        attacks = [forged.to_attack() for forged in forge_lanes(lane)]
        vary = lane.load().vary
        return run_mutants(lane.name, lane.build, honest, attacks, sample, seed=seed, moves=False, vary_witness=vary)


def load_trade_catalogues() -> dict[str, tuple[Forged, ...]]:
    """Return the forgeries of each of `KINDS`, by the template's name."""
    with kernel_hashing():
        return {lane.name: forge_lanes(lane) for lane in KINDS}
