"""The packed bytes that DirectSettlement takes: a tick, clearing prices, and an auction's turns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rollup.orders import Order
from rollup.tick import Tick

__all__ = [
    "MAX_TURN_ORDERS",
    "SignedFill",
    "pack_fund_fill",
    "pack_liquidation",
    "pack_prices",
    "pack_quote_turn",
    "pack_takings",
    "pack_tick",
    "pack_turn",
]

MAX_TURN_ORDERS: Final = 63
_FUND_FILL: Final = 0x40
_QUOTE: Final = 0x80
_SIDE_SHIFT, _FLAGS_SHIFT = 4, 5


@dataclass(frozen=True)
class SignedFill:
    """Lots of an order, and the account's signature of it."""

    order: Order
    fill_lots: int
    signature: bytes


def pack_tick(tick: Tick, markets: Iterable[int]) -> bytes:
    """Return what the operator says at a batch's begin: clock, prices of resources, and the markets named."""
    header = tick.header
    scalars = (
        (header.timestamp_s, 5),
        (int(tick.stale), 1),
        (tick.order_fee_e6, 6),
        (tick.cash_fee_e6, 6),
        (tick.leaf_fee_e6, 6),
        (tick.rent_rate, 8),
        (header.resources.fund_budget, 11),
    )
    return _join(scalars) + b"".join(_pack_market(tick, market) for market in markets)


def _pack_market(tick: Tick, market: int) -> bytes:
    header, fractions = tick.header, tick.fractions
    index = header.funding_index[market].to_bytes(10, "big", signed=True)
    fractions_ppm = ((fractions.initial_ppm[market], 3), (fractions.maintenance_ppm[market], 3))
    return _join(((market, 1), (header.marks_ticks[market], 6))) + index + _join(fractions_ppm)


def pack_prices(prices_ticks: Mapping[int, int]) -> bytes:
    """Return the clearing price of each market that trades."""
    return b"".join(_join(((market, 1), (price, 6))) for market, price in sorted(prices_ticks.items()))


def pack_turn(fills: Sequence[SignedFill]) -> bytes:
    """Return one account's turn of up to 63 orders, each signed."""
    assert 1 <= len(fills) <= MAX_TURN_ORDERS
    return bytes([len(fills)]) + b"".join(pack_fill(fill.order, fill.fill_lots) + fill.signature for fill in fills)


def pack_quote_turn(fills: Sequence[tuple[Order, int]], signature: bytes) -> bytes:
    """Return one account's turn of up to 63 orders under one signature; one of 0 lots is only named."""
    assert 1 <= len(fills) <= MAX_TURN_ORDERS
    return bytes([_QUOTE + len(fills)]) + signature + b"".join(pack_fill(*fill) for fill in fills)


def pack_liquidation(account: bytes, market: int, fill_lots: int) -> bytes:
    """Return the turn of an account that is liquidated."""
    return b"\0" + account + _join(((market, 1), (fill_lots, 6)))


def pack_fund_fill(market: int, fill_lots: int) -> bytes:
    """Return the insurance fund's fill."""
    return _join(((_FUND_FILL, 1), (market, 1), (fill_lots, 6)))


def pack_takings(takings: Iterable[tuple[bytes, int, int]]) -> bytes:
    """Return what counterparties take of a victim: (account, market, lots) each."""
    return b"".join(account + _join(((market, 1), (lots, 6))) for account, market, lots in takings)


def pack_fill(order: Order, fill_lots: int) -> bytes:
    """Return an order's 42 bytes."""
    terms = order.market | order.side << _SIDE_SHIFT | order.flags << _FLAGS_SHIFT
    names = ((terms, 1), (order.slot, 2), (order.nonce, 4), (order.epoch, 4), (order.expiry_s, 5))
    limits = ((order.size_lots, 6), (order.limit_ticks, 6), (order.tip_e6, 2), (order.max_fee_e6, 6), (fill_lots, 6))
    return _join((*names, *limits))


def _join(parts: Iterable[tuple[int, int]]) -> bytes:
    return b"".join(value.to_bytes(n_bytes, "big") for value, n_bytes in parts)
