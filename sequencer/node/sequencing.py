"""The sequencer proper: what the log says, in books that can be traded from, and the auctions made of them.

It follows from the log alone, record by record, so that a node that starts again comes to the same batches. An auction
is over all records before its own; what came of it is an `Outcome`, the next record that concerns it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rollup.oracle import pick_usable
from rollup.orders import unpack_slot
from rollup.shapes import Shape
from rollup.signature_cache import SignatureCache
from rollup.tick import Tick, run_tick
from rollup.trace import BatchTrace
from rollup.transition import BatchResult
from rollup.txs import Evict, SignedCashOp
from sequencer.node.books import Books
from sequencer.node.choosing import Scene
from sequencer.node.commands import Kind
from sequencer.node.links import LogRecord
from sequencer.node.live import LiveRecord, LiveState, Slot
from sequencer.node.outcome import CashDone, ClosedOrder, Outcome
from sequencer.node.outcome_making import list_refused, list_refused_cash, seal_batch
from sequencer.node.risk_book import RiskBook
from sequencer.node.risk_tick import build_from_book, preview_scene

__all__ = ["EVICT_ALONE_S", "EVICT_IDLE_S", "Sequencing"]

EVICT_IDLE_S: Final = 86_400  # a leaf whose rent ran out is left to its owner for so long after it was last touched
EVICT_ALONE_S: Final = 3_600  # evictions go along with batches; without any for so long they have one of their own


class Sequencing:
    """The books of one log. Not for several threads."""

    def __init__(self, live: LiveState, shape: Shape) -> None:
        """Begin where a log, read so far, stands."""
        self.live, self._shape = live, shape
        self.books, self._risk = Books(live), RiskBook(live.state.accounts)
        self._signatures = SignatureCache()
        self._looked_s = 0  # when overdue evictions were last looked for
        self._is_new = True  # something came since an auction last found nothing to do
        self.indicative: dict[int, int] = {}  # by market: where it would clear, when that was last asked

    def apply(self, record: LogRecord) -> None:
        """Take in the next record, which is no outcome: those are made here."""
        slots = _list_cancelled(self.live, record)
        self.live.apply(record)
        for key in slots:
            if key not in self.live.orders:
                self.books.drop(key)
        if record.kind < Kind.AUCTION:
            self._is_new = True
            self.books.take(LiveRecord(record.sequence, record.kind, record.body))

    def follow(self, record: LogRecord) -> Outcome:
        """Take over, and return, an outcome that another engine made of the auction that was called."""
        outcome = self.live.apply(record)
        assert outcome is not None, "no outcome"
        self.books, self._risk, self._is_new = Books(self.live), RiskBook(self.live.state.accounts), True
        return outcome

    def would_act(self, timestamp_s: int) -> bool:
        """Return whether an auction at this time might do anything."""
        if timestamp_s <= self.live.state.header.timestamp_s:
            return False
        if not self._is_new:
            return self._has_overdue_evictions(timestamp_s)
        if self.books.has_cash:
            return True
        scene = self.preview(timestamp_s)
        if scene.tick.stale:
            return False
        is_due = next(iter(self._risk.find_rescuable({}, scene.tick)), None) is not None
        has_crossing = self._has_crossing(scene)
        return bool(has_crossing or is_due or scene.entries or list(self.books.list_hit(scene.tick)))

    def preview(self, timestamp_s: int) -> Scene:
        """Return what an auction at this time would meet. Raises ClockNotRising."""
        standing = (self.live.state, self.live.params, self._shape, self.books.prices, timestamp_s)
        return preview_scene(*standing, self.books.orders, self._risk, self._signatures)

    def run_auction(self) -> tuple[Outcome, BatchTrace | None]:
        """Return what comes of the auction that was called, and the batch's trace, if there is a batch.

        The books stand behind it then. Assumes that one was called, later than the last batch.
        """
        called, state = self.live.auction, self.live.state
        assert called is not None, "no auction was called"
        tick = self._make_tick(called.timestamp_s)
        closed = list(self.books.close_expired(called.timestamp_s))
        released = tuple(self.books.list_hit(tick))
        for key in released:
            self.books.release(key)
        immediate = () if tick.stale else self.books.immediate
        offered = self.books.offer_cash(self._shape)
        result = self._build(called.timestamp_s, [*offered.values(), *self._list_evictions(tick)])
        closed += list_refused(result)
        if not result.is_idle:
            closed += self.books.close_filled(result.fills)
            closed += self._close_void(result)
            self._risk.apply(result.changed)
        closed += [self._spell(key, "ioc") for key in immediate]
        batch = None if result.is_idle else seal_batch(result, state.state_root)
        facts = (called.sequence, called.timestamp_s, released, _once(closed), _list_done(offered, result))
        outcome = Outcome(*facts, batch)
        self._is_new = batch is not None
        self._follow(outcome, result)
        return outcome, None if batch is None else result.trace

    def _list_evictions(self, tick: Tick) -> list[SignedCashOp]:
        """Return the evictions that are due, for the CashLanes that nobody else takes: they come last."""
        due = self._risk.find_evictable(tick, EVICT_IDLE_S, self._shape.cash_lanes)
        return [SignedCashOp(Evict(account)) for account in due]

    def _has_overdue_evictions(self, timestamp_s: int) -> bool:
        """Return whether there were no batches for so long that evictions should have one: seldom looked at."""
        since_s = max(self.live.state.header.timestamp_s, self._looked_s)
        if timestamp_s - since_s < EVICT_ALONE_S:
            return False
        self._looked_s = timestamp_s
        return bool(self._list_evictions(self._make_tick(timestamp_s)))

    def _build(self, timestamp_s: int, cash: Sequence[SignedCashOp]) -> BatchResult:
        return build_from_book(
            self.live.state,
            self.live.params,
            self._shape,
            oracle=self.books.prices,
            timestamp_s=timestamp_s,
            orders=self.books.orders,
            risk=self._risk,
            cash_ops=cash,
            signatures=self._signatures,
        ).result

    def _make_tick(self, timestamp_s: int) -> Tick:
        header, params = self.live.state.header, self.live.params
        usable = pick_usable(self.books.prices, params, header.signer_times_s, timestamp_s, self._signatures)
        return run_tick(header, params, usable, timestamp_s)

    def _has_crossing(self, scene: Scene) -> bool:
        orders = self.books.orders.find_participants(scene.tick, self._risk.get_positions)
        crossings = self.books.orders.find_crossings(scene.tick, self.live.params, orders, {})
        self.indicative = {market: crossing.price_ticks for market, crossing in enumerate(crossings)}
        return any(crossing.volume_lots for crossing in crossings)

    def _close_void(self, result: BatchResult) -> Iterator[ClosedOrder]:
        """Yield the orders that the batch made void: by another key or epoch, or by a cancel in the state."""
        for account_id, account in sorted(result.changed.items()):
            before = self.live.state.get_account(account_id)
            is_other = (before.epoch, before.key) != (account.epoch, account.key)
            for slot in sorted(self.live.slots.get(account_id, ())):
                closed = self._spell((account_id, slot), "epoch" if is_other else "cancelled")
                if is_other or unpack_slot(account.orders.get(slot))[0] > closed.nonce:
                    yield closed

    def _spell(self, key: Slot, reason: str) -> ClosedOrder:
        return ClosedOrder(*key, self.live.orders[key][0], reason)

    def _follow(self, outcome: Outcome, result: BatchResult) -> None:
        """Let the books stand behind the outcome."""
        self.live.follow(outcome)
        if outcome.batch is not None:
            self.live.state = result.state  # the same, with the hashes that are known already
        for closed in outcome.closed:
            if (closed.account, closed.slot) not in self.live.orders:
                self.books.drop((closed.account, closed.slot))
        self.books.drop_done()


def _list_cancelled(live: LiveState, record: LogRecord) -> Sequence[Slot]:
    """Return the slots that a cancel may empty."""
    account = int.from_bytes(record.body[:3], "big")
    if record.kind == Kind.CANCEL:
        return [(account, int.from_bytes(record.body[3:5], "big"))]
    if record.kind == Kind.CANCEL_ALL:
        return [(account, slot) for slot in live.slots.get(account, ())]
    return []


def _once(closed: Sequence[ClosedOrder]) -> tuple[ClosedOrder, ...]:
    """Return each order once, with the first reason."""
    first: dict[tuple[int, int, int], ClosedOrder] = {}
    for one in closed:
        first.setdefault((one.account, one.slot, one.nonce), one)
    return tuple(first.values())


def _list_done(offered: dict[int, SignedCashOp], result: BatchResult) -> tuple[CashDone, ...]:
    """Return the signed operations that wait no more, each with why it was refused, if it was."""
    waiting = {id(signed) for signed in result.waiting_cash}
    refused = {id(signed): code for signed, code in list_refused_cash(result)}
    done = ((sequence, id(signed)) for sequence, signed in offered.items() if sequence >= 0)
    return tuple(CashDone(sequence, refused.get(one, "")) for sequence, one in done if one not in waiting)
