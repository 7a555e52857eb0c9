"""An acknowledged order that was strictly better than the price and yet not filled completely. docs/audit.md.

`find_candidates` takes out every order that could not trade in the batch by what is published and acknowledged: those
are no findings at all. Whether the others had to trade is for `excuses` and `rerun` to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rollup.auction import compute_edges, is_marginal
from rollup.errors import TxRejected
from rollup.orders import Order, is_passive
from rollup.settle import get_filled_lots
from sequencer.audit.auctions import Called
from sequencer.audit.history import History
from sequencer.audit.published import PublishedBatch
from sequencer.audit.resting import RestingOrders
from sequencer.audit.statements import Statement
from sequencer.node.commands import PlaceOrder

__all__ = ["LeftOut", "find_candidates"]


@dataclass(frozen=True)
class LeftOut:
    """An order that could trade at better than its limit, and was not filled completely."""

    batch: PublishedBatch
    called: Called
    order: Order
    by: Statement  # its receipt
    filled_before_lots: int
    fill_lots: int  # of the batch

    @property
    def key(self) -> tuple[int, int, int]:
        """Account, slot and nonce."""
        return self.order.account, self.order.slot, self.order.nonce

    @property
    def price_ticks(self) -> int:
        """What its market cleared at."""
        return self.batch.record.clearing_prices_ticks[self.order.market]

    @property
    def missing_lots(self) -> int:
        """What of it did not trade."""
        return self.order.size_lots - self.filled_before_lots - self.fill_lots


def find_candidates(
    history: History, batches: Sequence[PublishedBatch], called: Mapping[int, Called]
) -> Iterator[LeftOut]:
    """Yield the orders left out of each batch whose auction is known to have come after them."""
    resting = RestingOrders(history)
    for batch in batches:
        if batch.number not in called:
            continue
        resting.advance(called[batch.number].sequence)
        resting.drop_late(batch.timestamp_s)
        for order, statement in resting if not batch.record.is_stale else ():
            filled_lots = _find_filled(batch, statement, order)
            if filled_lots is None:
                continue
            fill_lots = batch.filled_lots.get((order.account, order.slot, order.nonce), 0)
            left_out = LeftOut(batch, called[batch.number], order, statement, filled_lots, fill_lots)
            if left_out.missing_lots > 0:
                yield left_out


def _find_filled(batch: PublishedBatch, statement: Statement, order: Order) -> int | None:
    """Return what was filled of an order that could trade in the batch; None for one that could not."""
    account, tick = batch.before.get_account(order.account), batch.tick
    if account.is_empty or order.epoch != account.epoch or order.expiry_s < batch.timestamp_s:
        return None
    if order.market not in batch.markets or not _is_strictly_better(batch, order):
        return None
    mark_ticks = batch.record.marks_ticks[order.market]
    if order.is_post_only and not is_passive(order, mark_ticks):
        return None
    trigger = statement.command.trigger if isinstance(statement.command, PlaceOrder) else None
    if trigger is not None and not trigger.is_hit(mark_ticks):
        return None  # it may have been hit before: too little is known to say so
    try:
        filled_lots = get_filled_lots(order, account)
    except TxRejected:  # its slot went on, or nothing of it is left
        return None
    return None if filled_lots == 0 and tick.order_fee_e6 > order.max_fee_e6 else filled_lots


def _is_strictly_better(batch: PublishedBatch, order: Order) -> bool:
    price_ticks = batch.record.clearing_prices_ticks[order.market]
    if order.direction * (order.limit_ticks - price_ticks) <= 0:
        return False
    band = batch.record.marks_ticks[order.market], batch.params.markets[order.market].band_ppm
    return not is_marginal(order.direction, order.limit_ticks, price_ticks, compute_edges(price_ticks, *band))
