"""Whether a batch had a place left for one more order, by the lanes it used."""

from __future__ import annotations

from rollup.orders import Order
from rollup.quotes import QuotedOrder, SignedQuote
from rollup.turn_record import TurnRecord
from sequencer.audit.published import PublishedBatch

__all__ = ["has_room"]


def has_room(batch: PublishedBatch, order: Order, quote: SignedQuote | None) -> bool:
    """Return whether the turns of the batch and this order would have fitted its lanes together.

    An order signed alone shares its account's TradeLane. A quoted one needs a QuoteLane of its own: which quote an
    account's QuoteLane was for is not published, so one in use is taken for another's.
    """
    n_trade = len(batch.shape.trade_capacities)
    trade, quotes = batch.record.turns[:n_trade], batch.record.turns[n_trade:]
    if quote is None:
        widths = {i: _get_width(turn) for i, turn in enumerate(trade) if turn.account}
        own = [i for i in widths if trade[i].account == order.account and not trade[i].fills[0].is_liquidation]
        width = 1 + (widths.pop(own[0]) if own else 0)
        return _is_fitting([*widths.values(), width], batch.shape.trade_capacities)
    if any(turn.account == order.account for turn in quotes):
        return False
    widths = {i: _get_width(turn) for i, turn in enumerate(quotes) if turn.account}
    return _is_fitting([*widths.values(), 1 + _get_place(quote, order)], batch.shape.quote_capacities)


def _get_width(turn: TurnRecord) -> int:
    return 1 + max((place for place, fill in enumerate(turn.fills) if fill.lots), default=0)


def _get_place(quote: SignedQuote, order: Order) -> int:
    places = (quoted.place for quoted in quote.quoted_orders if _is_same(quoted, order))
    return next(places)


def _is_same(quoted: QuotedOrder, order: Order) -> bool:
    return (quoted.order.slot, quoted.order.nonce) == (order.slot, order.nonce)


def _is_fitting(widths: list[int], capacities: tuple[int, ...]) -> bool:
    widest = sorted(capacities, reverse=True)
    return len(widths) <= len(widest) and all(map(int.__le__, sorted(widths, reverse=True), widest))
