"""What of the log still matters: the state, the records that wait or rest, and what may not come again.

It follows from the log alone, record by record, and is what a snapshot holds. Most records of a busy log are orders
that were replaced since, so a record is looked at only as far as its slot and nonce, and kept as bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field, fields, replace
from typing import Final, NamedTuple

from rollup.accounts import Account
from rollup.orders import unpack_slot
from rollup.params import Params
from rollup.state import State
from rollup.units import ACCOUNT_BITS, COUNTER_BITS, SLOT_BITS
from sequencer.node.commands import Kind
from sequencer.node.links import LogRecord
from sequencer.node.outcome import Outcome, decode_outcome
from sequencer.node.refusals import RecordMalformed, StateDiverged

__all__ = [
    "ACCOUNT_AT",
    "NONCE_AT",
    "ORDER_BYTES",
    "QUOTE_HEAD_BYTES",
    "SLOT_AT",
    "WORD_1_BYTES",
    "Auction",
    "Before",
    "LiveRecord",
    "LiveState",
    "count_quoted",
    "decode_auction",
    "encode_auction",
    "encode_rebuilt",
    "list_slots",
    "read_cancel",
    "read_cancel_all",
]

ORDER_BYTES: Final = 39
WORD_1_BYTES: Final = 19
ACCOUNT_AT: Final = 4  # bits of word 1 before the field (docs/rules.md, Formats)
SLOT_AT: Final = ACCOUNT_AT + ACCOUNT_BITS + 10
NONCE_AT: Final = SLOT_AT + SLOT_BITS
_CASH_NONCE_AT: Final = ACCOUNT_AT + ACCOUNT_BITS
_NONE: Final[frozenset[int]] = frozenset()
QUOTE_HEAD_BYTES: Final = 6
_ROOT_BYTES: Final = 32
_SHARED: Final = frozenset({"params", "state", "auction", "before"})  # immutable

Slot = tuple[int, int]  # account, slot


class LiveRecord(NamedTuple):
    """A record that still matters, as the log has it."""

    sequence: int
    kind: int
    body: bytes


class Auction(NamedTuple):
    """An auction that was called: it is over the records before its own, which is `sequence`.

    Where the next one is called before anything came of it, nothing ever will.
    """

    sequence: int
    timestamp_s: int


class Before(NamedTuple):
    """What the last batch found: funding indices, and the positions of the accounts that it changed."""

    funding_index: tuple[int, ...]
    sizes_lots: dict[int, tuple[int, ...]]


@dataclass
class LiveState:
    """Mutable. `orders` holds, by slot, the nonce that rests there and the record that brought it."""

    params: Params
    state: State
    orders: dict[Slot, tuple[int, LiveRecord]] = field(default_factory=dict)
    floors: dict[Slot, int] = field(default_factory=dict)  # lowest nonce that may still come, where above the leaf's
    cancel_all_ms: dict[int, int] = field(default_factory=dict)  # by account
    cash: dict[int, LiveRecord] = field(default_factory=dict)  # by sequence number
    entries: dict[int, LiveRecord] = field(default_factory=dict)  # by index in the queue
    prices: dict[int, LiveRecord] = field(default_factory=dict)  # by signer
    auction: Auction | None = None  # called, and nothing came of it yet
    released: set[Slot] = field(default_factory=set)  # orders whose trigger was hit
    cash_nonces: dict[int, frozenset[int]] = field(default_factory=dict)  # of the operations in `cash`, by account
    slots: dict[int, set[int]] = field(default_factory=dict)  # those in `orders`, by account
    before: Before | None = None  # the last outcome's batch, None where it had none
    behind: dict[int, Account] | None = None  # while a long log is read: changed accounts that `state` has not yet

    def apply(self, record: LogRecord) -> Outcome | None:
        """Take in the next record of the log; return the outcome if it is one.

        Raises RecordMalformed, OutcomeInvalid, StateDiverged.
        """
        live = LiveRecord(record.sequence, record.kind, record.body)
        match record.kind:
            case Kind.ORDER:
                self.rest(*_read_word_1(live.body, 0), live)
            case Kind.QUOTE:
                for account, slot, nonce in list_slots(live):
                    self.rest(account, slot, nonce, live)
            case Kind.CANCEL:
                account, slot, nonce = read_cancel(live.body)
                self.cancel(account, slot, nonce)
            case Kind.CANCEL_ALL:
                account, time_ms = read_cancel_all(live.body)
                self.cancel_all_ms[account] = time_ms
                for slot in tuple(self.slots.get(account, ())):
                    self.cancel(account, slot, self.orders[account, slot][0])
            case Kind.CASH:
                self.add_cash(live)
            case Kind.ENTRY:
                index = int.from_bytes(live.body[:8], "big")
                if index >= self.state.header.queue_consumed:
                    self.entries.setdefault(index, live)  # each counts once, however often it was written
            case Kind.PRICES:
                self.prices[live.body[0]] = live
            case Kind.AUCTION:
                self.auction = decode_auction(live)
            case Kind.REBUILT:
                self._check_rebuilt(live)
            case Kind.OUTCOME:
                outcome = decode_outcome(live.body)
                self.follow(outcome)
                return outcome
        return None

    def add_cash(self, live: LiveRecord) -> None:
        """Let a cash operation wait."""
        account, nonce = _read_cash(live.body)
        self.cash[live.sequence] = live
        self.cash_nonces[account] = self.cash_nonces.get(account, _NONE) | {nonce}

    def _check_rebuilt(self, live: LiveRecord) -> None:
        """Raise StateDiverged unless this is the state that was rebuilt: its snapshot may be missing."""
        batch, root = int.from_bytes(live.body[:4], "big"), int.from_bytes(live.body[-_ROOT_BYTES:], "big")
        if root != self.state.state_root:
            facts = (str(self.state.state_root), f"{root}, of batch {batch}: the rebuild was cut off, do it again")
            raise StateDiverged(0, "state_root", *facts)

    def cancel(self, account: int, slot: int, nonce: int) -> None:
        """Let no order of this slot up to this nonce rest, nor come again."""
        resting = self.orders.get((account, slot))
        if resting is not None and resting[0] <= nonce:
            self._leave(account, slot)
        self.floors[account, slot] = max(self.floors.get((account, slot), 0), nonce + 1)

    def follow(self, outcome: Outcome) -> None:
        """Go on by what came of the auction that was called. Raises StateDiverged where it is another's."""
        called = self.auction
        if called is None or called.sequence != outcome.auction:
            expected = str(called.sequence) if called else "no outcome, for none was called"
            raise StateDiverged(outcome.auction, "auction", str(outcome.auction), expected)
        if outcome.batch and outcome.batch.old_state_root != self.state.state_root:
            facts = (str(outcome.batch.old_state_root), str(self.state.state_root))
            raise StateDiverged(outcome.auction, "old_state_root", *facts)
        self.auction = None
        self.before = self._look_before(outcome)
        self._advance(outcome)
        for key in outcome.released:
            if key in self.orders and self.orders[key][1].sequence < outcome.auction:  # not what replaced it since
                self.released.add(key)
        for closed in outcome.closed:
            if self.orders.get((closed.account, closed.slot), (None,))[0] == closed.nonce:
                self._leave(closed.account, closed.slot)
                self.floors[closed.account, closed.slot] = closed.nonce + 1
        for done in outcome.cash:
            if (waited := self.cash.pop(done.sequence, None)) is not None:
                account, nonce = _read_cash(waited.body)
                self.cash_nonces[account] -= {nonce}
        for index in [index for index in self.entries if index < self.state.header.queue_consumed]:
            del self.entries[index]

    def catch_up(self) -> None:
        """Put into the state what was left behind while a log was read. Raises StateDiverged: another root."""
        changed, self.behind = self.behind or {}, None
        self.state = self.state.with_accounts(self.state.header, changed.items())
        self.state.tree.hash_nodes()
        if (root := self.state.tree.root) != self.state.header.accounts_root:
            facts = (str(root), str(self.state.header.accounts_root))
            raise StateDiverged(self.state.header.batch_number, "accounts_root", *facts)

    def _look_before(self, outcome: Outcome) -> Before | None:
        if outcome.batch is None:
            return None
        behind = self.behind or {}
        changed = (number for number, _ in outcome.batch.changed)
        found = {number: behind.get(number) or self.state.get_account(number) for number in changed}
        sizes_lots = {number: account.sizes_lots for number, account in found.items()}
        return Before(self.state.header.funding_index, sizes_lots)

    def _advance(self, outcome: Outcome) -> None:
        if self.behind is None or outcome.batch is None:
            self.state = outcome.apply(self.state)
        else:
            self.behind.update(outcome.batch.changed)
            self.state = replace(self.state, header=outcome.batch.header)

    def copy(self) -> LiveState:
        """Return what stands still while this one goes on. The state is never changed; of records the tables are."""
        tables = {one.name: copy(getattr(self, one.name)) for one in fields(self) if one.name not in _SHARED}
        return replace(self, **tables | {"slots": {account: set(slots) for account, slots in self.slots.items()}})

    @property
    def next_entry(self) -> int:
        """The index of the queue's next entry that the log does not hold."""
        return max(self.entries, default=self.state.header.queue_consumed - 1) + 1

    def list_records(self) -> Iterator[LiveRecord]:
        """Yield the records that rest or wait, in order of the log, each once."""
        by_sequence = {live.sequence: live for _, live in self.orders.values()}
        by_sequence |= self.cash
        for live in (*self.entries.values(), *self.prices.values()):
            by_sequence[live.sequence] = live
        yield from (by_sequence[sequence] for sequence in sorted(by_sequence))

    def rests(self, account: int, slot: int, nonce: int) -> bool:
        """Return whether this very order rests."""
        return self.orders.get((account, slot), (None,))[0] == nonce

    def get_filled(self, account: int, slot: int, nonce: int) -> int:
        """Return what was filled of an order, as its slot of the state says."""
        slot_nonce, filled_lots = unpack_slot(self.state.get_account(account).orders.get(slot))
        return filled_lots if slot_nonce == nonce else 0

    def rest(self, account: int, slot: int, nonce: int, live: LiveRecord) -> None:
        """Let this order rest, in place of whatever rests in its slot."""
        key = (account, slot)
        if key not in self.orders:
            self.floors.pop(key, None)  # what rests says more
            self.slots.setdefault(account, set()).add(slot)
        elif self.released:
            self.released.discard(key)
        self.orders[key] = (nonce, live)

    def _leave(self, account: int, slot: int) -> None:
        del self.orders[account, slot]
        self.released.discard((account, slot))
        self.slots[account].discard(slot)


