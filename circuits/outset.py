"""What the tick leaves for the close: records of the state before, and what decides their next step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from circuits.linear import LC
from circuits.system import ConstraintSystem
from rollup.units import MARKET_COUNT, RESOURCE_COUNT

PER_MARKET = ("premium", "sample", "open_interest", "impact_lots")
PER_RESOURCE = ("base_fee", "target", "min_base_fee")
SCALARS = (
    "elapsed",
    "funding_window",
    "congestion_window",
    "congestion",
    "maintenance_factor",
    "pending_factor",
    "pending_since",
    "marks_hash",
    "funding_hash",
)


@dataclass(frozen=True)
class Outset:
    """Every value has been put in its range by the tick, or by the batch that stored it."""

    premium: Sequence[LC]  # before, 1e-12, signed, at most 10**12
    sample: Sequence[LC]  # of this batch's clearing price, likewise
    open_interest: Sequence[LC]  # before, lots, 60 bits
    impact_lots: Sequence[LC]  # 48 bits
    base_fee: Sequence[LC]  # before, atoms a unit, 64 bits
    target: Sequence[LC]  # units in this batch, 48 bits
    min_base_fee: Sequence[LC]  # 64 bits
    elapsed: LC  # seconds, 16 bits
    funding_window: LC  # seconds, 16 bits
    congestion_window: LC
    congestion: LC  # before, ppm
    maintenance_factor: LC  # of this batch: the close only commits to these three
    pending_factor: LC
    pending_since: LC
    marks_hash: LC  # of this batch
    funding_hash: LC


def outset_ports(cs: ConstraintSystem) -> Outset:
    """Return the outset as ports named outset/{column}[m], outset/{resource column}[r] and outset/{scalar}."""
    with cs.scope("outset"):
        markets: dict[str, Any] = {name: [cs.port(f"{name}[{m}]") for m in range(MARKET_COUNT)] for name in PER_MARKET}
        fees: dict[str, Any] = {name: [cs.port(f"{name}[{r}]") for r in range(RESOURCE_COUNT)] for name in PER_RESOURCE}
        scalars: dict[str, Any] = {name: cs.port(name) for name in SCALARS}
        return Outset(**markets, **fees, **scalars)
