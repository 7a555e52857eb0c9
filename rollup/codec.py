"""A batch as a file: magic, version, length, SHA-256, then zlib-compressed canonical JSON of its trace.

The digest covers the compressed bytes, so that any flipped bit is found before anything is unpacked. Decoding is
strict: ranges, lengths, order of fields, and the very bytes that encoding the result would give.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from hashlib import sha256

from rollup.accounts import EMPTY_ORDERS, Account
from rollup.bounded_json import parse_json
from rollup.codec_fields import (
    FIELD_ELEMENT,
    Codec,
    Integer,
    ListOf,
    Malformed,
    Optional,
    Record,
    Text,
    Tree,
    Variant,
    unsigned,
)
from rollup.errors import BatchInvalid
from rollup.orders import Order
from rollup.params import MarketParams, Params
from rollup.signature import Signature
from rollup.state import StateHeader
from rollup.trace import BatchTrace, CashLaneTrace, FillTrace, FundLaneTrace, LiquidationTrace, TradeLaneTrace
from rollup.txs import Cancel, Deposit, Withdraw
from rollup.units import (
    ACCOUNT_BITS,
    ACCOUNT_TREE_DEPTH,
    AMOUNT_E6_BITS,
    CASH_BITS,
    COUNTER_BITS,
    FUNDING_BITS,
    MARKET_COUNT,
    ORDERS_TREE_DEPTH,
    OWNER_BITS,
    PPM,
    PRICE_BITS,
    SIZE_BITS,
    SLOT_BITS,
    TIER_COUNT,
    TIMESTAMP_BITS,
    VAULT_E6_BITS,
)

__all__ = ["FORMAT_VERSION", "MAX_FILE_BYTES", "BatchFileInvalid", "decode_trace", "encode_trace"]

FORMAT_VERSION = 1
MAX_FILE_BYTES = 16 * 2**20
_MAX_JSON_BYTES = 128 * 2**20
_MAX_LANES = 4096
_MAGIC = b"ZKMBATCH"
_HEADER_BYTES = len(_MAGIC) + 4 + 8 + 32


@dataclass(eq=False)
class BatchFileInvalid(BatchInvalid):
    """A batch file is not one, not whole, or not well formed."""

    code = "batch_file_invalid"
    source: str
    reason: str

    def __str__(self) -> str:
        return f"{self.source}: {self.reason}"


def encode_trace(trace: BatchTrace) -> bytes:
    """Return the file's bytes; the same trace gives the same bytes (with one build of zlib)."""
    payload = zlib.compress(_dump(_TRACE.encode(trace)), 6)
    version, length = FORMAT_VERSION.to_bytes(4, "little"), len(payload).to_bytes(8, "little")
    return _MAGIC + version + length + sha256(version + length + payload).digest() + payload


def decode_trace(data: bytes, source: str = "batch file") -> BatchTrace:
    """Return the trace in a file's bytes; `source` names the file in errors. Says nothing about the batch's validity.

    Raises BatchFileInvalid.
    """
    text = _unpack(_check_envelope(data, source), source)
    try:
        parsed = parse_json(text)
        if _dump(parsed) != text:
            raise BatchFileInvalid(source, "its JSON is not in canonical form")
        trace = _TRACE.decode(parsed, "")
    except Malformed as error:
        raise BatchFileInvalid(source, str(error)) from error
    except ValueError as error:
        raise BatchFileInvalid(source, f"its content is not JSON: {error}") from error
    except BatchInvalid as error:  # parameters that contradict one another
        raise BatchFileInvalid(source, str(error)) from error
    assert isinstance(trace, BatchTrace)
    return trace


def _dump(data: object) -> bytes:
    return json.dumps(data, separators=(",", ":"), ensure_ascii=True).encode()


