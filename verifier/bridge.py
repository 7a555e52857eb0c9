"""A batch's bridge calldata: what the contract cannot know from its queue, for each lane by which something crosses.

`pack_bridge` is the sequencer's side. `expand_bridge` is the contract's: with the queue's entries, which it holds, it
makes the bridge words of every lane and what becomes claimable. docs/bridge.md has the bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rollup.rescue import ForcedTradeLeg
from rollup.trace import BatchTrace, CashLaneTrace, RescueLaneTrace
from rollup.txs import CloseAccount, Deposit, ForcedTrade, ForcedWithdraw, QueueEntry, Withdraw
from rollup.txs.queue import pack_bridge_word
from rollup.txs.withdraw import BRIDGE_WITHDRAWAL
from rollup.units import ACCOUNT_BITS
from verifier.bridge_errors import CalldataMalformed, QueueExhausted
from verifier.queue_entries import Entry

__all__ = [
    "TAG_APPLIED",
    "TAG_DROPPED",
    "TAG_PAYMENT",
    "ExpandedBridge",
    "Payment",
    "expand_bridge",
    "list_entries",
    "pack_bridge",
]

TAG_DROPPED: Final = 0  # an entry of the queue that changed nothing: a deposit goes back to its sender
TAG_APPLIED: Final = 1  # an entry that was applied; of a forced withdrawal the amount paid follows
TAG_PAYMENT: Final = 2  # a withdrawal or a close: account, amount, owner follow
WORDS_PER_LANE: Final = 4
_ACCOUNT_BYTES: Final = 3
_AMOUNT_BYTES: Final = 8
_OWNER_BYTES: Final = 20


@dataclass(frozen=True)
class Payment:
    """What becomes claimable by an address of the base layer once the batch is settled."""

    owner: int
    amount_e6: int


@dataclass(frozen=True)
class ExpandedBridge:
    """What the contract makes of a batch's calldata."""

    words: tuple[int, ...]  # four a lane: `rollup.public_inputs.get_bridge_words`
    n_entries: int  # of the queue consumed
    payments: tuple[Payment, ...]  # withdrawals, closes, returned deposits, forced withdrawals; in lane order


def list_entries(trace: BatchTrace) -> tuple[Entry, ...]:
    """Return the entries that a batch consumes, in the queue's order, which is that of its lanes."""
    cash = (lane.op for lane in trace.cash_lanes)
    legs = [lane.op.leg for lane in trace.rescue_lanes if isinstance(lane.op, ForcedTradeLeg)]
    trades = [
        ForcedTrade(
            (first.account, second.account),
            (first.owner, second.owner),
            first.market,
            first.side,
            first.lots,
            first.price_ticks,
        )
        for first, second in zip(legs[::2], legs[1::2], strict=True)
    ]
    return (*(op for op in cash if isinstance(op, QueueEntry)), *trades)


def pack_bridge(trace: BatchTrace) -> bytes:
    """Return the calldata of a batch: a lane's index and tag, then what the tag asks for; lanes in order."""
    records = [*map(_pack_cash_lane, trace.cash_lanes), *map(_pack_rescue_lane, trace.rescue_lanes)]
    return b"".join(bytes([lane]) + record for lane, record in enumerate(records) if record)


def _pack_cash_lane(lane: CashLaneTrace) -> bytes:
    op = lane.op
    if isinstance(op, Withdraw | CloseAccount):
        account, owner = op.account.to_bytes(_ACCOUNT_BYTES, "big"), lane.before.owner.to_bytes(_OWNER_BYTES, "big")
        return bytes([TAG_PAYMENT]) + account + op.amount_e6.to_bytes(_AMOUNT_BYTES, "big") + owner
    if not isinstance(op, QueueEntry):
        return b""
    if not lane.is_applied:
        return bytes([TAG_DROPPED])
    paid = lane.paid_e6.to_bytes(_AMOUNT_BYTES, "big") if isinstance(op, ForcedWithdraw) else b""
    return bytes([TAG_APPLIED]) + paid


def _pack_rescue_lane(lane: RescueLaneTrace) -> bytes:
    """Return the record of a forced trade's first lane; the second has none."""
    if not isinstance(lane.op, ForcedTradeLeg) or lane.op.leg.is_second:
        return b""
    return bytes([TAG_APPLIED if lane.op.is_applied else TAG_DROPPED])


