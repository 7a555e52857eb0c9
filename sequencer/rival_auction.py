"""A batch's auction as one transaction of DirectSettlement: every order signed, every turn packed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rollup.trace import BatchTrace, TradeLaneTrace
from sequencer.rival_keys import RivalSigner
from verifier.direct.calldata import (
    SignedFill,
    pack_fund_fill,
    pack_liquidation,
    pack_prices,
    pack_quote_turn,
    pack_turn,
)
from verifier.direct.messages import hash_order, hash_quote, sign_message

__all__ = ["PackedAuction", "is_auction_alone", "pack_auction"]


@dataclass(frozen=True)
class PackedAuction:
    """The two arguments of `settle` beside the tick; both empty where nothing trades."""

    prices: bytes
    turns: bytes
    orders: int  # order fills and liquidation fills


def is_auction_alone(trace: BatchTrace) -> bool:
    """Return whether orders trade in the batch and nothing else happens, so that one transaction settles it."""
    has_cash = any(lane.op is not None for lane in trace.cash_lanes)
    has_rescue = any(lane.op is not None for lane in trace.rescue_lanes)
    has_orders = any(lane.fills or lane.liquidation is not None for lane in trace.order_lanes)
    return has_orders and not has_cash and not has_rescue


def pack_auction(trace: BatchTrace, signer_of: Callable[[int], RivalSigner], domain: bytes) -> PackedAuction:
    """Return the auction of a batch, each lane a turn, in the trace's order, and the fund's fill last.

    A quote is signed over the orders of it that are filled in this batch: the trace has no others.
    """
    now_s = trace.header_after.timestamp_s
    turns = [_pack_lane(lane, signer_of(lane.account_id), domain, now_s) for lane in trace.order_lanes]
    markets = {fill.order.market for lane in trace.order_lanes for fill in lane.fills}
    markets |= {lane.liquidation.market for lane in trace.order_lanes if lane.liquidation is not None}
    if fund_fill := trace.fund_lane.fill:
        turns.append(pack_fund_fill(fund_fill.market, fund_fill.fill_lots))
        markets.add(fund_fill.market)
    prices = {market: trace.clearing_prices_ticks[market] for market in markets}
    orders = sum(len(lane.fills) + (lane.liquidation is not None) for lane in trace.order_lanes)
    return PackedAuction(pack_prices(prices), b"".join(turns), orders)


def _pack_lane(lane: TradeLaneTrace, signer: RivalSigner, domain: bytes, now_s: int) -> bytes:
    if lane.liquidation is not None:
        return pack_liquidation(signer.address, lane.liquidation.market, lane.liquidation.fill_lots)
    if not lane.fills:
        return b""
    fills = [(signer.slots.place(fill.order, now_s), fill.fill_lots) for fill in lane.fills]
    for fill in lane.fills:
        signer.slots.fill(fill.order, fill.fill_lots)
    if lane.quote is not None:
        return pack_quote_turn(fills, sign_message(signer.key, domain, hash_quote([order for order, _ in fills])))
    return pack_turn(
        [SignedFill(order, lots, sign_message(signer.key, domain, hash_order(order))) for order, lots in fills]
    )
