"""Which of the resting orders a batch is offered, and whether leaving out the others changed nothing of it.

Offered are, of each market, the buys from the lowest price on at which it can clear, the sells up to the highest, and a
margin beyond. Others have no part in a clearing (`rollup.auction.Reach`). What the batch's rounds did to the prices
after that is seen only when it is built: `Selection.covers` says whether all of its clearings stayed among what was
offered. If so, `build_batch` with every resting order makes the same batch: same trace, same state. That needs, and
`covers` checks:

- reach: no order left out has a limit within the reach of any round of its market;
- reduce-only: an order with nothing to reduce is left out, and no RescueLane of the same batch has its account;
- self-trades: the newer of two orders of an account that cross is left out, and no CashLane of the batch, which may
  void the older, has that account, nor has a RescueLane;
- the fund: it looks for a market where any admitted order might meet it. Of those where it holds something, or may come
  to, the most eager order of the other side is offered too, even one that may not trade, and it was not refused;
- lanes: nothing was cut. Where more could trade than lanes take, the oldest are offered (`cutting.py`), and the batch
  is a valid one of its own.

The lists of what waits or is refused name only what was offered.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rollup.orders import SignedOrder
from rollup.quotes import QuotedOrder, SignedQuote
from rollup.trace import CashLaneTrace, RescueLaneTrace
from rollup.transition import BatchResult

__all__ = ["LeftOut", "Selection", "withdraw_places"]


@dataclass(frozen=True)
class LeftOut:
    """Of one market's orders that may trade and are not offered the most eager limits; 0 and 2**48 if there is none."""

    highest_buy_ticks: int
    lowest_sell_ticks: int


@dataclass(frozen=True)
class Selection:
    """What a batch is offered."""

    orders: tuple[SignedOrder | SignedQuote, ...]  # in order of arrival; of a quote only some places
    n_orders: int
    is_all: bool  # nothing is left out
    is_cut: bool  # more could trade than lanes take
    left_out: tuple[LeftOut, ...]  # by market
    idle: frozenset[int]  # accounts with a reduce-only order and nothing to reduce
    crossing: frozenset[int]  # accounts with orders that cross each other
    fund_sides: frozenset[tuple[int, int]]  # (market, direction) whose most eager order is offered for the fund ..
    eager: frozenset[tuple[int, int]]  # .. and these by account and slot

    def covers(self, result: BatchResult) -> bool:
        """Return whether the batch that was built of it is the one that every resting order would have made."""
        if self.is_all or self.is_cut:
            return self.is_all
        rescued = _list_used(result.trace.rescue_lanes)
        touched = rescued | _list_used(result.trace.cash_lanes)
        is_quiet = self.idle.isdisjoint(rescued) and self.crossing.isdisjoint(touched)
        return is_quiet and self._has_fund_seen_all(result) and self._is_within(result)

    def _has_fund_seen_all(self, result: BatchResult) -> bool:
        sizes = enumerate(result.rescue.fund.sizes_lots)
        sides = {(market, 1 if size > 0 else -1) for market, size in sizes if size}
        refused = {slot for sent, _ in result.rejected for slot in _list_slots(sent)}
        return sides <= self.fund_sides and (not sides or self.eager.isdisjoint(refused))

    def _is_within(self, result: BatchResult) -> bool:
        pairs = zip(self.left_out, result.reach, strict=True)
        return all(
            left.highest_buy_ticks < reach.lowest_ticks and left.lowest_sell_ticks > reach.highest_ticks
            for left, reach in pairs
        )


def withdraw_places(signed: SignedQuote, places: Sequence[int]) -> SignedQuote:
    """Return the quote with only these places to trade."""
    withdrawn = frozenset(range(len(signed.quote.orders))) - frozenset(places)
    return SignedQuote(signed.quote, signed.signature, withdrawn)


def _list_used(lanes: Iterable[CashLaneTrace | RescueLaneTrace]) -> set[int]:
    return {lane.account_id for lane in lanes if lane.op is not None}


def _list_slots(sent: object) -> list[tuple[int, int]]:
    """Return account and slot of the orders in what was refused; cash operations have none."""
    quoted = [part.order for part in sent.quoted_orders] if isinstance(sent, SignedQuote) else []
    alone = [sent.order] if isinstance(sent, SignedOrder | QuotedOrder) else []
    return [(order.account, order.slot) for order in quoted + alone]
