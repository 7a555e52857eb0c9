"""A post-only order that was filled though its limit was across the mark: it took where it may only make."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rollup.orders import Order, is_passive
from sequencer.audit.findings import Finding, Rule, Verdict
from sequencer.audit.published import PublishedBatch, PublishedFill
from sequencer.audit.statements import Statement

__all__ = ["find_crossing_post_only"]


def find_crossing_post_only(statements: Sequence[Statement], batches: Sequence[PublishedBatch]) -> Iterator[Finding]:
    """Yield each fill of an acknowledged post-only order that was not passive at the batch's mark."""
    post_only = {
        (order.account, order.slot, order.nonce, order.epoch): (order, statement)
        for statement in statements
        for order in statement.orders
        if order.is_post_only
    }
    for batch in batches:
        for fill in batch.fills:
            epoch = batch.before.get_account(fill.account).epoch
            found = post_only.get((fill.account, fill.slot, fill.nonce, epoch))
            if found is not None and _is_of(fill, found[0]):
                mark_ticks = batch.record.marks_ticks[fill.market]
                if not is_passive(found[0], mark_ticks):
                    yield _spell(batch, fill, mark_ticks, *found)


def _is_of(fill: PublishedFill, order: Order) -> bool:
    return (fill.market, fill.side) == (order.market, order.side)


def _spell(batch: PublishedBatch, fill: PublishedFill, mark_ticks: int, order: Order, by: Statement) -> Finding:
    side = "sell" if order.side else "buy"
    what = f"account {order.account}, slot {order.slot}, nonce {order.nonce}: a post-only {side} with limit"
    what += f" {order.limit_ticks} was filled at mark {mark_ticks}"
    facts = batch.describe() | {"fill": fill.__dict__, "mark_ticks": mark_ticks}
    return Finding(Rule.CROSSING_POST_ONLY, Verdict.MISCONDUCT, what, (by,), facts)
