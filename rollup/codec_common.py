"""How the numbers that all records share stand in a batch file."""

from __future__ import annotations

from rollup.accounts import EMPTY_ORDERS, Account
from rollup.codec_fields import FIELD_ELEMENT, Codec, Integer, ListOf, Record, Tree, unsigned
from rollup.signature import Signature
from rollup.units import (
    ACCOUNT_BITS,
    ACCOUNT_TREE_DEPTH,
    AMOUNT_E6_BITS,
    CASH_BITS,
    COUNTER_BITS,
    MARKET_COUNT,
    ORDERS_TREE_DEPTH,
    OWNER_BITS,
    PPM,
    PRICE_BITS,
    SIZE_BITS,
    TIER_COUNT,
    TIMESTAMP_BITS,
)

__all__ = [
    "ACCOUNT",
    "ACCOUNT_ID",
    "ACCOUNT_PATH",
    "AMOUNT_E6",
    "COUNTER",
    "LANE_HEAD",
    "MAX_LANES",
    "POINT",
    "PPM_VALUE",
    "PRICES",
    "SIGNATURE",
    "SLOT_PATH",
    "SLOT_VALUE",
    "TIMESTAMP",
    "signed",
    "vector",
]

MAX_LANES = 4096


def signed(n_bits: int) -> Integer:
    """Return the codec of integers of magnitude below 2**n_bits."""
    return Integer(1 - 2**n_bits, 2**n_bits - 1)


def vector(item: Codec, length: int) -> ListOf:
    """Return the codec of a list of exactly `length` items."""
    return ListOf(item, length, length)


COUNTER = unsigned(COUNTER_BITS)
ACCOUNT_ID = unsigned(ACCOUNT_BITS)
SLOT_VALUE = unsigned(SIZE_BITS + COUNTER_BITS)
POINT = vector(FIELD_ELEMENT, 2)
_LEVEL = vector(FIELD_ELEMENT, 8)
ACCOUNT_PATH = ListOf(_LEVEL, ACCOUNT_TREE_DEPTH, ACCOUNT_TREE_DEPTH)
SLOT_PATH = ListOf(_LEVEL, ORDERS_TREE_DEPTH, ORDERS_TREE_DEPTH)
PRICES = vector(Integer(1, 2**PRICE_BITS - 1), MARKET_COUNT)
PPM_VALUE = Integer(0, PPM)
SIGNATURE = Record(Signature, {"r8": POINT, "s": unsigned(256)})

ACCOUNT = Record(
    Account,
    {
        "key": POINT,
        "owner": unsigned(OWNER_BITS),
        "epoch": COUNTER,
        "cash_nonce": COUNTER,
        "tier": Integer(0, TIER_COUNT - 1),
        "cash_atoms": signed(CASH_BITS),
        "sizes_lots": vector(signed(SIZE_BITS), MARKET_COUNT),
        "orders": Tree(EMPTY_ORDERS, SLOT_VALUE),
        "last_touched_s": unsigned(TIMESTAMP_BITS),
    },
)
AMOUNT_E6 = unsigned(AMOUNT_E6_BITS)
TIMESTAMP = unsigned(TIMESTAMP_BITS)
LANE_HEAD: dict[str, Codec] = {
    "account_id": ACCOUNT_ID,
    "before": ACCOUNT,
    "after": ACCOUNT,
    "account_path": ACCOUNT_PATH,
}
