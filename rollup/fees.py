"""What a fill costs: the trading fee by tier, and the order charge at the first fill."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rollup.orders import OrderTerms
from rollup.units import ATOMS_PER_E6

__all__ = ["OrderCharge", "compute_fee_rate_ppm", "compute_order_charge", "compute_trading_fee"]


class OrderCharge(NamedTuple):
    """What an order pays once, in 1e-6 USD: the base fee goes to the insurance fund, the tip to the treasury."""

    fee_e6: int
    tip_e6: int

    @property
    def atoms(self) -> int:
        """Both together, in atoms."""
        return (self.fee_e6 + self.tip_e6) * ATOMS_PER_E6


def compute_fee_rate_ppm(
    order: OrderTerms, tier: int, taker_fee_ppm: Sequence[int], maker_fee_ppm: Sequence[int]
) -> int:
    """Return the maker rate of the tier for a post-only order, which may be negative, else the taker rate."""
    return maker_fee_ppm[tier] if order.is_post_only else taker_fee_ppm[tier]


def compute_trading_fee(fill_lots: int, price_ticks: int, rate_ppm: int) -> int:
    """Return the trading fee of a fill, in atoms, negative for a rebate. Exact: lots * ticks * ppm is atoms."""
    return fill_lots * price_ticks * rate_ppm


def compute_order_charge(order: OrderTerms, filled_lots: int, order_fee_e6: int) -> OrderCharge:
    """Return what a fill of this order pays: the batch's order fee and its tip if it is the first, else nothing."""
    return OrderCharge(order_fee_e6, order.tip_e6) if filled_lots == 0 else OrderCharge(0, 0)
