"""What happened, for those who ask: batches with their stage, fills by account, the queue's entries.

No more than so many of each: older batches stand in the store. It goes into snapshots of the log, past auctions and
funding (`market_history.py`) with it, so that a restart forgets nothing.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final, TypeVar

from sequencer.node.event_types import (
    AuctionSeen,
    Event,
    FillSeen,
    OrderClosed,
    PositionGone,
    RescueKind,
    RescueSeen,
)
from sequencer.node.history_rows import (
    read_batches,
    read_entries,
    read_fills,
    read_prices,
    write_batches,
    write_entries,
    write_fills,
)
from sequencer.node.live import Before
from sequencer.node.market_history import MarketHistory
from sequencer.node.outcome import Fill, Outcome, Rescue
from sequencer.node.pipeline_types import BatchProgress
from sequencer.node.refusals import LiveStateInvalid
from sequencer.node.view_types import BatchStage, BatchView, EntryStage, EntryView
from verifier.queue_entries import Entry

__all__ = ["History"]

_MAX_BATCHES: Final = 20_000
_MAX_ENTRIES: Final = 20_000
_MAX_FILLS: Final = 1_000  # of an account
_MAX_ALL_FILLS: Final = 100_000
_View = TypeVar("_View", BatchView, EntryView)


class History:
    """Fed in the order of the log."""

    def __init__(self) -> None:
        self._batches: OrderedDict[int, BatchView] = OrderedDict()
        self._entries: OrderedDict[int, EntryView] = OrderedDict()
        self._fills: defaultdict[int, deque[FillSeen]] = defaultdict(deque)
        self._all_fills: deque[FillSeen] = deque()  # those and, of an account with more, some that are forgotten
        self.markets = MarketHistory()
        self.last_prices: dict[int, int] = {}  # clearing prices by market, of the last batch with volume there

    def add_entry(self, index: int, entry: Entry) -> EntryView:
        """Note an entry of the queue that is final on the base layer."""
        account = entry.accounts[0] if hasattr(entry, "accounts") else entry.account
        view = EntryView(index, type(entry).__name__, account, EntryStage.QUEUED, None, None)
        self._entries[index] = view
        _trim(self._entries, _MAX_ENTRIES)
        return view

    def see_entry(self, index: int, entry: Entry, is_undone: bool) -> EntryView | None:
        """Note an entry that is not final yet, or is no more; None where more is known of it already."""
        known = self._entries.get(index)
        if known is not None and known.stage is not EntryStage.SEEN:
            return None
        view = replace(self.add_entry(index, entry), stage=EntryStage.SEEN)
        self._entries[index] = view
        if is_undone:
            del self._entries[index]
        return view

    def add_outcome(self, outcome: Outcome, before: Before | None, sealed_us: int) -> list[Event]:
        """Note what came of an auction, and return it as events. before: what the batch found."""
        return list(self._add_outcome(outcome, before, sealed_us))

    def _add_outcome(self, outcome: Outcome, before: Before | None, sealed_us: int) -> Iterator[Event]:
        batch = outcome.batch
        for fill in batch.fills if batch else ():
            yield self._add_fill(outcome, fill)
        for rescue in batch.rescued if batch else ():
            yield _see_rescue(rescue, outcome)
        for closed in outcome.closed:  # after its fills, which are the last that is heard of an order
            yield OrderClosed(closed.account, closed.slot, closed.nonce, closed.reason)
        for one in self.markets.add(outcome, before):
            self.last_prices[one.market] = one.price_ticks
            yield AuctionSeen(one.batch_number, one.market, one.price_ticks, one.volume_lots, one.timestamp_s)
        if batch is None:
            return
        number = batch.header.batch_number
        for index, is_applied in enumerate(batch.applied, batch.header.queue_consumed - len(batch.applied)):
            if (entry := self._entries.get(index)) is not None:
                self._entries[index] = replace(
                    entry, stage=EntryStage.CONSUMED, batch_number=number, is_applied=is_applied
                )
                yield self._entries[index]
        yield self._add_batch(outcome, sealed_us)

    def set_progress(self, number: int, progress: BatchProgress) -> BatchView | None:
        """Note how far a batch is; return it, None where it is not remembered. What is known of it stays."""
        view = self._batches.get(number)
        if view is None:
            return None
        self._batches[number] = replace(
            view,
            stage=progress.stage,
            group=view.group if progress.group is None else progress.group,
            prove_s=view.prove_s if progress.prove_s is None else progress.prove_s,
            settlement=progress.settlement or view.settlement,
        )
        return self._batches[number]

    def copy(self) -> History:
        """Return one that goes on by itself. What it holds is never changed, and shared."""
        other = History()
        other._batches, other._entries = self._batches.copy(), self._entries.copy()
        for fill in self._all_fills:
            other._keep_fill(fill)
        other.markets, other.last_prices = self.markets.copy(), dict(self.last_prices)
        return other

    def dump(self) -> dict[str, Any]:
        """Return what the log says, of numbers, texts and tuples, as it goes into JSON."""
        return self.markets.dump() | {
            "fills": write_fills(self._all_fills),
            "batches": write_batches(self._batches.values()),
            "entries": write_entries(self._entries.values()),
            "last_prices": list(self.last_prices.items()),
        }

    def load(self, data: Any) -> None:  # noqa: ANN401 (JSON)
        """Take over what `dump` gave. Assumes that nothing was added yet. Raises LiveStateInvalid."""
        self.markets.load(data)
        try:
            for fill in read_fills(data.get("fills", [])):  # snapshots of before have auctions and funding alone
                self._keep_fill(fill)
            self._batches.update((one.number, one) for one in read_batches(data.get("batches", [])))
            self._entries.update((one.index, one) for one in read_entries(data.get("entries", [])))
            self.last_prices.update(read_prices(data.get("last_prices", [])))
        except (TypeError, ValueError) as error:
            raise LiveStateInvalid(f"its history: {error}"[:200]) from error

    def get_batch(self, number: int) -> BatchView | None:
        """Return a batch that is remembered."""
        return self._batches.get(number)

    def list_batches(self, limit: int, before: int | None) -> tuple[BatchView, ...]:
        """Return the last batches, newest first."""
        return tuple(_pick(self._batches, limit, before))

    def list_entries(self, limit: int, before: int | None) -> tuple[EntryView, ...]:
        """Return the last entries, newest first."""
        return tuple(_pick(self._entries, limit, before))

    def list_fills(self, account: int, limit: int, before: int | None) -> tuple[FillSeen, ...]:
        """Return the account's last fills, newest first; those of batches below `before`."""
        fills = reversed(self._fills.get(account, deque()))
        older = (fill for fill in fills if before is None or fill.batch_number < before)
        return tuple(fill for _, fill in zip(range(limit), older, strict=False))

    def _add_fill(self, outcome: Outcome, fill: Fill) -> FillSeen:
        assert outcome.batch is not None
        seen = _see_fill(fill, outcome.batch.header.batch_number, outcome.timestamp_s)
        self._keep_fill(seen)
        return seen

    def _keep_fill(self, seen: FillSeen) -> None:
        self._all_fills.append(seen)
        of_account = self._fills[seen.account]
        of_account.append(seen)
        if len(of_account) > _MAX_FILLS:
            of_account.popleft()
        if len(self._all_fills) > _MAX_ALL_FILLS:
            oldest = self._all_fills.popleft()
            if (kept := self._fills[oldest.account])[0] is oldest:
                kept.popleft()
            if not kept:
                del self._fills[oldest.account]

    def _add_batch(self, outcome: Outcome, sealed_us: int) -> BatchView:
        batch = outcome.batch
        assert batch is not None
        liquidations = sum(fill.is_liquidation for fill in batch.fills)
        view = BatchView(
            number=batch.header.batch_number,
            timestamp_s=outcome.timestamp_s,
            stage=BatchStage.SEQUENCED,
            group=None,
            fills=len(batch.fills) - liquidations,
            liquidations=liquidations,
            cash_ops=batch.cash_ops,
            rescues=batch.rescues,
            old_state_root=batch.old_state_root,
            new_state_root=batch.header.state_root,
            sealed_us=sealed_us,
            prove_s=None,
            settlement=None,
        )
        self._batches[view.number] = view
        _trim(self._batches, _MAX_BATCHES)
        return view


