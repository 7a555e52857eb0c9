"""The orders that leave the book by a record that a client sent: replaced or cancelled."""

from __future__ import annotations

from sequencer.node.commands import Kind
from sequencer.node.event_types import OrderClosed
from sequencer.node.links import LogRecord
from sequencer.node.live import LiveRecord, LiveState, list_slots

__all__ = ["list_leaving"]


def list_leaving(live: LiveState, record: LogRecord) -> list[OrderClosed]:
    """Return what the next record of the log takes out of the book. Assumes that `live` does not hold it yet."""
    if record.kind in (Kind.ORDER, Kind.QUOTE):
        slots = list_slots(LiveRecord(record.sequence, record.kind, record.body))
        return _close(live, slots, "replaced")
    account = int.from_bytes(record.body[:3], "big")
    if record.kind == Kind.CANCEL:
        slot, nonce = int.from_bytes(record.body[3:5], "big"), int.from_bytes(record.body[5:9], "big")
        return _close(live, [(account, slot, nonce)], "cancelled")
    if record.kind == Kind.CANCEL_ALL:
        resting = [(account, slot, live.orders[account, slot][0]) for slot in sorted(live.slots.get(account, ()))]
        return _close(live, resting, "cancelled")
    return []


def _close(live: LiveState, up_to: list[tuple[int, int, int]], reason: str) -> list[OrderClosed]:
    """Return the orders that rest in these slots under these nonces or lower ones."""
    found = [(account, slot, live.orders.get((account, slot)), nonce) for account, slot, nonce in up_to]
    return [
        OrderClosed(account, slot, resting[0], reason)
        for account, slot, resting, nonce in found
        if resting is not None and resting[0] <= nonce
    ]
