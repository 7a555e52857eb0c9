"""A fill of an order that the node had acknowledged as void: cancelled, or replaced by a higher nonce in its slot.

Receipts bind at once (docs/node.md): what stands in the log before the auction's own record holds for the auction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sequencer.audit.auctions import Called
from sequencer.audit.findings import Finding, Rule, Verdict
from sequencer.audit.history import History
from sequencer.audit.published import PublishedBatch, PublishedFill
from sequencer.audit.statements import Statement
from sequencer.node.commands import CancelAllOrders, CancelOrder

__all__ = ["find_void", "find_voided_fills"]


def find_voided_fills(
    history: History, batches: Sequence[PublishedBatch], called: Mapping[int, Called]
) -> Iterator[Finding]:
    """Yield each fill of an order that was void when its auction was called, with the earliest reason."""
    for batch in batches:
        if batch.number not in called:
            continue
        known = called[batch.number]
        for fill in batch.fills:
            epoch = _get_epoch(batch, fill.account)
            before = history.list_account(fill.account, known.sequence)
            found = None if epoch is None else find_void(before, (fill.account, fill.slot, fill.nonce), epoch)
            if found is not None:
                yield _spell(batch, fill, known, *found)


def find_void(
    statements: Sequence[Statement], order: tuple[int, int, int], epoch: int
) -> tuple[Rule, tuple[Statement, ...]] | None:
    """Return what made an order (account, slot, nonce) void first: the rule and its receipts; None where nothing did.

    A cancel-all voids what stands before it, so it needs the receipt of the order too.
    """
    account, slot, nonce = order
    brought: Statement | None = None
    for statement in statements:
        match statement.command:
            case CancelOrder(who, where, up_to, of_epoch):
                if (who, where, of_epoch) == (account, slot, epoch) and up_to >= nonce:
                    return Rule.FILL_AFTER_CANCEL, (statement,)
            case CancelAllOrders(who, _, of_epoch):
                if (who, of_epoch) == (account, epoch) and brought is not None:
                    return Rule.FILL_AFTER_CANCEL, (brought, statement)
        for one in statement.orders:
            if (one.account, one.slot, one.epoch) == (account, slot, epoch):
                if one.nonce > nonce:
                    return Rule.FILL_AFTER_REPLACE, (statement,)
                brought = statement if one.nonce == nonce else brought
    return None


def _get_epoch(batch: PublishedBatch, account: int) -> int | None:
    """Return the epoch that an order filled in the batch must have named; None where the batch changed it."""
    before, after = (state.get_account(account).epoch for state in (batch.before, batch.after))
    return before if before == after else None


def _spell(
    batch: PublishedBatch, fill: PublishedFill, known: Called, rule: Rule, reason: tuple[Statement, ...]
) -> Finding:
    order = f"account {fill.account}, slot {fill.slot}, nonce {fill.nonce}"
    what = f"{order}: void by record {reason[-1].sequence}, filled by the auction of record {known.sequence} or later"
    facts = batch.describe() | {"fill": fill.__dict__}
    return Finding(rule, Verdict.MISCONDUCT, what, (*reason, known.by), facts)
