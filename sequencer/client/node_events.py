"""The node's server-sent events: what everybody may see, as records. docs/api.md, Server-sent events.

The format is that of the HTML standard (9.2, Server-sent events), read strictly and within limits: lines end in LF or
CRLF, as the node and what stands before it write them, and not in CR alone.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from typing import Final, NamedTuple, TypeAlias

import httpx
import msgspec

from sequencer.client.asking import read_refusal
from sequencer.client.errors import AnswerInvalid, NodeUnreachable
from sequencer.node.api.wire_markets import MarketInfo
from sequencer.node.api.wire_pulse import Snapshot, Summary
from sequencer.node.api.wire_views import Auction, BatchInfo, Entry, Fill, Rescue

__all__ = ["MAX_EVENT_BYTES", "WIRES", "RawEvent", "Told", "read_told", "split_events", "watch_events"]

Told: TypeAlias = Snapshot | Summary | BatchInfo | Auction | Fill | Rescue | Entry
MAX_EVENT_BYTES: Final = 16 << 20
_MAX_EXACT: Final = 2**53  # docs/api.md, Values: what may not fit is a decimal string
_MAX_FLOAT: Final = 1e100
_DECIMALS: Final = frozenset(range(19))
_HEADERS: Final = {"accept": "text/event-stream", "accept-encoding": "identity", "cache-control": "no-store"}
WIRES: Final[dict[str, type[Told]]] = {
    "snapshot": Snapshot,
    "summary": Summary,
    "batch": BatchInfo,
    "auction": Auction,
    "liquidation": Fill,
    "rescue": Rescue,
    "entry": Entry,
}


class RawEvent(NamedTuple):
    """One event as it came."""

    name: str
    data: bytes


async def watch_events(http: httpx.AsyncClient, path: str = "events") -> AsyncGenerator[Told]:
    """Yield a snapshot, then what is told after it, until the connection ends.

    Raises NodeUnreachable (also when the stream ends), AnswerInvalid, CommandRefused.
    """
    url = f"{http.base_url}{path}"
    try:
        async with http.stream("GET", path, headers=_HEADERS) as response:
            await _check_answer(response, url)
            is_first = True
            async for name, data in split_events(response.aiter_raw(), url):
                told = read_told(name, data, url)
                if is_first is not isinstance(told, Snapshot):
                    raise AnswerInvalid(url, "not one snapshot, at the beginning")
                is_first = False
                if told is not None:
                    yield told
    except httpx.HTTPError as error:
        raise NodeUnreachable(url, f"{type(error).__name__}: {error}"[:200]) from error
    raise NodeUnreachable(url, "the node closed the stream")


async def _check_answer(response: httpx.Response, url: str) -> None:
    if response.status_code != httpx.codes.OK:
        raise await read_refusal(response, url)
    kind, encoding = response.headers.get("content-type", ""), response.headers.get("content-encoding", "identity")
    if kind.partition(";")[0].strip() != "text/event-stream" or encoding != "identity":
        raise AnswerInvalid(url, "no plain event stream")


async def split_events(parts: AsyncIterable[bytes], url: str) -> AsyncIterator[RawEvent]:
    """Yield the events of a stream's bytes. Raises AnswerInvalid beyond MAX_EVENT_BYTES for one event."""
    name, lines, n_bytes = "", list[bytes](), 0
    async for line in _split_lines(parts, url):
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"event":
            name = value.decode(errors="replace")
        elif field == b"data":
            lines.append(value)
            n_bytes += len(value) + 1
            if n_bytes > MAX_EVENT_BYTES:
                raise AnswerInvalid(url, f"an event of more than {MAX_EVENT_BYTES} bytes")
        elif not line:
            if lines:
                yield RawEvent(name, b"\n".join(lines))
            name, lines, n_bytes = "", [], 0


async def _split_lines(parts: AsyncIterable[bytes], url: str) -> AsyncIterator[bytes]:
    kept = bytearray()
    async for part in parts:
        begin = len(kept)
        kept += part
        if kept.find(b"\n", begin) >= 0:
            *whole, rest = kept.split(b"\n")
            kept = bytearray(rest)
            for line in whole:
                yield bytes(line.removesuffix(b"\r"))
        if len(kept) > MAX_EVENT_BYTES:
            raise AnswerInvalid(url, f"a line of more than {MAX_EVENT_BYTES} bytes")


def read_told(name: str, data: bytes, url: str) -> Told | None:
    """Return the record of an event, None where its name is one of a later node. Raises AnswerInvalid."""
    wire = WIRES.get(name)
    if wire is None:
        return None
    try:
        told: Told = msgspec.json.decode(data, type=wire)
        _check_numbers(told)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise AnswerInvalid(url, f"event {name}: {error}"[:200]) from error
    return told


def _check_numbers(found: object) -> None:
    """Raise ValueError for numbers that no node tells, so that whoever reckons with them needs no care."""
    if isinstance(found, MarketInfo) and not {found.size_decimals, found.price_decimals} <= _DECIMALS:
        raise ValueError("decimals of a market out of range")
    if isinstance(found, msgspec.Struct):
        found = msgspec.structs.astuple(found)
    if isinstance(found, tuple):
        for item in found:
            _check_numbers(item)
    elif isinstance(found, int | float) and abs(found) > (_MAX_EXACT if isinstance(found, int) else _MAX_FLOAT):
        raise ValueError("a number out of range")
