"""What happens in a node, as it is told: to those who listen, and to those who ask later."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from sequencer.node.view_types import BatchView, EntryView

__all__ = ["AuctionSeen", "Event", "FillSeen", "OrderClosed", "PositionGone", "RescueKind", "RescueSeen"]


@dataclass(frozen=True)
class FillSeen:
    """An order traded."""

    batch_number: int
    account: int
    market: int
    side: int
    slot: int
    nonce: int
    size_lots: int
    price_ticks: int
    charge_atoms: int  # base fee and tip
    trading_fee_atoms: int  # negative: a rebate; of a liquidation the penalty
    timestamp_s: int
    is_liquidation: bool = False


@dataclass(frozen=True)
class OrderClosed:
    """An order left the book without trading all it asked for."""

    account: int
    slot: int
    nonce: int
    reason: str  # code of an error, or "cancelled", "replaced", "expired", "filled"


@dataclass(frozen=True)
class AuctionSeen:
    """A market cleared."""

    batch_number: int
    market: int
    price_ticks: int
    volume_lots: int
    timestamp_s: int


class RescueKind(StrEnum):
    """How an account ended that nothing could be done for."""

    TAKEOVER = "takeover"  # the insurance fund took positions, cash and debt
    DELEVERAGING = "deleveraging"  # counterparties took the positions, and the debt in parts


@dataclass(frozen=True)
class PositionGone:
    """A position that an account lost."""

    market: int
    size_lots: int
    price_ticks: int  # the mark, at which it went


@dataclass(frozen=True)
class RescueSeen:
    """An account lost all its positions: taken over, or deleveraged. equity_atoms: before it, below 0 a debt."""

    batch_number: int
    account: int
    kind: RescueKind
    positions: tuple[PositionGone, ...]
    equity_atoms: int
    counterparties: tuple[int, ...]  # accounts that were deleveraged with it
    timestamp_s: int


Event: TypeAlias = FillSeen | OrderClosed | RescueSeen | AuctionSeen | BatchView | EntryView
