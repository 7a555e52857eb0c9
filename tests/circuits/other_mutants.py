"""The mutation runs of all that is no TradeLane or QuoteLane: each class dropped, something must notice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from circuits.exit import build_exit
from circuits.lanes.cash import build_cash_lane
from circuits.lanes.rescue import build_rescue_lane
from circuits.mutants import Report, run_mutants
from circuits.variation import Build
from tests.circuits.cash_cases import load_cash_lane
from tests.circuits.cash_forgeries import cash_forgeries
from tests.circuits.cash_scenes import CONTRASTS, honest_cash_cases
from tests.circuits.close_forgeries import CLOSE, forge_closes, get_honest_closes
from tests.circuits.data_forgeries import DATA, forge_data, get_honest_data
from tests.circuits.exit_cases import get_honest_exits, load_exit_template
from tests.circuits.exit_forgeries import forge_exits
from tests.circuits.forging import Forged
from tests.circuits.frame_cases import BUILDS, load_frame
from tests.circuits.fund_forgeries import forge_fund_lanes, get_honest_fund_lanes
from tests.circuits.horner_cases import build_horner, load_horner
from tests.circuits.horner_forgeries import N, forge_horner, get_honest_evaluations
from tests.circuits.lane_cases import LoneTemplate, Values, kernel_hashing
from tests.circuits.rescue_cases import load_rescue_lane
from tests.circuits.rescue_forgeries import forge_rescues
from tests.circuits.rescue_scenes import get_rescue_scenes
from tests.circuits.tick_forgeries import forge_ticks, get_honest_ticks

__all__ = ["TEMPLATES", "load_catalogues", "run_mutants_of"]

_Catalogue: TypeAlias = tuple[Build, LoneTemplate, Sequence[Values], Sequence[Forged]]


def _load_cash() -> _Catalogue:
    cases = honest_cash_cases()
    return build_cash_lane, load_cash_lane(), [cases[name].inputs for name in CONTRASTS], cash_forgeries()


def _load_rescue() -> _Catalogue:
    honest = [case.inputs for case in get_rescue_scenes().values()]
    return build_rescue_lane, load_rescue_lane(), honest, forge_rescues()


def _load_horner() -> _Catalogue:
    return build_horner(N), load_horner(N), get_honest_evaluations(), forge_horner()


def _load_exit() -> _Catalogue:
    return build_exit, load_exit_template(), list(get_honest_exits().values()), forge_exits()


def _load_frame(
    name: str, honest: Callable[[], dict[str, Values]], forge: Callable[[], list[Forged]]
) -> Callable[[], _Catalogue]:
    return lambda: (BUILDS[name], load_frame(name), list(honest().values()), forge())


_CATALOGUES: dict[str, Callable[[], _Catalogue]] = {
    "CashLane": _load_cash,
    "RescueLane": _load_rescue,
    "Tick": _load_frame("Tick", get_honest_ticks, forge_ticks),
    "FundLane": _load_frame("FundLane", get_honest_fund_lanes, forge_fund_lanes),
    CLOSE: _load_frame(CLOSE, get_honest_closes, forge_closes),
    DATA: _load_frame(DATA, get_honest_data, forge_data),
    f"Horner({N})": _load_horner,
    "Exit": _load_exit,
}
TEMPLATES = tuple(_CATALOGUES)


def run_mutants_of(name: str, sample: int | None = None, *, seed: int = 0) -> Report:
    """Return the report on one of `TEMPLATES`: of all classes, or of a sample. No move counts as a notice."""
    with kernel_hashing():
        build, lane, honest, forgeries = _CATALOGUES[name]()
        attacks = [forged.to_attack() for forged in forgeries]
        return run_mutants(name, build, honest, attacks, sample, seed=seed, moves=False, vary_witness=lane.vary)


def load_catalogues() -> dict[str, Sequence[Forged]]:
    """Return the forgeries of each of `TEMPLATES`, by the template's own name: half a minute."""
    with kernel_hashing():
        loaded = [load() for load in _CATALOGUES.values()]
    return {lane.template.name: forgeries for _, lane, _, forgeries in loaded}