def _see_fill(fill: Fill, number: int, timestamp_s: int) -> FillSeen:
    return FillSeen(
        batch_number=number,
        account=fill.account,
        market=fill.market,
        side=fill.side,
        slot=fill.slot,
        nonce=fill.nonce,
        size_lots=fill.size_lots,
        price_ticks=fill.price_ticks,
        charge_atoms=fill.charge_atoms,
        trading_fee_atoms=fill.trading_fee_atoms,
        timestamp_s=timestamp_s,
        is_liquidation=fill.is_liquidation,
    )


def _see_rescue(rescue: Rescue, outcome: Outcome) -> RescueSeen:
    assert outcome.batch is not None
    header = outcome.batch.header
    sizes = enumerate(rescue.sizes_lots)
    return RescueSeen(
        batch_number=header.batch_number,
        account=rescue.account,
        kind=RescueKind.DELEVERAGING if rescue.counterparties else RescueKind.TAKEOVER,
        positions=tuple(PositionGone(market, size, header.marks_ticks[market]) for market, size in sizes if size),
        equity_atoms=rescue.equity_atoms,
        counterparties=rescue.counterparties,
        timestamp_s=outcome.timestamp_s,
    )


def _pick(views: OrderedDict[int, _View], limit: int, before: int | None) -> Iterator[_View]:
    older = (number for number in reversed(views) if before is None or number < before)
    for _, number in zip(range(limit), older, strict=False):
        yield views[number]


def _trim(views: OrderedDict[int, _View], limit: int) -> None:
    while len(views) > limit:
        views.popitem(last=False)
