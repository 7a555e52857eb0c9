"""An auction run again by the rules: where every record before it is shown, the log and the published state decide it.

The books are built from the records; the state is that of the published batches, so that a batch that was cheated is
where the next one starts, as it was for the node. Nothing is taken from the node but what it signed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from rollup.errors import RollupError
from sequencer.audit.auctions import Called
from sequencer.audit.history import History
from sequencer.audit.published import Published, PublishedBatch
from sequencer.node.commands import Kind
from sequencer.node.links import GENESIS, LogRecord
from sequencer.node.live import LiveState
from sequencer.node.sequencing import Sequencing

__all__ = ["RerunFills", "rerun_auctions"]

RerunFills = dict[tuple[int, int, int], int]
"""Lots by account, slot and nonce."""


def rerun_auctions(
    history: History,
    published: Published,
    called: Mapping[int, Called],
    numbers: Collection[int],
) -> dict[int, RerunFills]:
    """Return what the rules fill in these batches, of those for which the log is whole from its beginning.

    A batch whose outcome is not among the statements, or is another than the published, ends it: what came after cannot
    be told.
    """
    exact = [batch for batch in published.batches if batch.number in called and called[batch.number].is_exact]
    by_sequence = {called[batch.number].sequence: batch for batch in exact if batch.number in numbers}
    live, found = LiveState(published.params, published.genesis), dict[int, RerunFills]()
    try:
        for record in _list_whole_log(history):
            live.apply(record)
            batch = by_sequence.get(record.sequence) if record.kind == Kind.AUCTION else None
            if batch is not None:
                found[batch.number] = _rerun(live, batch)
            if record.kind == Kind.OUTCOME and not _stands_at_published(live, published):
                return found
    except RollupError:  # the node's own log is not what it should be: what was found before it stands
        return found
    return found


def _list_whole_log(history: History) -> Iterator[LogRecord]:
    """Yield the records from the first on, as far as their bodies are shown without a gap and in one history."""
    link = GENESIS.link
    for statement in history.list_whole():
        receipt = statement.receipt
        if statement.body is None or receipt.previous != link:
            return
        yield LogRecord(receipt.sequence, receipt.kind, receipt.time_us, receipt.link, statement.body)
        link = receipt.link


def _rerun(live: LiveState, batch: PublishedBatch) -> RerunFills:
    outcome, _ = Sequencing(live.copy(), batch.shape).run_auction()
    fills: RerunFills = {}
    for fill in outcome.batch.fills if outcome.batch is not None else ():
        if not fill.is_liquidation:
            fills[fill.account, fill.slot, fill.nonce] = fill.size_lots
    return fills


def _stands_at_published(live: LiveState, published: Published) -> bool:
    """Return whether the state is a published one, and take that in its place: its hashes are known."""
    number = live.state.header.batch_number - published.genesis.header.batch_number
    if not 0 <= number <= len(published.batches):
        return False
    state = published.batches[number - 1].after if number else published.genesis
    if live.state.header != state.header:
        return False
    live.state = state
    return True
