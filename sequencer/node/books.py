"""What waits for an auction, decoded: orders in the book or behind a trigger, cash operations, the queue, prices."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from rollup.admission import SentOrder
from rollup.oracle import SignedPrices
from rollup.orders import Order
from rollup.shapes import Shape
from rollup.tick import Tick
from rollup.trade_lanes import OrderReport
from rollup.txs import SignedCashOp
from sequencer.node.auction_book import AuctionBook
from sequencer.node.command_codec import decode_command
from sequencer.node.commands import CashRequest, Kind, OraclePrices, PlaceOrder, PlaceQuote, QueueEntrySeen
from sequencer.node.live import LiveRecord, LiveState, Slot
from sequencer.node.outcome import ClosedOrder

__all__ = ["Books"]

_CASH_PER_LANE = 4  # so many operations are offered for each CashLane: some are refused, some have to wait


class Books:
    """Follows a `LiveState`, which says what rests; here are the same records as the auction takes them."""

    def __init__(self, live: LiveState) -> None:
        self._live = live
        self.orders = AuctionBook()
        self._parked: dict[Slot, tuple[int, PlaceOrder]] = {}  # waiting for their trigger
        self._immediate: set[Slot] = set()  # IOC orders in the book
        self._cash: dict[int, SignedCashOp] = {}  # by sequence number
        self._entries: dict[int, SignedCashOp] = {}  # by index in the queue
        self._prices: dict[int, SignedPrices] = {}  # by signer
        for record in live.list_records():
            self.take(record)

    @property
    def has_cash(self) -> bool:
        """Whether operations or entries of the queue wait."""
        return bool(self._cash or self._entries)

    @property
    def prices(self) -> list[SignedPrices]:
        """The last prices of each signer."""
        return [self._prices[signer] for signer in sorted(self._prices)]

    @property
    def immediate(self) -> list[Slot]:
        """The slots with IOC orders in the book."""
        return sorted(self._immediate)

    def take(self, record: LiveRecord) -> None:
        """Put a record where it waits; of a quote the orders that are still to rest. Cancels are for `drop`."""
        if record.kind in (Kind.CANCEL, Kind.CANCEL_ALL):
            return
        match decode_command(record.kind, record.body):
            case PlaceOrder(signed, trigger) as place:
                key = (signed.order.account, signed.order.slot)
                self.drop(key)
                if trigger is None or key in self._live.released:
                    self._rest(signed, signed.order, record.sequence)
                else:
                    self._parked[key] = (record.sequence, place)
            case PlaceQuote(signed_quote):
                for quoted in signed_quote.quoted_orders:
                    order = quoted.order
                    if self._live.rests(order.account, order.slot, order.nonce):
                        self.drop((order.account, order.slot))
                        self._rest(quoted, order, record.sequence)
            case CashRequest(op, signature):
                self._cash[record.sequence] = SignedCashOp(op, signature)
            case QueueEntrySeen(index, entry):
                if (seen := self._live.entries.get(index)) is not None and seen.sequence == record.sequence:
                    self._entries[index] = SignedCashOp(entry)
            case OraclePrices(signed_prices):
                self._prices[signed_prices.signer] = signed_prices

    def drop(self, key: Slot) -> None:
        """Take out what rests in a slot or waits there for its trigger."""
        self.orders.remove(*key)
        self._parked.pop(key, None)
        self._immediate.discard(key)

    def drop_done(self) -> None:
        """Take out the operations and entries that wait no more."""
        for sequence in [sequence for sequence in self._cash if sequence not in self._live.cash]:
            del self._cash[sequence]
        for index in [index for index in self._entries if index not in self._live.entries]:
            del self._entries[index]

    def list_hit(self, tick: Tick) -> Iterator[Slot]:
        """Yield the slots whose trigger the marks reached."""
        for key, (_, place) in self._parked.items():
            if place.trigger is not None and place.trigger.is_hit(tick.header.marks_ticks[place.signed.order.market]):
                yield key

    def release(self, key: Slot) -> None:
        """Let an order that waited for its trigger into the book."""
        sequence, place = self._parked.pop(key)
        self._rest(place.signed, place.signed.order, sequence)

    def close_expired(self, timestamp_s: int) -> Iterator[ClosedOrder]:
        """Take out the orders that a batch of this time would refuse as expired, and yield them."""
        parked = [place.signed.order for _, place in self._parked.values()]
        late = [resting.sent.order for resting in self.orders.remove_expired(timestamp_s)]
        for order in (*late, *(order for order in parked if order.expiry_s < timestamp_s)):
            self.drop((order.account, order.slot))
            yield ClosedOrder(order.account, order.slot, order.nonce, "expired")

    def close_filled(self, fills: tuple[OrderReport, ...]) -> Iterator[ClosedOrder]:
        """Take over what a batch filled, and yield the orders of which nothing is left."""
        before = {id(fill): self.orders.get(fill.order.account, fill.order.slot) for fill in fills}
        self.orders.apply_fills(fills)
        for fill in fills:
            order, resting = fill.order, before[id(fill)]
            if resting is not None and self.orders.get(order.account, order.slot) is None:
                is_whole = resting.filled_lots + fill.fill_lots == order.size_lots
                yield ClosedOrder(order.account, order.slot, order.nonce, "filled" if is_whole else "ioc")

    def offer_cash(self, shape: Shape) -> dict[int, SignedCashOp]:
        """Return what waits for CashLanes, entries and signed operations by turns: neither shuts the other out.

        Keys are sequence numbers, and below 0 for entries.
        """
        limit = _CASH_PER_LANE * max(1, shape.cash_lanes)
        entries = [(-1 - index, self._entries[index]) for index in sorted(self._entries)[:limit]]
        signed = sorted(self._cash.items())[:limit]
        return dict(one for pair in zip_longest(entries, signed) for one in pair if one is not None)

    def _rest(self, sent: SentOrder, order: Order, sequence: int) -> None:
        """Let an order rest with what its slot says was filled of it before."""
        self.orders.add(sent, sequence, self._live.get_filled(order.account, order.slot, order.nonce))
        if order.is_ioc:
            self._immediate.add((order.account, order.slot))
