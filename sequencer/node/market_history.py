"""Past auctions, and who paid whom funding: batch by batch, as far back as is remembered.

Of accounts no payment is kept, but what their positions were whenever they changed: with the steps of the funding
indices that says all of them. It goes into snapshots of the log, so that a restart forgets nothing.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any, Final, NamedTuple

from rollup.units import MARKET_COUNT
from sequencer.node.live import Before
from sequencer.node.outcome import Fill, Outcome, SealedBatch
from sequencer.node.refusals import LiveStateInvalid
from sequencer.node.view_types import AuctionView, FundingPage, FundingPayment, FundingStepView

__all__ = ["MarketHistory"]

_MAX_STEPS: Final = 50_000  # batches in which an index moved: above 13 hours at one a second
_MAX_AUCTIONS: Final = 10_000  # of a market
_MAX_CHANGES: Final = 100_000  # of positions, of all accounts
_SPARE: Final = 1_000  # so many beyond the most before the oldest are dropped, together
_MAX_SCANNED: Final = 2_000  # steps that one question looks through
_get_facts: Final = attrgetter(*(one.name for one in fields(AuctionView)))
_NO_SIZES: Final = (0,) * MARKET_COUNT


class _Step(NamedTuple):
    number: int  # of the batch
    timestamp_s: int
    indices: tuple[int, ...]  # after it, by market, without the zeros at the end
    marks_ticks: tuple[int, ...]  # as many, or more


class _Change(NamedTuple):
    number: int
    account: int
    sizes_lots: tuple[int, ...]  # before the batch, without the zeros at the end


class MarketHistory:
    """Fed in the order of the log."""

    def __init__(self) -> None:
        self._auctions: defaultdict[int, list[AuctionView]] = defaultdict(list)
        self._steps: list[_Step] = []
        self._first_index: tuple[int, ...] = ()  # before the first of the steps
        self._changes: deque[_Change] = deque()
        self._by_account: dict[int, deque[_Change]] = {}
        self._whole_after = 0  # batches above this one have all their changes here

    def add(self, outcome: Outcome, before: Before | None) -> list[AuctionView]:
        """Note what a batch did; return its auctions. `before`: what it found, None where there was no batch."""
        batch = outcome.batch
        if batch is None or before is None:
            return []
        self._add_step(batch, outcome.timestamp_s, before)
        for account, record in batch.changed:
            found = before.sizes_lots.get(account, _NO_SIZES)
            if found != record.sizes_lots:
                self._add_change(_Change(batch.header.batch_number, account, _trim(found)))
        cleared = list(_list_auctions(batch, outcome.timestamp_s))
        for auction in cleared:
            known = self._auctions[auction.market]
            known.append(auction)
            if len(known) > _MAX_AUCTIONS + _SPARE:
                del known[:_SPARE]
        return cleared

    def list_auctions(self, market: int, limit: int, before: int | None) -> tuple[AuctionView, ...]:
        """Return the last auctions of a market that traded, newest first; those of batches below `before`."""
        known = self._auctions.get(market, [])
        end = len(known) if before is None else bisect_left(known, before, key=lambda one: one.batch_number)
        return tuple(reversed(known[max(0, end - limit) : end]))

    def list_funding(self, market: int, limit: int, before: int | None) -> tuple[FundingStepView, ...]:
        """Return the last moves of a market's funding index, newest first."""
        views = []
        for step, index_before in self._walk(before):
            change = _get(step.indices, market) - _get(index_before, market)
            if change:
                facts = (_get(step.marks_ticks, market), _get(step.indices, market), change)
                views.append(FundingStepView(step.number, market, step.timestamp_s, *facts))
            if len(views) == limit:
                break
        return tuple(views)

    def list_payments(self, account: int, sizes_lots: Sequence[int], limit: int, before: int | None) -> FundingPage:
        """Return what an account was paid, newest first, its positions now given; whole batches, `limit` or a few more.

        No more than so many steps are looked through at once: `next_before` says where to go on.
        """
        changes = list(self._by_account.get(account, ()))
        payments: list[FundingPayment] = []
        for n_scanned, (step, index_before) in enumerate(self._walk(before)):
            if step.number <= self._whole_after:
                break
            if n_scanned == _MAX_SCANNED or len(payments) >= limit:
                return FundingPage(tuple(payments), step.number + 1)
            while changes and changes[-1].number >= step.number:
                sizes_lots = changes.pop().sizes_lots
            payments += _list_payments(step, index_before, sizes_lots)
        return FundingPage(tuple(payments), None)

    def copy(self) -> MarketHistory:
        """Return one that goes on by itself. What it holds is never changed, and shared."""
        other = MarketHistory()
        for market, auctions in self._auctions.items():
            other._auctions[market] = list(auctions)
        other._steps, other._first_index = list(self._steps), self._first_index
        other._whole_after = self._whole_after
        for change in self._changes:
            other._add_change(change)
        return other

    def dump(self) -> dict[str, Any]:
        """Return all of it, of numbers and tuples, as it goes into JSON."""
        return {
            "auctions": [_get_facts(one) for auctions in self._auctions.values() for one in auctions],
            "steps": self._steps,
            "first_index": self._first_index,
            "changes": list(self._changes),
            "whole_after": self._whole_after,
        }

    def load(self, data: Any) -> None:  # noqa: ANN401 (JSON)
        """Take over what `dump` gave. Assumes that nothing was added yet. Raises LiveStateInvalid."""
        try:
            for facts in data["auctions"]:
                auction = AuctionView(*map(_read, facts))
                self._auctions[auction.market].append(auction)
            for number, timestamp_s, index, marks_ticks in data["steps"]:
                self._steps.append(_Step(_read(number), _read(timestamp_s), _read_all(index), _read_all(marks_ticks)))
            self._first_index = _read_all(data["first_index"])
            for number, account, sizes_lots in data["changes"]:
                self._add_change(_Change(_read(number), _read(account), _read_all(sizes_lots)))
            self._whole_after = max(self._whole_after, _read(data["whole_after"]))
        except (KeyError, TypeError, ValueError) as error:
            raise LiveStateInvalid(f"its history: {error}"[:200]) from error

    def _add_step(self, batch: SealedBatch, timestamp_s: int, before: Before) -> None:
        header = batch.header
        if header.funding_index == before.funding_index:
            return
        index, index_before = _trim(header.funding_index), _trim(before.funding_index)
        if not self._steps:
            self._first_index = index_before
        marks_ticks = header.marks_ticks[: max(len(index), len(index_before))]
        self._steps.append(_Step(header.batch_number, timestamp_s, index, marks_ticks))
        if len(self._steps) > _MAX_STEPS + _SPARE:
            self._first_index = self._steps[_SPARE - 1].indices
            del self._steps[:_SPARE]

    def _add_change(self, change: _Change) -> None:
        self._changes.append(change)
        self._by_account.setdefault(change.account, deque()).append(change)
        if len(self._changes) > _MAX_CHANGES:
            oldest = self._changes.popleft()
            self._whole_after = oldest.number
            self._by_account[oldest.account].popleft()
            if not self._by_account[oldest.account]:
                del self._by_account[oldest.account]

    def _walk(self, before: int | None) -> Iterator[tuple[_Step, tuple[int, ...]]]:
        """Yield the steps of batches below `before`, newest first, each with the indices before it."""
        steps = self._steps
        end = len(steps) if before is None else bisect_left(steps, before, key=lambda step: step.number)
        for place in range(end - 1, -1, -1):
            yield steps[place], steps[place - 1].indices if place else self._first_index


