"""Reads a public trade tape: CSV with the columns time_ms, id, side, price, amount, packed with gzip or plain."""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sequencer.errors import FileTooLarge, TapeMalformed
from sequencer.files import read_limited

__all__ = ["PRICE_E9", "Trade", "read_tape"]

HEADER: Final = "time_ms,id,side,price,amount"
PRICE_E9: Final = 10**9
MAX_PACKED_BYTES: Final = 64 * 2**20
MAX_PLAIN_BYTES: Final = 512 * 2**20
MAX_LINE_BYTES: Final = 128
_GZIP_MAGIC = b"\x1f\x8b"
_ROW = re.compile(r"([0-9]{1,13}),([0-9]{1,20}),(buy|sell),([0-9]{1,9})(?:\.([0-9]{1,9}))?,([0-9]{1,12})")
_ROW_SHAPE = "milliseconds,id,buy or sell,price with at most 9 decimals,whole number of contracts"


@dataclass(frozen=True, slots=True)
class Trade:
    """One trade of the tape."""

    time_ms: int
    is_buy: bool  # the taker's side
    price_e9: int  # 1e-9 USD
    contracts: int


def read_tape(path: Path) -> list[Trade]:
    """Return the trades of a tape, in its order. Raises FileMissing, FileTooLarge, TapeMalformed with the line."""
    trades: list[Trade] = []
    lines = _iterate_lines(path)
    header = next(lines, "")
    if header != HEADER:
        raise TapeMalformed(str(path), 1, repr(header[:80]), f"the columns {HEADER}")
    for number, line in enumerate(lines, start=2):
        trade = _decode_row(path, number, line)
        if trades and trade.time_ms < trades[-1].time_ms:
            raise TapeMalformed(str(path), number, f"time_ms {trade.time_ms}", f"{trades[-1].time_ms} or later")
        trades.append(trade)
    if not trades:
        raise TapeMalformed(str(path), 2, "the end of the file", "a trade")
    return trades


def _decode_row(path: Path, number: int, line: str) -> Trade:
    match = _ROW.fullmatch(line)
    if match is None:
        raise TapeMalformed(str(path), number, repr(line[:80]), _ROW_SHAPE)
    time_ms, _, side, whole, decimals, contracts = match.groups()
    price_e9 = int(whole) * PRICE_E9 + int((decimals or "").ljust(9, "0"))
    if price_e9 == 0 or int(contracts) == 0:
        raise TapeMalformed(str(path), number, repr(line[:80]), "a price and an amount above zero")
    return Trade(int(time_ms), side == "buy", price_e9, int(contracts))


def _iterate_lines(path: Path) -> Iterator[str]:
    """Yield the lines without their line breaks, never holding more unpacked than one block."""
    data = read_limited(path, MAX_PACKED_BYTES)
    raw = io.BytesIO(data)
    stream: io.BufferedIOBase = gzip.GzipFile(fileobj=raw) if data[:2] == _GZIP_MAGIC else raw
    number, read_bytes = 0, 0
    while True:
        number += 1
        try:
            line = stream.readline(MAX_LINE_BYTES + 1)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise TapeMalformed(str(path), number, f"broken gzip data ({error})", "a whole gzip file") from error
        if not line:
            return
        read_bytes += len(line)
        if read_bytes > MAX_PLAIN_BYTES:
            raise FileTooLarge(str(path), read_bytes, MAX_PLAIN_BYTES)
        if len(line) > MAX_LINE_BYTES:
            raise TapeMalformed(str(path), number, f"more than {MAX_LINE_BYTES} bytes in a line", _ROW_SHAPE)
        yield _decode_line(path, number, line)


def _decode_line(path: Path, number: int, line: bytes) -> str:
    if not line.endswith(b"\n"):
        # A tape cut off inside a number would otherwise read as a smaller trade.
        raise TapeMalformed(str(path), number, "a last line without line break", "a whole line")
    try:
        return line.rstrip(b"\r\n").decode("ascii")
    except UnicodeDecodeError as error:
        raise TapeMalformed(str(path), number, f"byte 0x{line[error.start]:02x}", "ASCII text") from error
