"""The private inputs of TradeLanes and QuoteLanes, by name, from the trace of the lane."""

from __future__ import annotations

from circuits.account_inputs import Values, account_values, path_values, signature_values
from circuits.lane_inputs import Prices
from circuits.liquidation_inputs import liquidation_inputs
from circuits.order_inputs import place_inputs
from rollup.quotes import QUOTE_ORDERS
from rollup.trace import TradeLaneTrace

__all__ = ["quote_lane_inputs", "trade_lane_inputs"]


def trade_lane_inputs(lane: TradeLaneTrace, prices: Prices, position: int) -> Values:
    """Return a TradeLane's private inputs; `position` is its first order place in the batch."""
    values = _turn_inputs(lane, prices) | place_inputs(lane, prices, position)
    for k in range(lane.capacity):
        signature = lane.fills[k].signature if k < len(lane.fills) else None
        values |= {f"order[{k}]/{name}": value for name, value in signature_values(signature).items()}
    return values | liquidation_inputs(lane, prices)


def quote_lane_inputs(lane: TradeLaneTrace, prices: Prices, position: int) -> Values:
    """Return a QuoteLane's private inputs; `position` is its first order place in the batch."""
    messages = lane.quote.order_messages if lane.quote else (0,) * QUOTE_ORDERS
    return {
        **_turn_inputs(lane, prices),
        **place_inputs(lane, prices, position),
        "used": int(lane.quote is not None),
        **{f"message[{k}]": message for k, message in enumerate(messages)},
        **signature_values(lane.quote.signature if lane.quote else None),
    }


def _turn_inputs(lane: TradeLaneTrace, prices: Prices) -> Values:
    after = prices.margin(lane.after)
    return {
        "account_id": lane.account_id,
        **account_values(lane.before),
        **dict(path_values("account_path", lane.account_path)),
        "margin/healthy": int(bool(lane.fills) and after.equity >= after.initial),
    }
