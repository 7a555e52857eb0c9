"""What every lane reads of the tick: per-market tables, fees, the signing domain and the time, as ports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from circuits.linear import LC
from circuits.system import ConstraintSystem
from rollup.units import LOT_TICK_ATOMS, MARKET_COUNT, TIER_COUNT

PER_MARKET = ("clearing_price", "mark", "funding", "initial_weight", "maintenance_weight", "penalty_weight")


@dataclass(frozen=True)
class Tables:
    """Prices in ticks (48 bits); funding in atoms a lot (signed, 72 bits); weights are price * ppm (68 bits)."""

    clearing_price: Sequence[LC]
    mark: Sequence[LC]
    funding: Sequence[LC]
    initial_weight: Sequence[LC]  # mark * initial_ppm
    maintenance_weight: Sequence[LC]  # mark * maintenance_ppm
    penalty_weight: Sequence[LC]  # clearing price * liquidation_fee_ppm
    taker_fee_ppm: Sequence[LC]  # by tier
    domain: LC
    timestamp: LC

    def value_per_lot(self, market: int) -> LC:
        """Return what one lot is worth against the funding-folded cash: mark * 10**6 - F, in atoms."""
        return self.mark[market] * LOT_TICK_ATOMS - self.funding[market]


def table_ports(cs: ConstraintSystem) -> Tables:
    """Return the tables as ports named table/{column}[m], table/taker_fee_ppm[t], table/domain, table/timestamp."""
    with cs.scope("table"):
        columns = {column: [cs.port(f"{column}[{m}]") for m in range(MARKET_COUNT)] for column in PER_MARKET}
        return Tables(
            **columns,
            taker_fee_ppm=[cs.port(f"taker_fee_ppm[{t}]") for t in range(TIER_COUNT)],
            domain=cs.port("domain"),
            timestamp=cs.port("timestamp"),
        )
