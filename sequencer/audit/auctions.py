"""Where in the log a batch's auction was called, as far as receipts say: an auction is over the records before its own.

A batch has the time of its auction, and times of batches rise. Auctions that traded nothing may have had the same time
before it, none after it. So the highest known number of an auction of that time is at most the batch's own: what stands
below it came before the auction, and before those of all later batches. Only an OUTCOME names the very auction of a
batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sequencer.audit.published import PublishedBatch
from sequencer.audit.statements import Statement
from sequencer.node.commands import Kind
from sequencer.node.links import compute_digest
from sequencer.node.live import encode_auction
from sequencer.node.outcome import Outcome, decode_outcome
from sequencer.node.refusals import OutcomeInvalid

__all__ = ["Called", "list_outcomes", "place_auctions"]


@dataclass(frozen=True)
class Called:
    """A batch's auction was called at this number of the log, or later; at this very one if `is_exact`."""

    sequence: int
    is_exact: bool
    by: Statement  # which says so


def list_outcomes(statements: Sequence[Statement]) -> Iterator[tuple[Statement, Outcome]]:
    """Yield the outcomes of auctions that are among the statements, as the node recorded them."""
    for statement in statements:
        if statement.receipt.kind == Kind.OUTCOME and statement.body is not None:
            try:
                yield statement, decode_outcome(statement.body)
            except OutcomeInvalid:  # the node's own record is not what it should be: nothing follows from it
                continue


def place_auctions(statements: Sequence[Statement], batches: Sequence[PublishedBatch]) -> dict[int, Called]:
    """Return what is known of the auctions of the batches, by number of the batch. Numbers in the log never fall."""
    known = _find_named(statements, batches)
    called: dict[int, Called] = {}
    last: Called | None = None
    for batch in batches:
        own = known.get(batch.number)
        if last is None or (own is not None and own.sequence > last.sequence):
            last = own
        if last is not None:
            called[batch.number] = last if last is own else replace(last, is_exact=False)
    return called


def _find_named(statements: Sequence[Statement], batches: Sequence[PublishedBatch]) -> dict[int, Called]:
    """Return what the statements say of each batch's own auction."""
    by_digest = {compute_digest(encode_auction(batch.timestamp_s)): batch.number for batch in batches}
    by_time = {batch.timestamp_s: batch.number for batch in batches}
    called: dict[int, Called] = {}
    for statement in statements:
        for sequence, kind, digest in _list_records(statement):
            number = by_digest.get(digest) if kind == Kind.AUCTION else None
            if number is not None and (number not in called or called[number].sequence < sequence):
                called[number] = Called(sequence, False, statement)
    for statement, outcome in list_outcomes(statements):
        number = by_time.get(outcome.timestamp_s)
        if number is not None and outcome.batch is not None:
            called[number] = Called(outcome.auction, True, statement)
    return called


def _list_records(statement: Statement) -> Iterator[tuple[int, int, bytes]]:
    """Yield (sequence, kind, digest) of the records that a receipt shows."""
    receipt = statement.receipt
    yield receipt.sequence, receipt.kind, receipt.digest
    for step, (kind, digest) in enumerate(receipt.tail, start=1):
        yield receipt.sequence + step, kind, digest