def _check_envelope(data: bytes, source: str) -> bytes:
    """Return the compressed payload, its length and digest checked."""
    if len(data) > MAX_FILE_BYTES:
        raise BatchFileInvalid(source, f"{len(data)} bytes, at most {MAX_FILE_BYTES} are read")
    if not data.startswith(_MAGIC):
        raise BatchFileInvalid(source, f"starts with {data[:8]!r}, expected {_MAGIC!r}")
    if len(data) < _HEADER_BYTES:
        raise BatchFileInvalid(source, f"truncated: {len(data)} bytes, the header alone has {_HEADER_BYTES}")
    version, length = data[8:12], data[12:20]
    if int.from_bytes(version, "little") != FORMAT_VERSION:
        got = int.from_bytes(version, "little")
        raise BatchFileInvalid(source, f"format version {got}, this program reads {FORMAT_VERSION}")
    payload = data[_HEADER_BYTES:]
    if len(payload) != int.from_bytes(length, "little"):
        stated = int.from_bytes(length, "little")
        raise BatchFileInvalid(source, f"truncated or extended: {len(payload)} payload bytes, header says {stated}")
    if sha256(version + length + payload).digest() != data[20:_HEADER_BYTES]:
        raise BatchFileInvalid(source, "corrupt: the SHA-256 digest does not match")
    return payload


def _unpack(payload: bytes, source: str) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(payload, _MAX_JSON_BYTES)
    except zlib.error as error:
        raise BatchFileInvalid(source, f"its payload is not zlib data: {error}") from error
    if not unpacker.eof or unpacker.unused_data:
        raise BatchFileInvalid(source, f"its payload does not end within {_MAX_JSON_BYTES} bytes of JSON")
    return text


def _signed(n_bits: int) -> Integer:
    return Integer(1 - 2**n_bits, 2**n_bits - 1)


def _vector(item: Integer, length: int) -> ListOf:
    return ListOf(item, length, length)


_COUNTER = unsigned(COUNTER_BITS)
_ACCOUNT_ID = unsigned(ACCOUNT_BITS)
_SLOT_VALUE = unsigned(SIZE_BITS + COUNTER_BITS)
_POINT = _vector(FIELD_ELEMENT, 2)
_LEVEL = _vector(FIELD_ELEMENT, 8)
_ACCOUNT_PATH = ListOf(_LEVEL, ACCOUNT_TREE_DEPTH, ACCOUNT_TREE_DEPTH)
_SLOT_PATH = ListOf(_LEVEL, ORDERS_TREE_DEPTH, ORDERS_TREE_DEPTH)
_PRICES = _vector(Integer(1, 2**PRICE_BITS - 1), MARKET_COUNT)
_PPM_VALUE = Integer(0, PPM)
_SIGNATURE = Record(Signature, {"r8": _POINT, "s": unsigned(256)})

