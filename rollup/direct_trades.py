"""What a batch's trace says was traded, as trades to settle directly."""

from __future__ import annotations

from collections.abc import Iterator

from rollup.direct import DirectTrade
from rollup.orders import unpack_slot
from rollup.trace import BatchTrace, FillTrace, TradeLaneTrace

__all__ = ["list_trades"]


def list_trades(trace: BatchTrace) -> list[DirectTrade]:
    """Return the batch's order fills and liquidation fills, lane by lane."""
    return [trade for turn, lane in enumerate(trace.order_lanes) for trade in _list_lane(trace, lane, turn)]


def _list_lane(trace: BatchTrace, lane: TradeLaneTrace, turn: int) -> Iterator[DirectTrade]:
    prices = trace.clearing_prices_ticks
    if lane.liquidation is not None:
        market = lane.liquidation.market
        closing = -1 if lane.before.sizes_lots[market] > 0 else 1
        delta_lots = closing * lane.liquidation.fill_lots
        yield DirectTrade(lane.account_id, market, delta_lots, prices[market], is_liquidation=True, turn=turn)
    for fill in lane.fills:
        order = fill.order
        yield DirectTrade(
            lane.account_id,
            order.market,
            order.direction * fill.fill_lots,
            prices[order.market],
            is_maker=order.is_post_only,
            is_first=_is_first(fill),
            tip_e6=order.tip_e6,
            turn=turn,
        )


def _is_first(fill: FillTrace) -> bool:
    nonce, filled_lots = unpack_slot(fill.slot_before)
    return nonce != fill.order.nonce or filled_lots == 0
