"""What came of one auction, as it stands in the log: the batch in figures, what it changed, what left the book.

From an outcome the state goes on without the batch being made again: header and changed accounts are all there is to a
batch. Its trace, from which it can be proved, is kept beside it as the artefact "batch".
"""

from __future__ import annotations

from dataclasses import dataclass

from rollup.accounts import Account
from rollup.codec_common import ACCOUNT, ACCOUNT_ID, COUNTER, TIMESTAMP, signed
from rollup.codec_fields import FIELD_ELEMENT, Flag, Integer, ListOf, Optional, Record, Text, unsigned
from rollup.codec_state import HEADER
from rollup.envelope import Envelope
from rollup.errors import BatchInvalid
from rollup.state import State, StateHeader
from rollup.units import CASH_BITS, MARKET_COUNT, PRICE_BITS, SIZE_BITS, SLOT_BITS
from sequencer.node.refusals import OutcomeInvalid

__all__ = ["CashDone", "ClosedOrder", "Fill", "Outcome", "SealedBatch", "decode_outcome", "encode_outcome"]

_LIMIT_BYTES = 2**20  # a record of the log
_MAX_JSON_BYTES = 2**24
_MAX_ITEMS = 2**16


@dataclass(frozen=True)
class ClosedOrder:
    """An order that left the book, and why: "filled", "ioc", "expired", "epoch", or the code of what refused it."""

    account: int
    slot: int
    nonce: int
    reason: str


@dataclass(frozen=True)
class CashDone:
    """A signed cash operation that waits no more: applied where there is no reason."""

    sequence: int
    reason: str


@dataclass(frozen=True)
class Fill:
    """An order's fill; a liquidation's where there is no order, and then slot and nonce are 0."""

    account: int
    market: int
    side: int
    slot: int
    nonce: int
    size_lots: int
    price_ticks: int
    charge_atoms: int  # base fee and tip
    trading_fee_atoms: int  # negative: a rebate; of a liquidation the penalty
    is_liquidation: bool


@dataclass(frozen=True)
class SealedBatch:
    """A batch in figures, and what it changed."""

    old_state_root: int
    header: StateHeader
    changed: tuple[tuple[int, Account], ...]
    fills: tuple[Fill, ...]
    prices_ticks: tuple[int, ...]  # by market
    applied: tuple[bool, ...]  # of the queue's entries it consumed, in order
    cash_ops: int
    rescues: int


@dataclass(frozen=True)
class Outcome:
    """What an auction did. Without a batch nothing but the book changed."""

    auction: int  # sequence number of its record in the log
    timestamp_s: int
    released: tuple[tuple[int, int], ...]  # account and slot of orders whose trigger was hit
    closed: tuple[ClosedOrder, ...]
    cash: tuple[CashDone, ...]
    batch: SealedBatch | None

    def apply(self, state: State) -> State:
        """Return the state after it."""
        if self.batch is None:
            return state
        return state.with_accounts(self.batch.header, self.batch.changed)


_SEQUENCE = unsigned(63)
_CLOSED = Record(
    ClosedOrder, {"account": ACCOUNT_ID, "slot": unsigned(SLOT_BITS), "nonce": COUNTER, "reason": Text(64)}
)
_CASH = Record(CashDone, {"sequence": _SEQUENCE, "reason": Text(64)})
_FILL = Record(
    Fill,
    {
        "account": ACCOUNT_ID,
        "market": Integer(0, MARKET_COUNT - 1),
        "side": Integer(0, 1),
        "slot": unsigned(SLOT_BITS),
        "nonce": COUNTER,
        "size_lots": unsigned(SIZE_BITS),
        "price_ticks": unsigned(PRICE_BITS),
        "charge_atoms": unsigned(CASH_BITS),
        "trading_fee_atoms": signed(CASH_BITS),
        "is_liquidation": Flag(),
    },
)


class _Pair:
    """An account with its number."""

    @staticmethod
    def encode(value: tuple[int, Account]) -> list[object]:
        return [ACCOUNT_ID.encode(value[0]), ACCOUNT.encode(value[1])]

    @staticmethod
    def decode(data: object, where: str) -> tuple[int, Account]:
        number, account = _PAIR_ITEMS.decode(data, where)
        return ACCOUNT_ID.decode(number, f"{where}[0]"), ACCOUNT.decode(account, f"{where}[1]")


class _Anything:
    """Whatever JSON holds: told apart by whoever asked."""

    @staticmethod
    def encode(value: object) -> object:
        return value

    @staticmethod
    def decode(data: object, where: str) -> object:
        return data


_PAIR_ITEMS = ListOf(_Anything(), 2, 2)
_BATCH = Record(
    SealedBatch,
    {
        "old_state_root": FIELD_ELEMENT,
        "header": HEADER,
        "changed": ListOf(_Pair(), 0, _MAX_ITEMS),
        "fills": ListOf(_FILL, 0, _MAX_ITEMS),
        "prices_ticks": ListOf(unsigned(PRICE_BITS), MARKET_COUNT, MARKET_COUNT),
        "applied": ListOf(Flag(), 0, _MAX_ITEMS),
        "cash_ops": unsigned(16),
        "rescues": unsigned(16),
    },
)
_OUTCOME = Record(
    Outcome,
    {
        "auction": _SEQUENCE,
        "timestamp_s": TIMESTAMP,
        "released": ListOf(ListOf(ACCOUNT_ID, 2, 2), 0, _MAX_ITEMS),
        "closed": ListOf(_CLOSED, 0, _MAX_ITEMS),
        "cash": ListOf(_CASH, 0, _MAX_ITEMS),
        "batch": Optional(_BATCH),
    },
)


def _refuse(source: str, reason: str) -> BatchInvalid:
    return OutcomeInvalid(source, reason)


_ENVELOPE = Envelope(b"ZKMOUTCM", 1, _LIMIT_BYTES, _MAX_JSON_BYTES, _refuse)


def encode_outcome(outcome: Outcome) -> bytes:
    """Return the body of the record. Raises OutcomeInvalid where it is too large to be read again."""
    return _ENVELOPE.seal(_OUTCOME, outcome)


def decode_outcome(body: bytes, source: str = "record of an outcome") -> Outcome:
    """Return the outcome of a record. Raises OutcomeInvalid."""
    outcome: Outcome = _ENVELOPE.open(_OUTCOME, body, source)
    return outcome
