"""The whole terminal as one frame, drawn again when something was told, and once a second."""

from __future__ import annotations

import asyncio
import signal
import time
from contextlib import suppress
from typing import Final

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.layout import Layout
from rich.live import Live
from rich.segment import Segment
from rich.text import Text

from sequencer.top.feed import Feed
from sequencer.top.frame import make_frame
from sequencer.top.keys import QUIT, STEPS, reading_keys
from sequencer.top.parts import SOFT
from sequencer.top.state import View

__all__ = ["Screen"]

_BEAT_S: Final = 1.0
_PAUSE_S: Final = 0.1  # between two drawings: many events, one drawing
_HELP: Final = "q quits · arrows scroll"


class _Scroll:
    """Shows as many lines of something as fit, from an offset on."""

    def __init__(self) -> None:
        self.body: RenderableType = ""
        self.offset = 0

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        height = options.height or options.max_height
        lines = console.render_lines(self.body, options.update(height=None), pad=True)
        self.offset = max(0, min(self.offset, len(lines) - height))
        for line in lines[self.offset : self.offset + height]:
            yield from line
            yield Segment.line()


class Screen:
    """A node on a terminal until q is pressed."""

    def __init__(self, url: str, console: Console) -> None:
        """Draw on this console, which is a terminal."""
        self._console = console
        self._scroll = _Scroll()
        self._feed = Feed(url, lambda _: self._news.set())
        self._news, self._ended = asyncio.Event(), asyncio.Event()

    async def run(self) -> None:
        """Draw until somebody quits. Raises ClientError where there never was a node."""
        following = asyncio.create_task(self._feed.run())
        following.add_done_callback(lambda _: self._end())
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._end)
        try:
            await self._news.wait()  # until then there is nothing to draw, and what goes wrong is said on a line
            if not self._ended.is_set():
                await self._draw_all()
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)
            following.cancel()
            await asyncio.wait([following])
        if not following.cancelled() and (error := following.exception()) is not None:
            raise error

    async def _draw_all(self) -> None:
        with Live(console=self._console, screen=True, auto_refresh=False) as live, reading_keys(self._press):
            while not self._ended.is_set():
                self._news.clear()
                if self._feed.view is not None:
                    live.update(self._lay_out(self._feed.view), refresh=True)
                await asyncio.sleep(_PAUSE_S)
                with suppress(TimeoutError):
                    async with asyncio.timeout(_BEAT_S):
                        await self._news.wait()

    def _lay_out(self, view: View) -> Layout:
        frame = make_frame(view, time.time(), self._console.width)
        n_head = len(self._console.render_lines(frame.head))
        self._scroll.body = frame.body
        layout = Layout()
        layout.split_column(
            Layout(frame.head, size=n_head),
            Layout(self._scroll),
            Layout(
                Text.assemble((_HELP, "reverse"), (" ", SOFT), frame.foot, no_wrap=True, overflow="ellipsis"), size=1
            ),
        )
        return layout

    def _press(self, key: bytes) -> None:
        if key in QUIT or not key:  # no bytes: the terminal is gone
            self._end()
        elif key in STEPS:
            self._scroll.offset = max(0, self._scroll.offset + STEPS[key])
            self._news.set()

    def _end(self) -> None:
        self._ended.set()
        self._news.set()