def _list_auctions(batch: SealedBatch, timestamp_s: int) -> Iterator[AuctionView]:
    by_market: defaultdict[int, list[Fill]] = defaultdict(list)
    for fill in batch.fills:
        by_market[fill.market].append(fill)
    for market, fills in sorted(by_market.items()):
        sides = [sum(fill.size_lots for fill in fills if fill.side == side) for side in (0, 1)]
        volume_lots = max(sides)  # the insurance fund, which may stand on one side, is in no list of fills
        orders = sum(not fill.is_liquidation for fill in fills)
        number, price_ticks = batch.header.batch_number, batch.prices_ticks[market]
        yield AuctionView(number, market, price_ticks, volume_lots, orders, timestamp_s)


def _list_payments(step: _Step, index_before: Sequence[int], sizes_lots: Sequence[int]) -> Iterator[FundingPayment]:
    for market, size_lots in enumerate(sizes_lots):
        if size_lots and (change := _get(step.indices, market) - _get(index_before, market)):
            # equity = cash + sum size * (mark * 10**6 - index): a rise of the index is paid by whoever is long
            yield FundingPayment(step.number, market, step.timestamp_s, size_lots, change, -size_lots * change)


def _trim(numbers: Sequence[int]) -> tuple[int, ...]:
    """Return the numbers without the zeros at the end."""
    end = len(numbers)
    while end and not numbers[end - 1]:
        end -= 1
    return tuple(numbers[:end])


def _get(numbers: Sequence[int], place: int) -> int:
    return numbers[place] if place < len(numbers) else 0


def _read(number: Any) -> int:  # noqa: ANN401 (JSON)
    if type(number) is not int:
        raise ValueError(f"{str(number)[:20]} is no integer")
    return number


def _read_all(numbers: Any) -> tuple[int, ...]:  # noqa: ANN401 (JSON)
    if not isinstance(numbers, list) or len(numbers) > MARKET_COUNT:
        raise ValueError("no list of numbers by market")
    return tuple(map(_read, numbers))
