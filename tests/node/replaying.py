"""A log gone through again from its beginning, every batch built anew: what a node that never stops would make."""

from __future__ import annotations

from collections.abc import Sequence

from rollup.audit import check_batch
from rollup.shapes import Shape
from rollup.snapshot import Snapshot
from sequencer.node.commands import Kind
from sequencer.node.links import LogRecord
from sequencer.node.live import LiveState
from sequencer.node.outcome import decode_outcome, encode_outcome
from sequencer.node.sequencing import Sequencing

__all__ = ["go_on", "replay"]


def replay(records: Sequence[LogRecord], genesis: Snapshot, shape: Shape) -> LiveState:
    """Return where the log leads. Fails unless each outcome in it is, byte for byte, the one that is made again."""
    sequencing = Sequencing(LiveState(genesis.params, genesis.state), shape)
    go_on(sequencing, records)
    return sequencing.live


def go_on(sequencing: Sequencing, records: Sequence[LogRecord], *, is_audited: bool = False) -> int:
    """Go through the next records of a log, hold what they say of outcomes to what comes of them; return how many.

    An auction is held where its outcome is among the records: of others nothing came.
    """
    held = {decode_outcome(one.body).auction for one in records if one.kind == Kind.OUTCOME}
    made = b""
    for record in records:
        if record.kind == Kind.OUTCOME:
            assert record.body == made, record.sequence
        else:
            sequencing.apply(record)
        if record.kind == Kind.AUCTION and record.sequence in held:
            outcome, trace = sequencing.run_auction()
            made = encode_outcome(outcome)
            if is_audited and trace is not None:
                check_batch(trace)
    return len(held)
