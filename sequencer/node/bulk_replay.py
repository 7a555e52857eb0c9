"""A long log read quickly: of orders that replaced one another in a slot, only what something looks at is put in.

Slots and nonces of all orders of a part are read at once. What stands between them, an outcome or a cancel, looks at
few slots: there the last order before it is put in first. When all is read each slot gets its last one. That leaves
what `LiveState.apply`, record by record, would have left: of orders in a row in one slot the last decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from rollup.units import ACCOUNT_BITS, COUNTER_BITS, SLOT_BITS
from sequencer.node.arrays import Integers
from sequencer.node.commands import Kind
from sequencer.node.links import LogRecord
from sequencer.node.live import (
    ACCOUNT_AT,
    NONCE_AT,
    ORDER_BYTES,
    QUOTE_HEAD_BYTES,
    SLOT_AT,
    WORD_1_BYTES,
    LiveRecord,
    LiveState,
    count_quoted,
    read_cancel,
    read_cancel_all,
)
from sequencer.node.outcome import Outcome, decode_outcome
from sequencer.node.refusals import RecordMalformed

__all__ = ["BulkReplay"]

_SLOT_MASK = (1 << SLOT_BITS) - 1


class BulkReplay:
    """Brings a live state to the end of a log, given in parts. Slots are numbered account * 2**9 + slot."""

    def __init__(self, live: LiveState) -> None:
        self._live = live
        self._waiting: dict[int, tuple[int, LogRecord]] = {}  # by slot: nonce and record of orders of earlier parts

    def apply(self, records: Sequence[LogRecord]) -> Iterator[tuple[LogRecord, Outcome | None]]:
        """Let the next part take effect; yield what is neither order nor quote, with its outcome, each once it has.

        The part has taken effect once all is yielded, except that orders of which nothing depended wait for `finish`.
        Raises as `LiveState.apply`.
        """
        orders = _Orders(records)
        for index in orders.others:
            record = records[index]
            outcome = decode_outcome(record.body) if record.kind == Kind.OUTCOME else None
            for slot in self._list_touched(record, outcome, orders):
                self._put(slot, orders.find(slot, index) or self._waiting.pop(slot, None))
            if outcome is None:
                self._live.apply(record)
            else:
                self._live.follow(outcome)
            yield record, outcome
        self._waiting.update(orders.list_last())

    def finish(self) -> None:
        """Let the orders rest that wait."""
        while self._waiting:
            self._put(*self._waiting.popitem())

    def _list_touched(self, record: LogRecord, outcome: Outcome | None, orders: _Orders) -> list[int]:
        """Return the slots whose orders a record looks at."""
        if outcome is not None:
            closed = ((one.account, one.slot) for one in outcome.closed)
            return [_number(*key) for key in (*outcome.released, *closed)]
        if record.kind == Kind.CANCEL:
            return [_number(*read_cancel(record.body)[:2])]
        if record.kind == Kind.CANCEL_ALL:
            account = read_cancel_all(record.body)[0]
            earlier = (slot for slot in self._waiting if slot >> SLOT_BITS == account)
            return list(dict.fromkeys([*orders.list_slots(account), *earlier]))
        return []

    def _put(self, slot: int, order: tuple[int, LogRecord] | None) -> None:
        if order is not None:
            self._waiting.pop(slot, None)  # it is older
            nonce, (sequence, kind, _, _, body) = order
            self._live.rest(slot >> SLOT_BITS, slot & _SLOT_MASK, nonce, LiveRecord(sequence, kind, body))


class _Orders:
    """The orders of a part, sorted by slot and then as they came."""

    def __init__(self, records: Sequence[LogRecord]) -> None:
        self._records = records
        bodies = [record[4] for record in records]
        kinds = np.array([record[1] for record in records], np.int64)
        self.others: list[int] = np.flatnonzero((kinds != Kind.ORDER) & (kinds != Kind.QUOTE)).tolist()
        owners, starts = _find_words(kinds, bodies)
        slots, nonces = _read_words(np.frombuffer(b"".join(bodies), np.uint8), starts)
        order = np.lexsort((owners, slots))  # stable: a quote's places keep their order
        self._slots, self._owners, self._nonces = slots[order], owners[order], nonces[order]
        self._taken: dict[int, int] = {}  # by slot, the place behind the last order that was found

    def find(self, slot: int, index: int) -> tuple[int, LogRecord] | None:
        """Return nonce and record of the last order of a slot before record `index`, unless it was found before."""
        low, high = np.searchsorted(self._slots, (slot, slot + 1)).tolist()
        end = low + int(np.searchsorted(self._owners[low:high], index))
        if end <= max(low, self._taken.get(slot, 0)):
            return None
        self._taken[slot] = end
        return int(self._nonces[end - 1]), self._records[self._owners[end - 1]]

    def list_slots(self, account: int) -> list[int]:
        """Return an account's slots that had orders."""
        low, high = np.searchsorted(self._slots, (account << SLOT_BITS, (account + 1) << SLOT_BITS))
        slots: list[int] = np.unique(self._slots[low:high]).tolist()
        return slots

    def list_last(self) -> Iterable[tuple[int, tuple[int, LogRecord]]]:
        """Return slot, nonce and record of the last order of each slot, as they came, unless it was found before."""
        ends = np.flatnonzero(np.append(self._slots[1:] != self._slots[:-1], True)[: len(self._slots)])
        ends = ends[np.argsort(self._owners[ends], kind="stable")]
        slots, owners = self._slots[ends].tolist(), self._owners[ends].tolist()
        last = zip(slots, zip(self._nonces[ends].tolist(), map(self._records.__getitem__, owners)))  # noqa: B905 (one length: all are taken at `ends`)
        if not self._taken:
            return last
        taken = {slot for slot, end in zip(slots, (ends + 1).tolist(), strict=True) if self._taken.get(slot) == end}
        return ((slot, order) for slot, order in last if slot not in taken)


