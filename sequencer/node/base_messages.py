"""What the node and its publisher, a process of its own, say to each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

from sequencer.node.pipeline_state import ProvedGroup
from sequencer.node.pipeline_types import GroupSettled
from verifier.base_layer.send_settings import SendSettings
from verifier.watcher import Kind

__all__ = [
    "WATCHER_STATE",
    "Acknowledge",
    "AlarmChanged",
    "Answer",
    "Ask",
    "ChainSeen",
    "EntryNotice",
    "Faucet",
    "FromPublisher",
    "Notice",
    "PublicRequest",
    "PublisherConfig",
    "PublisherSettings",
    "RawTransaction",
    "Stop",
    "ToPublisher",
]

WATCHER_STATE: Final = "base-layer.sqlite"


@dataclass(frozen=True)
class PublisherSettings:
    """How often and how patiently."""

    poll_s: float = 1.0
    first_pause_s: float = 1.0  # after a failure; doubles with each further one
    max_pause_s: float = 60.0
    quiet_failures: int = 2  # in a row, before there is an alarm: a block's time may lag behind a batch's
    min_balance_wei: int = 5 * 10**16  # of the sequencer: below, there is an alarm
    is_in_parts: bool = False  # commit, prove and finish each group apart, even where one transaction would do
    send: SendSettings = field(default_factory=lambda: SendSettings(takes_over=True))


@dataclass(frozen=True)
class PublisherConfig:
    """Where to settle, and for whom: the folder has the node's deployment, its sequencer's key, the watcher's state."""

    base_layer: str  # "embedded:PATH" or a node's address
    folder: Path
    settings: PublisherSettings = PublisherSettings()


@dataclass(frozen=True)
class Acknowledge:
    """The notices up to this one are dealt with, durably."""

    sequence: int


@dataclass(frozen=True)
class Faucet:
    """Wei and test dollars for an address, on the embedded chain. Answered by its nonce, 8 bytes, and the token, 20."""

    address: bytes
    amount_e6: int


@dataclass(frozen=True)
class RawTransaction:
    """A transaction that its sender signed, for the embedded chain."""

    raw: bytes


PublicRequest: TypeAlias = Faucet | RawTransaction


@dataclass(frozen=True)
class Ask:
    """A request that is answered."""

    number: int
    request: PublicRequest


@dataclass(frozen=True)
class Stop:
    """End after what is being done."""


@dataclass(frozen=True)
class Answer:
    """The hash of the transaction that a request became, or what was asked for, or why there is none."""

    number: int
    transaction: bytes | None
    error: Exception | None


@dataclass(frozen=True)
class EntryNotice:
    """An entry of the queue as its block has it: seen, undone by a reorg, or final."""

    kind: Kind
    index: int
    entry: bytes


@dataclass(frozen=True)
class Notice:
    """What befell on the base layer, in order of `sequence`; told again after a restart until it is acknowledged."""

    sequence: int
    item: EntryNotice | GroupSettled | None  # None: nothing that anybody waits for


@dataclass(frozen=True)
class ChainSeen:
    """How the base layer stands."""

    head: int
    timestamp_s: int
    group: int  # the next to settle
    n_entries: int
    balance_wei: int  # the sequencer's


@dataclass(frozen=True)
class AlarmChanged:
    """An alarm sounds, or is over where there is no text."""

    code: str
    text: str | None


ToPublisher: TypeAlias = ProvedGroup | Acknowledge | Ask | Stop
FromPublisher: TypeAlias = Notice | Answer | ChainSeen | AlarmChanged
