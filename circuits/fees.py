"""What a fill costs: the order charge at the first fill, the rate of its trading fee. Twin of rollup/fees.py."""

from __future__ import annotations

from dataclasses import dataclass

from circuits.bits import is_zero
from circuits.linear import LC
from circuits.select import select
from circuits.system import ConstraintSystem


@dataclass(frozen=True)
class OrderCharge:
    """What an order pays once, in 1e-6 USD: the base fee goes to the insurance fund, the tip to the treasury."""

    base_fee_e6: LC
    tip_e6: LC


def charge_first_fill(
    cs: ConstraintSystem, *, active: LC, filled_before: LC, order_fee_e6: LC, tip_e6: LC
) -> OrderCharge:
    """Return the batch's order fee and the order's tip where this is an order's first fill, else zeros.

    Constraints: 5, named first_fill/...
    """
    untouched = is_zero(cs, filled_before, name="first_fill/is_untouched")
    first = cs.mul(active, untouched, name="first_fill/flag")
    return OrderCharge(
        base_fee_e6=cs.mul(first, order_fee_e6, name="first_fill/base_fee"),
        tip_e6=cs.mul(first, tip_e6, name="first_fill/tip"),
    )


def compute_fee_rate(cs: ConstraintSystem, post_only: LC, taker_fee_ppm: LC, maker_fee_ppm: LC) -> LC:
    """Return the maker rate for a post-only order, which may be negative, else the taker rate. Constraints: 1."""
    return select(cs, post_only, maker_fee_ppm, taker_fee_ppm, name="fee_rate")
