"""What a batch's trace says was done, as trades and rescues to settle directly."""

from __future__ import annotations

from collections.abc import Iterator

from rollup.direct import DirectTrade
from rollup.direct_rescue import DirectDeleveraging, DirectHouse, DirectRescue, DirectTakeover
from rollup.orders import unpack_slot
from rollup.rescue import Counterparty, ForcedTradeLeg, Takeover, Victim
from rollup.trace import BatchTrace, FillTrace, TradeLaneTrace
from rollup.txs import ForcedTrade

__all__ = ["list_rescues", "list_trades", "settle_trace"]


def settle_trace(house: DirectHouse, trace: BatchTrace) -> None:
    """Book what the batch did: cash operations, rescues, the auction. Raises DirectRefused, DirectMarginBroken."""
    tick, header, prices_ticks = trace.tick, trace.header_after, trace.clearing_prices_ticks
    house.open_batch(tick)
    for lane in trace.cash_lanes:
        if lane.op is not None:
            house.serve(lane.op, tick)
    for rescue in list_rescues(trace):
        house.rescue(rescue, tick)
    trades = list_trades(trace)
    for account in {trade.account for trade in trades}:
        house.touch(account, header.timestamp_s, tick.rent_rate)
    house.settle_batch(trades, header.marks_ticks, header.funding_index, tick.fractions, tick.order_fee_e6)
    if fill := trace.fund_lane.fill:
        house.trade_for_fund(fill.market, fill.fill_lots, prices_ticks[fill.market], tick)


def list_trades(trace: BatchTrace) -> list[DirectTrade]:
    """Return the batch's order fills and liquidation fills, lane by lane."""
    return [trade for turn, lane in enumerate(trace.order_lanes) for trade in _list_lane(trace, lane, turn)]


def list_rescues(trace: BatchTrace) -> Iterator[DirectRescue]:
    """Return what the batch's RescueLanes say they do, in order; of a forced trade only the entry."""
    lanes = list(trace.rescue_lanes)
    for position, lane in enumerate(lanes):
        if isinstance(lane.op, Takeover):
            yield DirectTakeover(lane.account_id)
        elif isinstance(lane.op, Victim):
            takings = []
            for other in lanes[position + 1 :]:
                if not isinstance(other.op, Counterparty):
                    break
                takings.append((other.account_id, other.op.market, other.op.lots))
            yield DirectDeleveraging(lane.account_id, tuple(takings))
        elif isinstance(lane.op, ForcedTradeLeg) and not lane.op.leg.is_second:
            second = lanes[position + 1].op
            assert isinstance(second, ForcedTradeLeg)
            legs = (lane.op.leg, second.leg)
            terms = (legs[0].market, legs[0].side, legs[0].lots, legs[0].price_ticks)
            yield ForcedTrade((legs[0].account, legs[1].account), (legs[0].owner, legs[1].owner), *terms)


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