_ACCOUNT = Record(
    Account,
    {
        "key": _POINT,
        "owner": unsigned(OWNER_BITS),
        "epoch": _COUNTER,
        "cash_nonce": _COUNTER,
        "tier": Integer(0, TIER_COUNT - 1),
        "cash_atoms": _signed(CASH_BITS),
        "sizes_lots": _vector(_signed(SIZE_BITS), MARKET_COUNT),
        "orders": Tree(EMPTY_ORDERS, _SLOT_VALUE),
        "last_touched_s": unsigned(TIMESTAMP_BITS),
    },
)
_ORDER = Record(
    Order,
    {
        "account": _ACCOUNT_ID,
        "market": Integer(0, MARKET_COUNT - 1),
        "side": Integer(0, 1),
        "slot": unsigned(SLOT_BITS),
        "nonce": _COUNTER,
        "epoch": _COUNTER,
        "expiry_s": unsigned(TIMESTAMP_BITS),
        "size_lots": unsigned(SIZE_BITS),
        "limit_ticks": unsigned(PRICE_BITS),
        "max_fee_e6": unsigned(48),
        "tip_e6": unsigned(16),
        "flags": unsigned(5),
    },
)
_AMOUNT_E6 = unsigned(AMOUNT_E6_BITS)
_SIGNED_HEAD: dict[str, Codec] = {"account": _ACCOUNT_ID, "cash_nonce": _COUNTER, "epoch": _COUNTER}
_DEPOSIT_FIELDS: dict[str, Codec] = {
    "account": _ACCOUNT_ID,
    "amount_e6": _AMOUNT_E6,
    "owner": unsigned(OWNER_BITS),
    "key": _POINT,
}
_CASH_OP = Variant(
    {
        "deposit": Record(Deposit, _DEPOSIT_FIELDS),
        "withdraw": Record(Withdraw, {**_SIGNED_HEAD, "amount_e6": _AMOUNT_E6}),
        "cancel": Record(Cancel, {**_SIGNED_HEAD, "slot": unsigned(SLOT_BITS), "nonce": _COUNTER}),
    }
)
_FILL = Record(
    FillTrace,
    {
        "order": _ORDER,
        "signature": _SIGNATURE,
        "fill_lots": unsigned(SIZE_BITS),
        "slot_before": _SLOT_VALUE,
        "slot_path": _SLOT_PATH,
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
_LANE_HEAD: dict[str, Codec] = {
    "account_id": _ACCOUNT_ID,
    "before": _ACCOUNT,
    "after": _ACCOUNT,
    "account_path": _ACCOUNT_PATH,
}
_TRADE_LANE = Record(
    TradeLaneTrace,
    {
        "capacity": Integer(1, _MAX_LANES),
        **_LANE_HEAD,
        "fills": ListOf(_FILL, 0, _MAX_LANES),
        "liquidation": Optional(_LIQUIDATION),
    },
)
_CASH_LANE = Record(
    CashLaneTrace,
    {
        **_LANE_HEAD,
        "op": Optional(_CASH_OP),
        "signature": Optional(_SIGNATURE),
        "slot_before": _SLOT_VALUE,
        "slot_path": _SLOT_PATH,
    },
)
_FUND_LANE = Record(
    FundLaneTrace,
    {
        "fund_before": _ACCOUNT,
        "fund_after": _ACCOUNT,
        "treasury_before": _ACCOUNT,
        "treasury_after": _ACCOUNT,
        "account_path": _ACCOUNT_PATH,
    },
)
_MARKET = Record(
    MarketParams,
    {
        "name": Text(64),
        "size_decimals": Integer(0, 12),
        "price_decimals": Integer(0, 12),
        "initial_ppm": _PPM_VALUE,
        "maintenance_ppm": _PPM_VALUE,
        "liquidation_fee_ppm": _PPM_VALUE,
        "band_ppm": _PPM_VALUE,
    },
)
_PARAMS = Record(
    Params,
    {
        "chain_id": unsigned(64),
        "contract": unsigned(OWNER_BITS),
        "version": _COUNTER,
        "taker_fee_ppm": _vector(_PPM_VALUE, TIER_COUNT),
        "markets": ListOf(_MARKET, MARKET_COUNT, MARKET_COUNT),
    },
)
_HEADER = Record(
    StateHeader,
    {
        "accounts_root": FIELD_ELEMENT,
        "marks_ticks": _PRICES,
        "funding_index": _vector(_signed(FUNDING_BITS), MARKET_COUNT),
        "resources": _vector(unsigned(64), 4),
        "deposits_consumed": _COUNTER,
        "vault_e6": unsigned(VAULT_E6_BITS),
        "timestamp_s": unsigned(TIMESTAMP_BITS),
        "batch_number": _COUNTER,
    },
)
_TRACE = Record(
    BatchTrace,
    {
        "shape_name": Text(64),
        "params": _PARAMS,
        "header_before": _HEADER,
        "header_after": _HEADER,
        "clearing_prices_ticks": _PRICES,
        "cash_lanes": ListOf(_CASH_LANE, 0, _MAX_LANES),
        "trade_lanes": ListOf(_TRADE_LANE, 0, _MAX_LANES),
        "fund_lane": _FUND_LANE,
    },
)
