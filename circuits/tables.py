"""What every lane reads of the tick: per-market tables, fees, the signing domain and the time, as ports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from circuits.linear import LC
from circuits.system import ConstraintSystem
from rollup.units import LOT_TICK_ATOMS, MARKET_COUNT, TIER_COUNT

PER_MARKET = (
    "clearing_price",
    "mark",
    "funding",
    "initial_weight",
    "maintenance_weight",
    "penalty_weight",
    "marginal_lots",
    "marginal_remaining",
    "auction_word",
)
PER_TIER = ("taker_fee_ppm", "maker_fee_ppm")
SCALARS = ("domain", "timestamp", "stale", "order_fee_e6", "cash_fee_e6", "leaf_fee_e6", "rent_rate")


@dataclass(frozen=True)
class Tables:
    """Prices in ticks (48 bits); funding in atoms a lot (signed, 72 bits); weights are price * ppm (68 bits).

    Fees in ppm (20 bits; the maker's signed) and in 1e-6 USD (48 bits); rent in atoms a second (64 bits).
    """

    clearing_price: Sequence[LC]
    mark: Sequence[LC]
    funding: Sequence[LC]
    initial_weight: Sequence[LC]  # mark * initial_ppm
    maintenance_weight: Sequence[LC]  # mark * maintenance_ppm
    penalty_weight: Sequence[LC]  # clearing price * liquidation_fee_ppm
    marginal_lots: Sequence[LC]  # what the rationed side's marginal orders get together, 48 bits
    marginal_remaining: Sequence[LC]  # what they ask for together, 48 bits
    auction_word: Sequence[LC]  # cutoff 16 | rationed side | at_high | at_low
    taker_fee_ppm: Sequence[LC]  # by tier
    maker_fee_ppm: Sequence[LC]  # by tier, signed
    domain: LC
    timestamp: LC
    stale: LC  # boolean: without fresh prices nothing trades
    order_fee_e6: LC
    cash_fee_e6: LC
    leaf_fee_e6: LC
    rent_rate: LC

    def value_per_lot(self, market: int) -> LC:
        """Return what one lot is worth against the funding-folded cash: mark * 10**6 - F, in atoms."""
        return self.mark[market] * LOT_TICK_ATOMS - self.funding[market]


def table_ports(cs: ConstraintSystem) -> Tables:
    """Return the tables as ports named table/{column}[m], table/{fee}[tier] and table/{scalar}."""
    with cs.scope("table"):
        markets: dict[str, Any] = {
            column: [cs.port(f"{column}[{m}]") for m in range(MARKET_COUNT)] for column in PER_MARKET
        }
        tiers: dict[str, Any] = {fee: [cs.port(f"{fee}[{t}]") for t in range(TIER_COUNT)] for fee in PER_TIER}
        scalars: dict[str, Any] = {name: cs.port(name) for name in SCALARS}
        return Tables(**markets, **tiers, **scalars)
