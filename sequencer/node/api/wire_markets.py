"""Markets, their depth and the fees, as msgspec writes them. Fields are those of the views."""

from __future__ import annotations

import msgspec

from sequencer.node.api.wire_types import Big

__all__ = ["AuctionInfo", "Auctions", "Book", "Fees", "Level", "MarketInfo", "Markets"]


class MarketInfo(msgspec.Struct):
    """One market. funding_index: atoms a lot, signed."""

    market: int
    name: str
    size_decimals: int
    price_decimals: int
    mark_ticks: int
    clearing_price_ticks: int
    indicative_price_ticks: int
    funding_index: Big
    premium_e12: Big
    open_interest_lots: Big
    initial_ppm: int
    maintenance_ppm: int


class Markets(msgspec.Struct):
    """The markets in use."""

    markets: tuple[MarketInfo, ...]


class Level(msgspec.Struct):
    """All resting orders at one price."""

    price_ticks: int
    size_lots: Big
    orders: int


class Book(msgspec.Struct):
    """The depth of one market, best first. sequence: the last record in it."""

    market: int
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    sequence: int


class Fees(msgspec.Struct):
    """Base fees now, and the range of the next batches' order fee: lowest and highest, by batches ahead."""

    base_fees: tuple[Big, Big, Big]
    order_fee_e6: Big
    cash_fee_e6: Big
    leaf_fee_e6: Big
    congestion_ppm: int
    forecast_order_fee_e6: tuple[tuple[Big, Big], ...]


class AuctionInfo(msgspec.Struct):
    """Where a market last cleared, and where its book would clear now."""

    market: int
    name: str
    mark_ticks: int
    clearing_price_ticks: int
    indicative_price_ticks: int


class Auctions(msgspec.Struct):
    """The auctions of all markets."""

    auctions: tuple[AuctionInfo, ...]
