"""A log gone through again from its beginning, every batch built anew: what a node that never stops would make."""

from __future__ import annotations

from collections.abc import Sequence

from rollup.shapes import Shape
from rollup.snapshot import Snapshot
from sequencer.node.commands import Kind
from sequencer.node.links import LogRecord
from sequencer.node.live import LiveState
from sequencer.node.outcome import decode_outcome, encode_outcome
from sequencer.node.sequencing import Sequencing

__all__ = ["describe", "go_on", "replay"]


def replay(records: Sequence[LogRecord], genesis: Snapshot, shape: Shape) -> LiveState:
    """Return where the log leads. Fails unless each outcome in it is, byte for byte, the one that is made again."""
    sequencing = Sequencing(LiveState(genesis.params, genesis.state), shape)
    go_on(sequencing, records)
    return sequencing.live


def go_on(sequencing: Sequencing, records: Sequence[LogRecord]) -> int:
    """Go through the next records of a log, hold what they say of outcomes to what comes of them; return how many.

    An auction is held where its outcome is among the records: of others nothing came. An outcome of an auction that was
    called before the first of them is taken over.
    """
    held = {decode_outcome(one.body).auction for one in records if one.kind == Kind.OUTCOME}
    made: bytes | None = None
    for record in records:
        if record.kind == Kind.OUTCOME and made is None:  # called before the first of these records
            sequencing.follow(record)
        elif record.kind == Kind.OUTCOME:
            assert record.body == made, record.sequence
            made = None
        else:
            sequencing.apply(record)
        if record.kind == Kind.AUCTION and record.sequence in held:
            made = encode_outcome(sequencing.run_auction()[0])
    return len(held)


def describe(live: LiveState) -> dict[str, object]:
    """Return all that decides how it goes on."""
    slots = {*live.orders, *live.floors}
    lowest = {key: live.orders[key][0] + 1 if key in live.orders else live.floors[key] for key in slots}
    return {
        "root": live.state.state_root,
        "header": live.state.header,
        "accounts": {number: one for number, one in live.state.accounts.items() if not one.is_empty or number < 2},
        "orders": live.orders,
        "lowest": lowest,
        "cancel_all_ms": live.cancel_all_ms,
        "cash": live.cash,
        "entries": live.entries,
        "prices": live.prices,
        "released": live.released,
        "cash_nonces": {account: nonces for account, nonces in live.cash_nonces.items() if nonces},
        "slots": {account: slots for account, slots in live.slots.items() if slots},
        "auction": live.auction,
    }
