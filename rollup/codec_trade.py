"""How orders, TradeLanes and QuoteLanes stand in a batch file."""

from __future__ import annotations

from rollup.codec_common import (
    ACCOUNT_ID,
    COUNTER,
    LANE_HEAD,
    MAX_LANES,
    SIGNATURE,
    SLOT_PATH,
    SLOT_VALUE,
    vector,
)
from rollup.codec_fields import FIELD_ELEMENT, Integer, ListOf, Optional, Record, unsigned
from rollup.orders import MAX_FEE_BITS, TIP_BITS, Order
from rollup.quotes import QUOTE_ORDERS
from rollup.rationing import POSITION_BITS, Rationing
from rollup.trace import FillTrace, LiquidationTrace, QuoteTrace, TradeLaneTrace
from rollup.units import CASH_BITS, MARKET_COUNT, PRICE_BITS, SIZE_BITS, SLOT_BITS, TIMESTAMP_BITS

__all__ = ["ORDER", "RATIONING", "TRADE_LANE"]

ORDER = Record(
    Order,
    {
        "account": ACCOUNT_ID,
        "market": Integer(0, MARKET_COUNT - 1),
        "side": Integer(0, 1),
        "slot": unsigned(SLOT_BITS),
        "nonce": COUNTER,
        "epoch": COUNTER,
        "expiry_s": unsigned(TIMESTAMP_BITS),
        "size_lots": unsigned(SIZE_BITS),
        "limit_ticks": unsigned(PRICE_BITS),
        "max_fee_e6": unsigned(MAX_FEE_BITS),
        "tip_e6": unsigned(TIP_BITS),
        "flags": unsigned(5),
    },
)
_FILL = Record(
    FillTrace,
    {
        "order": ORDER,
        "place": unsigned(POSITION_BITS),
        "signature": Optional(SIGNATURE),
        "fill_lots": unsigned(SIZE_BITS),
        "slot_before": SLOT_VALUE,
        "slot_path": SLOT_PATH,
    },
)
_LIQUIDATION = Record(
    LiquidationTrace,
    {
        "market": Integer(0, MARKET_COUNT - 1),
        "fill_lots": unsigned(SIZE_BITS),
        "penalty_atoms": unsigned(CASH_BITS),
    },
)
_QUOTE = Record(
    QuoteTrace,
    {"order_messages": vector(FIELD_ELEMENT, QUOTE_ORDERS), "signature": SIGNATURE},
)
RATIONING = Record(
    Rationing,
    {
        "side": Integer(0, 1),
        "marginal_lots": unsigned(SIZE_BITS),
        "marginal_remaining": unsigned(SIZE_BITS),
        "cutoff": unsigned(POSITION_BITS),
    },
)
TRADE_LANE = Record(
    TradeLaneTrace,
    {
        "capacity": Integer(1, MAX_LANES),
        **LANE_HEAD,
        "fills": ListOf(_FILL, 0, MAX_LANES),
        "liquidation": Optional(_LIQUIDATION),
        "quote": Optional(_QUOTE),
    },
)
