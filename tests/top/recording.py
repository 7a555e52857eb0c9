"""What a real node told while a price fell (crash.sse), as views."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import msgspec
from rich.console import Console
from rich.segment import Segment

from sequencer.client.node_events import Told, read_told, split_events
from sequencer.node.api.wire_pulse import MarketPulse, Snapshot
from sequencer.top.frame import Frame, make_frame
from sequencer.top.state import View, begin, hear

RECORDED = Path(__file__).parent / "crash.sse"
NOW_S = 1_800_000_000.0


@cache
def read_recording() -> tuple[Told, ...]:
    """Return the events: a snapshot, and what was told in the seconds after it."""

    async def parts() -> AsyncIterator[bytes]:
        yield RECORDED.read_bytes()

    async def read() -> list[Told | None]:
        return [read_told(name, data, "recording") async for name, data in split_events(parts(), "recording")]

    return tuple(told for told in asyncio.run(read()) if told is not None)


def get_snapshot() -> Snapshot:
    """Return the recording's first event."""
    first = read_recording()[0]
    assert isinstance(first, Snapshot)
    return first


def make_view() -> View:
    """Return what a node told in all."""
    view = begin(None, get_snapshot(), NOW_S)
    for told in read_recording()[1:]:
        view = hear(view, told, NOW_S)
    return view


def with_summary(view: View, **changes: object) -> View:
    """Return a view in which the node says something else."""
    return replace(view, summary=msgspec.structs.replace(view.summary, **changes))


def with_market(view: View, **changes: object) -> View:
    """Return a view in which the first market is another one."""
    first, *others = view.summary.markets
    info = msgspec.structs.replace(first.info, **changes)
    return with_summary(view, markets=(with_info(first, info), *others))


def with_info(market: MarketPulse, info: object) -> MarketPulse:
    return msgspec.structs.replace(market, info=info)


def draw(view: View, width: int, now_s: float = NOW_S) -> list[str]:
    """Return a frame's lines, without their colours."""
    return ["".join(segment.text for segment in line) for line in draw_segments(make_frame(view, now_s, width), width)]


def draw_segments(frame: Frame, width: int) -> list[list[Segment]]:
    """Return a frame's lines."""
    console = Console(width=width, color_system="truecolor", highlight=False)
    return console.render_lines(frame.whole(), pad=False)
