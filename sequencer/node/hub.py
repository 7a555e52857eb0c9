"""Events for those who listen: each has a queue of its own, and who does not read is ended, not waited for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Container, Iterable
from typing import Final

from sequencer.node.event_types import AuctionSeen, Event, RescueSeen
from sequencer.node.refusals import SubscriberSlow
from sequencer.node.view_types import BatchView, EntryView

__all__ = ["Hub"]

_MAX_BEHIND: Final = 10_000


class _Listener:
    def __init__(self, accounts: Container[int], markets: Container[int]) -> None:
        self._accounts, self._markets = accounts, markets
        self.queue: asyncio.Queue[Event] = asyncio.Queue()

    def wants(self, event: Event) -> bool:
        if isinstance(event, BatchView | EntryView):
            return True  # whoever does not want them passes over them
        if isinstance(event, AuctionSeen):
            return event.market in self._markets
        if isinstance(event, RescueSeen):
            return any(account in self._accounts for account in (event.account, *event.counterparties))
        return event.account in self._accounts


class Hub:
    """Hands events on. For one event loop."""

    def __init__(self) -> None:
        self._listeners: set[_Listener] = set()

    def __len__(self) -> int:
        return len(self._listeners)

    def publish(self, events: Iterable[Event]) -> None:
        """Tell whoever wants to know."""
        for event in events:
            for listener in self._listeners:
                if listener.wants(event):
                    listener.queue.put_nowait(event)

    async def watch(self, accounts: Container[int], markets: Container[int]) -> AsyncIterator[Event]:
        """Yield what happens from now on. Raises SubscriberSlow."""
        listener = _Listener(accounts, markets)
        self._listeners.add(listener)
        try:
            while True:
                if (behind := listener.queue.qsize()) > _MAX_BEHIND:
                    raise SubscriberSlow(behind)
                yield await listener.queue.get()
        finally:
            self._listeners.discard(listener)
