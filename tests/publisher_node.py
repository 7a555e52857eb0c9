"""A publisher's node with nothing behind it: it keeps what it hears."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sequencer.node.alarms import Alarms
from sequencer.node.base_messages import PublicRequest, PublisherConfig
from sequencer.node.commands import QueueEntrySeen
from sequencer.node.pipeline_state import ProvedGroup
from sequencer.node.pipeline_types import GroupSettled
from sequencer.node.publisher_process import PublisherProcess
from tests.proving import PATIENCE_S
from tests.simulated_groups import QUICK
from verifier.queue_entries import encode_entry


class Node:
    """What the core does for a publisher, without a store; groups are handed over as a pipeline would."""

    def __init__(self, folder: Path, base_layer: str, next_entry: int = 0) -> None:
        self.entries: list[QueueEntrySeen] = []
        self.undone: list[int] = []
        self.settled: list[GroupSettled] = []
        self.groups: list[ProvedGroup] = []
        self.alarms = Alarms()
        self.process = PublisherProcess(PublisherConfig(base_layer, folder, QUICK), next_entry, self, self.alarms)

    def start(self) -> None:
        self.process.start()

    def close(self) -> None:
        self.process.close()

    def ask(self, request: PublicRequest) -> bytes:
        return self.process.ask(request).result(PATIENCE_S)

    def publish(self, group: ProvedGroup) -> None:
        self.groups.append(group)
        self.process.publish(group)

    def list_entries(self) -> list[bytes]:
        return [encode_entry(entry.entry) for entry in self.entries]

    def on_entry(self, entry: QueueEntrySeen) -> None:
        self.entries.append(entry)

    def on_entry_seen(self, entry: QueueEntrySeen, is_undone: bool) -> None:
        if is_undone:
            self.undone.append(entry.index)

    def on_settled(self, settled: GroupSettled, done: Callable[[], None]) -> None:
        if settled.group not in [one.group for one in self.settled]:  # told again, perhaps with less: gas is forgotten
            self.settled.append(settled)
        done()

    def on_lost(self) -> None:
        for group in self.groups:
            self.process.publish(group)
