"""A batch as its data say it: enough, with the queue's entries, to work out the next state from the last. docs/data.md.

`record_batch` reads it off a trace, `encode_batch` makes the elements of its segment, `decode_batch` reads those again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from rollup.cash_record import CashRecord, record_cash_lane
from rollup.records import (
    CASH_WORDS,
    FILL_WORDS,
    FUND_WORDS,
    HEADER_WORDS,
    RESCUE_WORDS,
    TURN_WORDS,
    Word,
    list_widths,
)
from rollup.rescue_record import RescueRecord, record_rescue_lane
from rollup.segment import get_widths, join_words, split_words
from rollup.shapes import Shape
from rollup.trace import BatchTrace
from rollup.turn_record import FillRecord, TurnRecord, record_turn
from rollup.units import MARKET_COUNT, ORACLE_COUNT

__all__ = ["BatchRecord", "FundFillRecord", "LaneRecord", "decode_batch", "encode_batch", "list_words", "record_batch"]


@dataclass(frozen=True)
class FundFillRecord:
    """The fund's fill of a market, towards an empty position; `lots` 0 where it did not trade."""

    market: int
    lots: int

    def to_words(self) -> list[int]:
        """Return the words of `FUND_WORDS`."""
        return [word.pack({"market": self.market, "lots": self.lots}) for word in FUND_WORDS]


class LaneRecord(Protocol):
    """What one lane publishes."""

    def to_words(self) -> list[int]:
        """Return its words in order."""
        ...


@dataclass(frozen=True)
class BatchRecord:
    """One batch: when and at which prices, and what each lane did. Unused lanes are all zero."""

    timestamp_s: int
    batch_number: int
    is_stale: bool
    signer_times_s: tuple[int, ...]
    marks_ticks: tuple[int, ...]
    clearing_prices_ticks: tuple[int, ...]
    cash: tuple[CashRecord, ...]
    rescue: tuple[RescueRecord, ...]
    turns: tuple[TurnRecord, ...]  # TradeLanes, then QuoteLanes
    fund_fill: FundFillRecord

    @property
    def lanes(self) -> tuple[LaneRecord, ...]:
        """What each lane publishes, in lane order, the FundLane last."""
        return (*self.cash, *self.rescue, *self.turns, self.fund_fill)


def record_batch(trace: BatchTrace) -> BatchRecord:
    """Return what the batch publishes."""
    header, fill = trace.header_after, trace.fund_lane.fill
    return BatchRecord(
        timestamp_s=header.timestamp_s,
        batch_number=header.batch_number,
        is_stale=trace.tick.stale,
        signer_times_s=header.signer_times_s,
        marks_ticks=header.marks_ticks,
        clearing_prices_ticks=trace.clearing_prices_ticks,
        cash=tuple(map(record_cash_lane, trace.cash_lanes)),
        rescue=tuple(map(record_rescue_lane, trace.rescue_lanes)),
        turns=tuple(map(record_turn, trace.order_lanes)),
        fund_fill=FundFillRecord(fill.market, fill.fill_lots) if fill else FundFillRecord(0, 0),
    )


def list_words(record: BatchRecord) -> list[int]:
    """Return the record's words in the order of `list_widths`."""
    header = {"timestamp_s": record.timestamp_s, "batch_number": record.batch_number, "stale": int(record.is_stale)}
    for i, time_s in enumerate(record.signer_times_s):
        header[f"signer_time_s[{i}]"] = time_s
    for m in range(MARKET_COUNT):
        header[f"mark_ticks[{m}]"] = record.marks_ticks[m]
        header[f"clearing_price_ticks[{m}]"] = record.clearing_prices_ticks[m]
    words = [word.pack(header) for word in HEADER_WORDS]
    for lane in record.lanes:
        words += lane.to_words()
    return words


def encode_batch(record: BatchRecord) -> list[int]:
    """Return the elements of the batch's segment, each below 2**248."""
    capacities = [len(turn.fills) for turn in record.turns]
    return join_words(list_words(record), list_widths(len(record.cash), len(record.rescue), capacities))


def decode_batch(elements: Sequence[int], shape: Shape) -> BatchRecord:
    """Return the record that a segment holds. Raises SegmentMalformed."""
    words = iter(split_words(elements, get_widths(shape)))
    header = _unpack(HEADER_WORDS, words)
    cash = tuple(CashRecord.from_fields(_unpack(CASH_WORDS, words)) for _ in range(shape.cash_lanes))
    rescue = tuple(RescueRecord.from_fields(_unpack(RESCUE_WORDS, words)) for _ in range(shape.rescue_lanes))
    turns = tuple(_decode_turn(words, capacity) for capacity in shape.order_capacities)
    fund = _unpack(FUND_WORDS, words)
    return BatchRecord(
        timestamp_s=header["timestamp_s"],
        batch_number=header["batch_number"],
        is_stale=bool(header["stale"]),
        signer_times_s=tuple(header[f"signer_time_s[{i}]"] for i in range(ORACLE_COUNT)),
        marks_ticks=tuple(header[f"mark_ticks[{m}]"] for m in range(MARKET_COUNT)),
        clearing_prices_ticks=tuple(header[f"clearing_price_ticks[{m}]"] for m in range(MARKET_COUNT)),
        cash=cash,
        rescue=rescue,
        turns=turns,
        fund_fill=FundFillRecord(fund["market"], fund["lots"]),
    )


def _decode_turn(words: Iterator[int], capacity: int) -> TurnRecord:
    account = _unpack(TURN_WORDS, words)["account"]
    return TurnRecord(account, tuple(FillRecord(**_unpack(FILL_WORDS, words)) for _ in range(capacity)))


def _unpack(layout: Sequence[Word], words: Iterator[int]) -> dict[str, int]:
    """Return the fields of the next words."""
    fields: dict[str, int] = {}
    for word, value in zip(layout, islice(words, len(layout)), strict=True):
        fields |= word.unpack(value)
    return fields
