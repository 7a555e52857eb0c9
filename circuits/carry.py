"""What one RescueLane hands to the next: fund equity, a victim's rest, half a forced trade. Twin of `rollup.rescue`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from circuits.linear import LC
from circuits.system import ConstraintSystem
from rollup.units import MARKET_COUNT

SCALARS = (
    "fund_equity",
    "deficit",
    "notional",
    "last_market",
    "last_notional",
    "last_equity",
    "first_leg",
    "first_account",
)
# 0 before the first RescueLane and after the last; the place in the order may be any: a victim sets it anew
NOTHING_CARRIED = ("deficit", "notional", "first_leg", *(f"left[{m}]" for m in range(MARKET_COUNT)))


@dataclass(frozen=True)
class Carry:
    """The chain before or after one RescueLane.

    A victim is being deleveraged exactly while `notional` is not 0. Bounds: |fund_equity| < 2**136 (2**11 equities),
    |left| < 2**48, deficit < 2**125, notional < 2**100, last_notional < 2**96, |last_equity| < 2**125.
    """

    fund_equity: LC  # at the marks, takeovers of this batch included, atoms
    left: Sequence[LC]  # signed lots of the victim that nobody has taken yet, by market
    deficit: LC  # of the victim, that nobody bears yet, atoms
    notional: LC  # sum |left_m| * P_m, 1e-12 USD
    last_market: LC  # the counterparty before: its market, |s_m| * P_m there, and its equity
    last_notional: LC
    last_equity: LC
    first_leg: LC  # 0, or what the first leg of a forced trade says of both (`circuits/forced_trade.py`)
    first_account: LC


def carry_ports(cs: ConstraintSystem, end: str) -> Carry:
    """Return the chain at one end of a lane as ports carry_{end}/left[m] and carry_{end}/{scalar}."""
    with cs.scope(f"carry_{end}"):
        scalars: dict[str, Any] = {name: cs.port(name) for name in SCALARS}
        return Carry(left=[cs.port(f"left[{m}]") for m in range(MARKET_COUNT)], **scalars)


def assert_nothing_carried(cs: ConstraintSystem, end: str) -> None:
    """Constrain that nothing is carried into the first RescueLane (end "start") or out of the last ("end").

    Constraints: 19, named carry_{end}/...
    """
    with cs.scope(f"carry_{end}"):
        for name in NOTHING_CARRIED:
            cs.assert_zero(cs.port(name), name=f"{name}/is_zero")
