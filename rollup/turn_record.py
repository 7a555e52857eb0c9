"""What a TradeLane or QuoteLane publishes: its account once, then a fill for each of its places."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final

from rollup.orders import unpack_slot
from rollup.records import FILL_WORDS, TURN_WORDS
from rollup.trace import FillTrace, LiquidationTrace, TradeLaneTrace

__all__ = ["FLAG_LIQUIDATION", "NO_FILL", "FillRecord", "TurnRecord", "record_turn"]

FLAG_LIQUIDATION: Final = 8  # above the three flags of an order


@dataclass(frozen=True)
class FillRecord:
    """One fill; all zero where a place has none. A liquidation has neither slot nor step nor tip."""

    market: int
    side: int  # 0 buys, 1 sells
    lots: int
    slot: int
    nonce_step: int  # how far the order's nonce stands above its slot's
    tip_e6: int
    flags: int  # as signed: 1 IOC, 2 reduce-only, 4 post-only; 8: a liquidation, nothing signed

    @property
    def is_liquidation(self) -> bool:
        """Whether no order stands behind it."""
        return bool(self.flags & FLAG_LIQUIDATION)


NO_FILL: Final = FillRecord(0, 0, 0, 0, 0, 0, 0)


@dataclass(frozen=True)
class TurnRecord:
    """One lane; account 0 where it is unused."""

    account: int
    fills: tuple[FillRecord, ...]  # by place, `NO_FILL` where there is none

    def to_words(self) -> list[int]:
        """Return the words of `TURN_WORDS`, then those of `FILL_WORDS` a place."""
        words = [word.pack({"account": self.account}) for word in TURN_WORDS]
        return words + [word.pack(asdict(fill)) for fill in self.fills for word in FILL_WORDS]


def record_turn(lane: TradeLaneTrace) -> TurnRecord:
    """Return what a lane publishes."""
    fills = [NO_FILL] * lane.capacity
    for fill in lane.fills:
        fills[fill.place] = _record_fill(fill)
    if lane.liquidation:
        fills[0] = _record_liquidation(lane, lane.liquidation)
    is_used = bool(lane.fills or lane.liquidation)
    return TurnRecord(lane.account_id if is_used else 0, tuple(fills))


def _record_fill(fill: FillTrace) -> FillRecord:
    order, (slot_nonce, _) = fill.order, unpack_slot(fill.slot_before)
    terms = (order.market, order.side, fill.fill_lots)
    return FillRecord(*terms, order.slot, order.nonce - slot_nonce, order.tip_e6, order.flags)


def _record_liquidation(lane: TradeLaneTrace, liquidation: LiquidationTrace) -> FillRecord:
    side = int(lane.before.sizes_lots[liquidation.market] > 0)
    return FillRecord(liquidation.market, side, liquidation.fill_lots, 0, 0, 0, FLAG_LIQUIDATION)