def list_slots(live: LiveRecord) -> list[tuple[int, int, int]]:
    """Return (account, slot, nonce) of each order of an ORDER or QUOTE record."""
    body = live.body
    if live.kind == Kind.ORDER:
        return [_read_word_1(body, 0)]
    return [_read_word_1(body, QUOTE_HEAD_BYTES + ORDER_BYTES * place) for place in range(count_quoted(body))]


def count_quoted(body: bytes) -> int:
    """Return how many orders a QUOTE record holds."""
    return int.from_bytes(body[4:QUOTE_HEAD_BYTES], "big").bit_count()


def read_cancel(body: bytes) -> tuple[int, int, int]:
    """Return account, slot and nonce of a CANCEL record."""
    account, slot, nonce = _cut(body, 3, 2, 4)
    return account, slot, nonce


def read_cancel_all(body: bytes) -> tuple[int, int]:
    """Return account and milliseconds of a CANCEL_ALL record."""
    account, time_ms = _cut(body, 3, 6)
    return account, time_ms


def encode_auction(timestamp_s: int) -> bytes:
    """Return the body of an AUCTION record."""
    return timestamp_s.to_bytes(5, "big")


def encode_rebuilt(batch: int, n_groups: int, block: int, state_root: int) -> bytes:
    """Return the body of a REBUILT record: where the log begins, rebuilt from the base layer up to this block."""
    numbers = batch.to_bytes(4, "big") + n_groups.to_bytes(8, "big") + block.to_bytes(8, "big")
    return numbers + state_root.to_bytes(_ROOT_BYTES, "big")


def decode_auction(live: LiveRecord) -> Auction:
    """Return the auction of its record. Raises RecordMalformed."""
    if len(live.body) != 5:
        raise RecordMalformed(live.kind, "length", f"{len(live.body)} bytes", "5")
    return Auction(live.sequence, int.from_bytes(live.body, "big"))


def _read_word_1(body: bytes, at: int) -> tuple[int, int, int]:
    word = int.from_bytes(body[at : at + WORD_1_BYTES], "big")
    account = word >> ACCOUNT_AT & (1 << ACCOUNT_BITS) - 1
    return account, word >> SLOT_AT & (1 << SLOT_BITS) - 1, word >> NONCE_AT & (1 << COUNTER_BITS) - 1


def _read_cash(body: bytes) -> tuple[int, int]:
    """Return whose operation a CASH record holds, and its cash nonce."""
    word = int.from_bytes(body[:32], "big")
    return word >> ACCOUNT_AT & (1 << ACCOUNT_BITS) - 1, word >> _CASH_NONCE_AT & (1 << COUNTER_BITS) - 1


def _cut(body: bytes, *widths: int) -> Iterator[int]:
    at = 0
    for width in widths:
        yield int.from_bytes(body[at : at + width], "big")
        at += width
