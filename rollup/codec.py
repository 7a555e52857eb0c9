"""A batch as a file (`rollup/envelope.py`): its trace, every number in its range, every list of its length."""

from __future__ import annotations

from dataclasses import dataclass

from rollup.codec_cash import CASH_LANE
from rollup.codec_common import MAX_LANES, PRICES, vector
from rollup.codec_fields import ListOf, Record, Text
from rollup.codec_rescue import FUND_LANE, RESCUE_LANE
from rollup.codec_state import HEADER, ORACLE, PARAMS
from rollup.codec_trade import RATIONING, TRADE_LANE
from rollup.envelope import Envelope
from rollup.errors import BatchInvalid
from rollup.trace import BatchTrace
from rollup.units import MARKET_COUNT

__all__ = ["FORMAT_VERSION", "MAX_FILE_BYTES", "BatchFileInvalid", "decode_trace", "encode_trace"]

FORMAT_VERSION = 2
MAX_FILE_BYTES = 16 * 2**20
_MAX_JSON_BYTES = 128 * 2**20


@dataclass(eq=False)
class BatchFileInvalid(BatchInvalid):
    """A batch file is not one, not whole, or not well formed."""

    code = "batch_file_invalid"
    source: str
    reason: str

    def __str__(self) -> str:
        return f"{self.source}: {self.reason}"


_ENVELOPE = Envelope(b"ZKMBATCH", FORMAT_VERSION, MAX_FILE_BYTES, _MAX_JSON_BYTES, BatchFileInvalid)


def encode_trace(trace: BatchTrace) -> bytes:
    """Return the file's bytes; the same trace gives the same bytes (with one build of zlib)."""
    return _ENVELOPE.seal(_TRACE, trace)


def decode_trace(data: bytes, source: str = "batch file") -> BatchTrace:
    """Return the trace in a file's bytes; `source` names the file in errors. Says nothing about the batch's validity.

    Raises BatchFileInvalid.
    """
    trace = _ENVELOPE.open(_TRACE, data, source)
    assert isinstance(trace, BatchTrace)
    return trace


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
