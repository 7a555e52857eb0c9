"""What a RescueLane does, and what runs from one to the next: fund equity, a victim's rest, half a forced trade."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from rollup.accounts import Account
from rollup.deleverage import NOTHING_LEFT, Deleveraging
from rollup.rent import compute_rent
from rollup.tick import Tick
from rollup.txs.forced_trade import FirstLeg, ForcedLeg

__all__ = [
    "Carry",
    "Counterparty",
    "ForcedTradeLeg",
    "RescueOp",
    "Takeover",
    "Victim",
    "compute_lane_rent",
    "open_carry",
]


@dataclass(frozen=True)
class Takeover:
    """The fund takes all positions and all cash."""


@dataclass(frozen=True)
class Victim:
    """All positions and cash go; counterparties take the positions in the lanes that follow."""


@dataclass(frozen=True)
class Counterparty:
    """Takes lots of one market that a victim left."""

    market: int
    lots: int  # at least 1


@dataclass(frozen=True)
class ForcedTradeLeg:
    """One leg of a forced trade, and whether the trade is applied."""

    leg: ForcedLeg
    is_applied: bool


RescueOp: TypeAlias = Takeover | Victim | Counterparty | ForcedTradeLeg


@dataclass(frozen=True)
class Carry:
    """What a RescueLane hands to the next. Before the first and after the last it is free."""

    fund_equity_atoms: int  # at the marks, takeovers of this batch included
    deleveraging: Deleveraging
    first_leg: FirstLeg | None

    @property
    def is_free(self) -> bool:
        """Whether the next lane may begin anything."""
        return self.deleveraging.notional == 0 and self.first_leg is None


def open_carry(fund_equity_atoms: int) -> Carry:
    """Return what the first RescueLane is handed."""
    return Carry(fund_equity_atoms, NOTHING_LEFT, None)


def compute_lane_rent(op: RescueOp | None, before: Account, tick: Tick) -> int:
    """Return the rent a RescueLane charges, in atoms: none if it is unused or its forced trade is not applied."""
    is_dropped = isinstance(op, ForcedTradeLeg) and not op.is_applied
    return 0 if op is None or is_dropped else compute_rent(before, tick)
