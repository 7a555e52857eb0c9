"""Messages of the WebSocket, JSON in text or binary frames. "One of" stands under its name, as in `wire`."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from sequencer.node.api.problems import Problem
from sequencer.node.api.wire import Batch
from sequencer.node.api.wire_receipts import Result
from sequencer.node.api.wire_types import AccountId, Market
from sequencer.node.api.wire_views import EventBody

__all__ = ["Ping", "Pong", "StreamAnswer", "StreamRequest", "Subscription"]

_MAX_ID = 2**53 - 1


class Ping(msgspec.Struct, forbid_unknown_fields=True):
    """Asks for a pong."""


class Pong(msgspec.Struct):
    """The node's clock."""

    time_us: int


class Subscription(msgspec.Struct, forbid_unknown_fields=True):
    """Whose fills and closed orders, which markets' auctions, and whether batches and entries of the queue are told."""

    accounts: tuple[AccountId, ...] = ()
    markets: tuple[Market, ...] = ()
    batches: bool = False


class StreamRequest(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """`id` and one of the others. The answer has the same id."""

    id: Annotated[int, Meta(ge=0, le=_MAX_ID)]
    submit: Batch | None = None
    subscribe: Subscription | None = None
    ping: Ping | None = None


class StreamAnswer(msgspec.Struct, omit_defaults=True):
    """One of these. Events have no id, nor has a problem with a message whose id cannot be read."""

    id: int | None = None
    results: list[Result] | None = None
    subscribed: Subscription | None = None
    pong: Pong | None = None
    event: EventBody | None = None
    problem: Problem | None = None
