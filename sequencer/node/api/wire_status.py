"""How the node is, as it answers."""

from __future__ import annotations

import msgspec

from sequencer.node.api.wire_types import Address, Big

__all__ = ["Health", "Ready", "Status"]


class Status(msgspec.Struct):
    """How the node is, and what receipts and messages are bound to.

    batches_resume_s: above 0 the last batch's time is in the future, and there are no batches for so many seconds.
    """

    batch_number: int
    state_root: Big
    sequence: int
    backlog_batches: int
    withdraw_only: bool
    alarms: tuple[str, ...]
    batches_resume_s: int
    chain_id: Big
    contract: Address
    version: int
    domain: Big
    receipt_key: tuple[Big, Big]


class Health(msgspec.Struct):
    """The process runs its event loop."""

    is_live: bool


class Ready(msgspec.Struct):
    """The node takes commands. batches_resume_s: above 0 it makes no batches for so many seconds."""

    is_ready: bool
    alarms: tuple[str, ...]
    batches_resume_s: int
