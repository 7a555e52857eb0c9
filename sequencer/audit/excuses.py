"""Why a better order may have been left out by the rules, as far as what is shown does not exclude it.

The model decides which orders trade by rounds (docs/orders.md): what stands in the book beside an order can be the
reason that it fell out. So without the whole log something is always left to say; each excuse names what would settle
it.
"""

from __future__ import annotations

from collections.abc import Iterator

from rollup.errors import TxRejected
from rollup.margin import compute_margin
from rollup.orders import Order
from rollup.settle import settle_fill
from sequencer.audit.history import History
from sequencer.audit.left_out import LeftOut
from sequencer.audit.rooms import has_room
from sequencer.audit.statements import Statement
from sequencer.node.commands import Kind, PlaceQuote

__all__ = ["get_lanes_excuse", "list_excuses"]


def list_excuses(left_out: LeftOut, history: History) -> Iterator[str]:
    """Yield every excuse that is not excluded, "code: what would settle it"."""
    order, batch = left_out.order, left_out.batch
    yield from _list_unseen_excuses(left_out, history)
    yield (
        get_lanes_excuse(left_out)
        or "lanes_competed: places were left, but others may have taken one before they fell out"
    )
    if order.is_reduce_only:
        yield "reduce_only: it trades only what the account's position allows at its turn"
    if order.is_ioc and any(
        _is_between(left_out, one) and one.receipt.kind == Kind.AUCTION for one in history.statements
    ):
        yield "ioc: an auction before this one ended it"
    if not _is_covered(left_out):
        yield "account_not_covered: filled at this price, it would leave the account below its initial requirement"
    if order.is_post_only and batch.params.maker_fee_ppm[batch.before.get_account(order.account).tier] < 0:
        yield "rebate: the fees of the batch may not have paid for its rebate"
    if _is_busy(left_out):
        yield "account_busy: the batch liquidates or rescues the account, or moves its cash"
    for crossing in _list_crossing(left_out, history):
        yield f"self_trade: it crosses the order of record {crossing.sequence}, of the same account"


def get_lanes_excuse(left_out: LeftOut) -> str | None:
    """Return that the batch had no place left for the order, or None."""
    command = left_out.by.command
    quote = command.signed if isinstance(command, PlaceQuote) else None
    if has_room(left_out.batch, left_out.order, quote):
        return None
    return "lanes_full: every lane wide enough for it was in use"


def _list_unseen_excuses(left_out: LeftOut, history: History) -> Iterator[str]:
    first, last = left_out.by.sequence + 1, left_out.called.sequence - 1
    between = history.list_unseen(first, last)
    if between:
        ranges = ", ".join(f"{low} to {high}" if low < high else str(low) for low, high in between[:8])
        yield f"records_unseen: a cancel or replacement that the account signed, or a refusal, may be among {ranges}"
    if not left_out.called.is_exact:
        yield f"auction_not_exact: it was called at record {left_out.called.sequence} or later: its outcome would say"
    if history.list_unseen(1, left_out.by.sequence - 1):
        yield "book_unseen: orders before it may have changed how the auction went: the whole log would say"


def _is_between(left_out: LeftOut, statement: Statement) -> bool:
    return left_out.by.sequence < statement.sequence < left_out.called.sequence


def _is_covered(left_out: LeftOut) -> bool:
    """Return whether the account, as the batch left it, would bear what is missing at the price it cleared at."""
    batch, order = left_out.batch, left_out.order
    after, params = batch.after.get_account(order.account), batch.params
    try:
        filled, _ = settle_fill(after, order, left_out.missing_lots, left_out.price_ticks, batch.tick, params)
    except TxRejected:
        return False
    header = batch.tick.header
    margin = compute_margin(
        filled.cash_atoms, filled.sizes_lots, header.marks_ticks, header.funding_index, batch.tick.fractions
    )
    return margin.equity >= margin.initial


def _is_busy(left_out: LeftOut) -> bool:
    record, account = left_out.batch.record, left_out.order.account
    named = {lane.account for lane in record.cash} | {lane.second for lane in record.cash}
    named |= {lane.account for lane in record.rescue}
    victims = {turn.account for turn in record.turns if turn.fills[0].is_liquidation}
    header, tick, leaf = left_out.batch.tick.header, left_out.batch.tick, left_out.batch.before.get_account(account)
    margin = compute_margin(leaf.cash_atoms, leaf.sizes_lots, header.marks_ticks, header.funding_index, tick.fractions)
    return account in named | victims or margin.equity < margin.maintenance


def _list_crossing(left_out: LeftOut, history: History) -> Iterator[Statement]:
    """Yield the statements with an order of the account that crosses this one, whichever came first."""
    order = left_out.order
    for statement in history.list_account(order.account, left_out.called.sequence):
        if any(_crosses(order, one) for one in statement.orders):
            yield statement


def _crosses(order: Order, other: Order) -> bool:
    if (other.account, other.market) != (order.account, order.market) or other.side == order.side:
        return False
    return order.direction * (order.limit_ticks - other.limit_ticks) >= 0
