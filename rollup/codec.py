"""A batch as a file: magic, version, length, SHA-256, then zlib-compressed canonical JSON of its trace.

The digest covers the compressed bytes, so that any flipped bit is found before anything is unpacked. Decoding is
strict: ranges, lengths, order of fields, and the very bytes that encoding the result would give.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from hashlib import sha256

from rollup.bounded_json import parse_json
from rollup.codec_cash import CASH_LANE
from rollup.codec_common import MAX_LANES, PRICES, vector
from rollup.codec_fields import ListOf, Malformed, Record, Text
from rollup.codec_rescue import FUND_LANE, RESCUE_LANE
from rollup.codec_state import HEADER, ORACLE, PARAMS
from rollup.codec_trade import RATIONING, TRADE_LANE
from rollup.errors import BatchInvalid
from rollup.trace import BatchTrace
from rollup.units import MARKET_COUNT

__all__ = ["FORMAT_VERSION", "MAX_FILE_BYTES", "BatchFileInvalid", "decode_trace", "encode_trace"]

FORMAT_VERSION = 2
MAX_FILE_BYTES = 16 * 2**20
_MAX_JSON_BYTES = 128 * 2**20
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


_TRACE = Record(
    BatchTrace,
    {
        "shape_name": Text(64),
        "params": PARAMS,
        "header_before": HEADER,
        "header_after": HEADER,
        "oracle": ORACLE,
        "clearing_prices_ticks": PRICES,
        "rationing": vector(RATIONING, MARKET_COUNT),
        "cash_lanes": ListOf(CASH_LANE, 0, MAX_LANES),
        "rescue_lanes": ListOf(RESCUE_LANE, 0, MAX_LANES),
        "trade_lanes": ListOf(TRADE_LANE, 0, MAX_LANES),
        "quote_lanes": ListOf(TRADE_LANE, 0, MAX_LANES),
        "fund_lane": FUND_LANE,
    },
)