def _number(account: int, slot: int) -> int:
    return account << SLOT_BITS | slot


def _find_words(kinds: Integers, bodies: Sequence[bytes]) -> tuple[Integers, Integers]:
    """Return of each order's word 1 whose record it is in, and where it begins in the joined bodies.

    Raises RecordMalformed where one is cut short.
    """
    sizes = np.fromiter(map(len, bodies), np.int64, len(bodies))
    begins = np.cumsum(sizes) - sizes
    plain = np.flatnonzero(kinds == Kind.ORDER)
    if len(plain) and (shortest := int(sizes[plain].min())) < ORDER_BYTES:
        raise RecordMalformed(Kind.ORDER, "length", f"{shortest} bytes", f"{ORDER_BYTES} at least")
    owners, starts = [plain], [begins[plain]]
    for index in np.flatnonzero(kinds == Kind.QUOTE).tolist():
        count = count_quoted(bodies[index])
        if sizes[index] < (needed := QUOTE_HEAD_BYTES + ORDER_BYTES * count):
            raise RecordMalformed(Kind.QUOTE, "length", f"{sizes[index]} bytes", f"{needed} at least")
        owners.append(np.full(count, index))
        starts.append(begins[index] + QUOTE_HEAD_BYTES + ORDER_BYTES * np.arange(count))
    return np.concatenate(owners), np.concatenate(starts)


def _read_words(data: NDArray[np.uint8], starts: Integers) -> tuple[Integers, Integers]:
    """Return slot numbers and nonces of the words that begin at these places."""
    # account, slot and nonce are in the low 76 bits of word 1: in its last 16 bytes, read in two halves
    low, high = (_gather(data, starts + WORD_1_BYTES - 8 * half) for half in (1, 2))
    accounts = low >> np.uint64(ACCOUNT_AT) & np.uint64((1 << ACCOUNT_BITS) - 1)
    slots = low >> np.uint64(SLOT_AT) & np.uint64(_SLOT_MASK)
    nonces = (low >> np.uint64(NONCE_AT) | high << np.uint64(64 - NONCE_AT)) & np.uint64((1 << COUNTER_BITS) - 1)
    return (accounts << np.uint64(SLOT_BITS) | slots).astype(np.int64), nonces.astype(np.int64)


def _gather(data: NDArray[np.uint8], starts: Integers) -> NDArray[np.uint64]:
    """Return the big-endian 64-bit number that begins at each place."""
    return np.ascontiguousarray(data[starts[:, None] + np.arange(8)]).view(">u8")[:, 0].astype(np.uint64)
