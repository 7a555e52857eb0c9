"""What everybody who watches is told: how the node is, once a second, and what happens between.

The core is listened to once, however many watch; what is told is spelled once. A watcher that does not read is dropped.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections import deque
from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import Final

import msgspec

from sequencer.node.api.gas_book import GasBook
from sequencer.node.api.past import Recorder
from sequencer.node.api.proving_facts import ProvingFacts
from sequencer.node.api.summary import list_shown_batches, make_facts, make_summary
from sequencer.node.api.wire_convert import spell_view
from sequencer.node.api.wire_pulse import Snapshot, Summary
from sequencer.node.api.wire_views import Auction, BatchInfo, Entry, Fill, Rescue
from sequencer.node.core import Core
from sequencer.node.event_types import AuctionSeen, Event, FillSeen, RescueSeen
from sequencer.node.view_types import BatchView, EntryView

__all__ = ["TOLD", "Pulse", "Told", "Watcher"]

_BEAT_S: Final = 1.0
_MAX_WAITING: Final = 1_000  # events that one watcher may be behind
_MAX_REMEMBERED: Final = 50  # liquidations, and rescues
_WIRES: Final[dict[type, tuple[str, type[msgspec.Struct]]]] = {
    BatchView: ("batch", BatchInfo),
    AuctionSeen: ("auction", Auction),
    EntryView: ("entry", Entry),
    FillSeen: ("liquidation", Fill),
    RescueSeen: ("rescue", Rescue),
}
TOLD: Final = dict(_WIRES.values())  # records by the names of their events
_encoder: Final = msgspec.json.Encoder()
_log = logging.getLogger("zkmargin.api")


class _Everybody(Container[int]):
    """Every account, every market."""

    def __contains__(self, _: object) -> bool:
        return True


@dataclass(frozen=True)
class Told:
    """One event, as JSON. `place` counts what was told since the process began."""

    place: int
    name: str
    data: str


class Watcher:
    """One who watches: reads until None, after which it is told nothing more."""

    def __init__(self, first: Iterable[Told]) -> None:
        self._waiting = deque(first)
        self._is_over = False
        self._news = asyncio.Event()

    def tell(self, told: Told) -> bool:
        """Add what is told; return False once the watcher is too far behind, and is dropped."""
        if len(self._waiting) >= _MAX_WAITING:
            self._waiting.clear()
            self.end()
            return False
        self._waiting.append(told)
        self._news.set()
        return True

    def end(self) -> None:
        """Tell nothing more."""
        self._is_over = True
        self._news.set()

    async def read(self) -> Told | None:
        """Return what comes next, None at the end."""
        while not self._waiting:
            if self._is_over:
                return None
            self._news.clear()
            await self._news.wait()
        return self._waiting.popleft()


class Pulse:
    """One node's. For one event loop."""

    def __init__(self, core: Core, proving: ProvingFacts | None, page: str) -> None:
        """Know nothing yet; `run` listens. `page`: the dashboard's version."""
        self.instance = secrets.token_hex(8)
        self._core, self._facts = core, make_facts(core, proving, self.instance, page)
        self._watchers: set[Watcher] = set()
        self._recorder, self._gas = Recorder(), GasBook()
        self._liquidations: deque[Fill] = deque(maxlen=_MAX_REMEMBERED)
        self._rescues: deque[Rescue] = deque(maxlen=_MAX_REMEMBERED)
        self._snapshot: Told | None = None  # of this second, for all who open a stream in it
        self._since: list[Told] = []  # what was told after it
        self._place = 0
        self._is_closed = False

    def __len__(self) -> int:
        return len(self._watchers)

    def open(self) -> Watcher:
        """Return a new watcher, who first reads a snapshot of everything: to open streams costs the node little."""
        if self._snapshot is None:
            self._snapshot, self._since = self._spell("snapshot", self._make_snapshot()), []
        watcher = Watcher((self._snapshot, *self._since))
        if self._is_closed:
            watcher.end()
        self._watchers.add(watcher)
        return watcher

    def leave(self, watcher: Watcher) -> None:
        """Forget a watcher."""
        self._watchers.discard(watcher)

    def close(self) -> None:
        """End every watcher: the process is about to end."""
        self._is_closed = True
        self._end_all()

    async def run(self) -> None:
        """Listen and tell until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen())
            group.create_task(self._beat())

    async def _listen(self) -> None:
        everybody = _Everybody()
        while True:
            try:
                async for event in self._core.watch(everybody, everybody):
                    self.hear(event)
            except Exception:  # SubscriberSlow, where the loop was busy; or a core that fails
                _log.exception("dashboard: events were lost; pages begin anew")
                self._end_all()
                await asyncio.sleep(_BEAT_S)

    def _end_all(self) -> None:
        """End every watcher: who comes back gets a new snapshot."""
        self._snapshot = None
        for watcher in self._watchers:
            watcher.end()
        self._watchers = set()

    def hear(self, event: Event) -> None:
        """Tell an event, if it is one for everybody: fills and closed orders are not, liquidations and rescues are."""
        if type(event) not in _WIRES or (isinstance(event, FillSeen) and not event.is_liquidation):
            return
        name, wire = _WIRES[type(event)]
        spelled = spell_view(event, wire)
        if isinstance(spelled, Fill):
            self._liquidations.appendleft(spelled)
        if isinstance(spelled, Rescue):
            self._rescues.appendleft(spelled)
        self._tell(name, spelled)

    async def _beat(self) -> None:
        while True:
            try:
                self.beat()
            except Exception:
                _log.exception("dashboard: no summary")
            await asyncio.sleep(_BEAT_S)

    def beat(self) -> None:
        """Look at the core, remember and tell what is seen."""
        summary = self._look()
        self._recorder.add(summary)
        self._tell("summary", summary)
        self._snapshot = None

    def _look(self) -> Summary:
        return make_summary(self._core, self._gas, time.time_ns() // 10**6)

    def _make_snapshot(self) -> Snapshot:
        return Snapshot(
            facts=self._facts,
            summary=self._look(),
            past=self._recorder.spell(),
            batches=tuple(spell_view(view, BatchInfo) for view in list_shown_batches(self._core)),
            liquidations=tuple(self._liquidations),
            rescues=tuple(self._rescues),
        )

    def _tell(self, name: str, record: msgspec.Struct) -> None:
        told = self._spell(name, record)
        if self._snapshot is not None:
            self._since.append(told)
        self._watchers = {watcher for watcher in self._watchers if watcher.tell(told)}

    def _spell(self, name: str, record: msgspec.Struct) -> Told:
        self._place += 1
        return Told(self._place, name, _encoder.encode(record).decode())
