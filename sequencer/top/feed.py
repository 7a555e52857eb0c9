"""A node followed for as long as it takes: heard, lost, sought again with growing pauses, heard anew."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Final, TypeVar

from tenacity import AsyncRetrying, retry_if_exception, wait_exponential

from sequencer.client import NodeClient
from sequencer.client.errors import ClientError, NodeUnreachable
from sequencer.client.node_events import Told
from sequencer.node.api.wire_pulse import Snapshot
from sequencer.top.state import View, begin, hear, lose

__all__ = ["Feed", "read_view"]

_SILENCE_S: Final = 5.0  # a live node says something every second
_TIMEOUT_S: Final = 10.0
_AGAIN_S: Final = 1.0  # the first pause after a connection that lived
_MAX_PAUSE_S: Final = 15.0
_T = TypeVar("_T")


async def read_view(url: str) -> View:
    """Return what a node tells at once. Raises ClientError."""
    async with await NodeClient.connect(url, timeout_s=_TIMEOUT_S) as client, aclosing(client.events()) as events:
        told = await _wait(anext(events), url, _TIMEOUT_S)
        assert isinstance(told, Snapshot)  # watch_events refuses any other beginning
        return begin(None, told, time.time())


class Feed:
    """Follows one node. `view` is None until it was heard."""

    def __init__(self, url: str, tell: Callable[[View], None], get_time_s: Callable[[], float] = time.time) -> None:
        """Call `tell` with each new view; `get_time_s`: seconds since 1970."""
        self.view: View | None = None
        self._url, self._tell, self._get_time_s = url, tell, get_time_s

    async def run(self) -> None:
        """Follow until cancelled. Raises ClientError where there never was a node: who was heard once is waited for."""
        while True:
            retrying = AsyncRetrying(
                retry=retry_if_exception(lambda error: isinstance(error, ClientError) and self.view is not None),
                wait=wait_exponential(multiplier=_AGAIN_S, max=_MAX_PAUSE_S),
                reraise=True,
            )
            await retrying(self._hear_once)
            await asyncio.sleep(_AGAIN_S)

    async def _hear_once(self) -> None:
        """Hear a node until the connection is lost. Raises ClientError where there is none."""
        client = await NodeClient.connect(self._url, timeout_s=_TIMEOUT_S)
        async with client, aclosing(client.events()) as events:
            first = await _wait(anext(events), self._url, _TIMEOUT_S)
            assert isinstance(first, Snapshot)  # watch_events refuses any other beginning
            view = begin(self.view, first, self._get_time_s())
            self._set(view)
            try:
                await self._hear_all(view, events)
            except ClientError:
                self._set(lose(self.view or view, self._get_time_s()))

    async def _hear_all(self, view: View, events: AsyncIterator[Told]) -> None:
        while True:
            told = await _wait(anext(events), self._url, _SILENCE_S)
            view = hear(view, told, self._get_time_s())
            self._set(view)

    def _set(self, view: View) -> None:
        self.view = view
        self._tell(view)


async def _wait(coming: Awaitable[_T], url: str, limit_s: float) -> _T:
    """Return what comes. Raises NodeUnreachable after so long: also where only bytes come that tell nothing."""
    try:
        async with asyncio.timeout(limit_s):
            return await coming
    except TimeoutError as error:
        raise NodeUnreachable(url, f"silent for {limit_s:.0f} s") from error
