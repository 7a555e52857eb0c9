"""How the node is, as it answers."""

from __future__ import annotations

import msgspec

from sequencer.node.api.wire_types import Address, Big

__all__ = ["Health", "Ready", "Status"]


class Status(msgspec.Struct):
    """How the node is, and what receipts and messages are bound to."""

    batch_number: int
    state_root: Big
    sequence: int
    backlog_batches: int
    withdraw_only: bool
    alarms: tuple[str, ...]
    chain_id: Big
    contract: Address
    version: int
    domain: Big
    receipt_key: tuple[Big, Big]


class Health(msgspec.Struct):
    """The process runs its event loop."""

    is_live: bool


class Ready(msgspec.Struct):
    """The node takes commands."""

    is_ready: bool
    alarms: tuple[str, ...]