def expand_bridge(calldata: bytes, entries: Sequence[Entry], n_lanes: int) -> ExpandedBridge:
    """Return the bridge words of `n_lanes` lanes, how many of `entries` they consume, and what becomes claimable.

    `entries` are the queue's from its head on, as many as there are. Raises CalldataMalformed, QueueExhausted.
    """
    reader = _Reader(calldata)
    words = [0] * (WORDS_PER_LANE * n_lanes)
    payments: list[Payment] = []
    n_entries = 0
    next_lane = 0
    while reader.is_left:
        lane = reader.take_lane(next_lane, n_lanes)
        tag = reader.take_below(1, TAG_PAYMENT + 1, "tag")
        if tag == TAG_PAYMENT:
            made, paid = _expand_payment(reader)
        else:
            if n_entries == len(entries):
                raise QueueExhausted(lane, len(entries))
            made, paid = _expand_entry(reader, entries[n_entries], tag == TAG_APPLIED)
            n_entries += 1
        next_lane = lane + len(made) // WORDS_PER_LANE
        if next_lane > n_lanes:
            raise reader.refuse("lane of a forced trade", str(lane), f"below {n_lanes - 1}: it takes two")
        words[WORDS_PER_LANE * lane : WORDS_PER_LANE * next_lane] = made
        payments += [payment for payment in paid if payment.amount_e6]
    return ExpandedBridge(tuple(words), n_entries, tuple(payments))


def _expand_payment(reader: _Reader) -> tuple[tuple[int, ...], list[Payment]]:
    account = reader.take_below(_ACCOUNT_BYTES, 1 << ACCOUNT_BITS, "account")
    amount_e6 = reader.take(_AMOUNT_BYTES, "amount_e6")
    owner = reader.take(_OWNER_BYTES, "owner")
    word = pack_bridge_word(BRIDGE_WITHDRAWAL, account, amount_e6, is_applied=True)
    return (word, owner, 0, 0), [Payment(owner, amount_e6)]


def _expand_entry(reader: _Reader, entry: Entry, is_applied: bool) -> tuple[tuple[int, ...], list[Payment]]:
    if isinstance(entry, ForcedTrade):
        first, second = entry.legs
        return (*first.bridge_words(is_applied), *second.bridge_words(is_applied)), []
    if isinstance(entry, ForcedWithdraw) and is_applied:
        paid_e6 = reader.take(_AMOUNT_BYTES, "amount paid")
        return entry.bridge_words(is_applied, paid_e6), [Payment(entry.owner, paid_e6)]
    if isinstance(entry, Deposit) and not is_applied:
        return entry.bridge_words(is_applied, 0), [Payment(entry.owner, entry.amount_e6)]
    return entry.bridge_words(is_applied, 0), []


class _Reader:
    """Takes big-endian numbers off the calldata, and says where one is wrong."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at, self._field_at = data, 0, 0

    @property
    def is_left(self) -> bool:
        """Whether a record follows."""
        return self._at < len(self._data)

    def take(self, n_bytes: int, field: str) -> int:
        """Return the next number."""
        self._field_at = self._at
        part = self._data[self._at : self._at + n_bytes]
        if len(part) != n_bytes:
            raise self.refuse(field, f"cut off after {len(part)} bytes", f"{n_bytes} bytes")
        self._at += n_bytes
        return int.from_bytes(part, "big")

    def take_below(self, n_bytes: int, limit: int, field: str) -> int:
        """Return the next number, below the limit."""
        value = self.take(n_bytes, field)
        if value >= limit:
            raise self.refuse(field, str(value), f"below {limit}")
        return value

    def take_lane(self, next_lane: int, n_lanes: int) -> int:
        """Return the lane of the next record."""
        lane = self.take(1, "lane")
        if not next_lane <= lane < n_lanes:
            raise self.refuse("lane", str(lane), f"rising, {next_lane} to {n_lanes - 1}")
        return lane

    def refuse(self, field: str, got: str, expected: str) -> CalldataMalformed:
        """Return the error about the number taken last."""
        return CalldataMalformed(self._field_at, field, got, expected)
