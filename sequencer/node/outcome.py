"""What came of one auction, as it stands in the log: the batch in figures, what it changed, what left the book.

From an outcome the state goes on without the batch being made again: header and changed accounts are all there is to a
batch. Its trace, from which it can be proved, is kept beside it as the artefact "batch".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rollup.accounts import Account
from rollup.codec_common import ACCOUNT, ACCOUNT_ID, COUNTER, TIMESTAMP, signed
from rollup.codec_fields import FIELD_ELEMENT, Codec, Flag, Integer, ListOf, Optional, Record, Text, unsigned
from rollup.codec_state import HEADER
from rollup.envelope import Envelope
from rollup.errors import BatchInvalid
from rollup.state import State, StateHeader
from rollup.units import CASH_BITS, MARKET_COUNT, PRICE_BITS, SIZE_BITS, SLOT_BITS
from sequencer.node.refusals import OutcomeInvalid

__all__ = ["CashDone", "ClosedOrder", "Fill", "Outcome", "Rescue", "SealedBatch", "decode_outcome", "encode_outcome"]

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
class Rescue:
    """An account that was taken over by the insurance fund, or deleveraged against counterparties; what it had before.

    equity_atoms: at the batch's marks; what is missing below 0 was borne by the fund, or by the counterparties.
    """

    account: int
    sizes_lots: tuple[int, ...]  # by market
    equity_atoms: int
    counterparties: tuple[int, ...]  # accounts, each once; none in a takeover


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
    rescued: tuple[Rescue, ...] = ()  # as many; none where a node wrote it that only counted them


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
_RESCUE = Record(
    Rescue,
    {
        "account": ACCOUNT_ID,
        "sizes_lots": ListOf(signed(SIZE_BITS), MARKET_COUNT, MARKET_COUNT),
        "equity_atoms": signed(CASH_BITS),  # a takeover or deleveraging is proved below 2^108
        "counterparties": ListOf(ACCOUNT_ID, 0, _MAX_ITEMS),
    },
)
_COUNTED: Final[dict[str, Codec]] = {
    "old_state_root": FIELD_ELEMENT,
    "header": HEADER,
    "changed": ListOf(_Pair(), 0, _MAX_ITEMS),
    "fills": ListOf(_FILL, 0, _MAX_ITEMS),
    "prices_ticks": ListOf(unsigned(PRICE_BITS), MARKET_COUNT, MARKET_COUNT),
    "applied": ListOf(Flag(), 0, _MAX_ITEMS),
    "cash_ops": unsigned(16),
    "rescues": unsigned(16),
}
_NAMED: Final[dict[str, Codec]] = _COUNTED | {"rescued": ListOf(_RESCUE, 0, _MAX_ITEMS)}


def _make_codec(batch: dict[str, Codec]) -> Record:
    return Record(
        Outcome,
        {
            "auction": _SEQUENCE,
            "timestamp_s": TIMESTAMP,
            "released": ListOf(ListOf(ACCOUNT_ID, 2, 2), 0, _MAX_ITEMS),
            "closed": ListOf(_CLOSED, 0, _MAX_ITEMS),
            "cash": ListOf(_CASH, 0, _MAX_ITEMS),
            "batch": Optional(Record(SealedBatch, batch)),
        },
    )


def _refuse(source: str, reason: str) -> BatchInvalid:
    return OutcomeInvalid(source, reason)


_MAGIC: Final = b"ZKMOUTCM"
_LIMITS: Final = (_LIMIT_BYTES, _MAX_JSON_BYTES, _refuse)
_OUTCOME, _ENVELOPE = _make_codec(_NAMED), Envelope(_MAGIC, 2, *_LIMITS)
_OLD_OUTCOME, _OLD_ENVELOPE = _make_codec(_COUNTED), Envelope(_MAGIC, 1, *_LIMITS)  # in logs of before
_OLD_HEAD: Final = _MAGIC + (1).to_bytes(4, "little")


def encode_outcome(outcome: Outcome) -> bytes:
    """Return the body of the record. Raises OutcomeInvalid where it is too large to be read again."""
    return _ENVELOPE.seal(_OUTCOME, outcome)


def decode_outcome(body: bytes, source: str = "record of an outcome") -> Outcome:
    """Return the outcome of a record. Raises OutcomeInvalid."""
    is_old = body.startswith(_OLD_HEAD)
    envelope, codec = (_OLD_ENVELOPE, _OLD_OUTCOME) if is_old else (_ENVELOPE, _OUTCOME)
    outcome: Outcome = envelope.open(codec, body, source)
    return outcome
