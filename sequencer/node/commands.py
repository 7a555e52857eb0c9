"""What the node is told, one record of its log each: orders, quotes, cancels, cash operations, prices, the queue.

Cancels here are binding receipts of the node, at once and free; the rollup's own `Cancel`, paid and proved, is a cash
operation. They are signed with kinds that no circuit knows, so that none of them can be taken for what is proved.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final, TypeAlias

from rollup.errors import check_bits, check_range
from rollup.oracle import SignedPrices
from rollup.orders import SignedOrder
from rollup.packing import pack
from rollup.poseidon import poseidon
from rollup.quotes import SignedQuote
from rollup.signature import Signature
from rollup.txs import SignedOp
from rollup.units import ACCOUNT_BITS, COUNTER_BITS, FIRST_USER_ACCOUNT, PRICE_BITS, SLOT_BITS
from verifier.queue_entries import Entry

__all__ = [
    "CancelAllOrders",
    "CancelOrder",
    "CashRequest",
    "ClientCommand",
    "Command",
    "Kind",
    "OraclePrices",
    "PlaceOrder",
    "PlaceQuote",
    "QueueEntrySeen",
    "Trigger",
]

_KIND_CANCEL: Final = 14  # of word 1 of what is signed: the circuit's kinds are 1 to 9
_KIND_CANCEL_ALL: Final = 15
TIME_MS_BITS: Final = 48


class Kind(IntEnum):
    """Kinds of records in the log. Those from 15 on are the node's own: docs/node.md."""

    ORDER = 1
    QUOTE = 2
    CANCEL = 3
    CANCEL_ALL = 4
    CASH = 5
    ENTRY = 6
    PRICES = 7
    AUCTION = 15
    OUTCOME = 16
    GROUP = 17
    PROVED = 18
    SETTLED = 19
    REBUILT = 20


@dataclass(frozen=True)
class Trigger:
    """When a stop or take-profit order enters the book: once the mark is at or beyond this price, from the other side.

    The node keeps the order and watches the mark. A trigger is not signed nor proved: the order behind it is.
    """

    price_ticks: int
    is_above: bool  # enters at a mark >= price_ticks; else at <=

    def check(self) -> None:
        """Raise ValueOutOfRange unless the price has its bits."""
        check_range("trigger price_ticks", self.price_ticks, 1, 2**PRICE_BITS - 1)

    def is_hit(self, mark_ticks: int) -> bool:
        """Return whether the order enters at this mark."""
        return mark_ticks >= self.price_ticks if self.is_above else mark_ticks <= self.price_ticks


@dataclass(frozen=True)
class PlaceOrder:
    """A signed order; a higher nonce in a slot replaces what stands there."""

    signed: SignedOrder
    trigger: Trigger | None = None

    @property
    def account(self) -> int:
        """Whose it is."""
        return self.signed.order.account

    @property
    def signature(self) -> Signature:
        """The account's."""
        return self.signed.signature

    def check(self) -> None:
        """Raise ValueOutOfRange unless every field fits."""
        self.signed.order.check()
        if self.trigger is not None:
            self.trigger.check()

    def message(self, domain: int) -> int:
        """Return what the account signed."""
        return self.signed.order.message(domain)


@dataclass(frozen=True)
class PlaceQuote:
    """Up to sixteen orders of one account under one signature."""

    signed: SignedQuote

    @property
    def account(self) -> int:
        """Whose it is."""
        return self.signed.quote.account

    @property
    def signature(self) -> Signature:
        """The account's."""
        return self.signed.signature

    def check(self) -> None:
        """Raise ValueOutOfRange unless every field fits."""
        self.signed.quote.check()
        for quoted in self.signed.quoted_orders:
            quoted.order.check()

    def message(self, domain: int) -> int:
        """Return what the account signed."""
        return self.signed.quote.message(domain)


@dataclass(frozen=True)
class CancelOrder:
    """Void the order `nonce` in `slot`, and every lower nonce there, from this record on. Idempotent."""

    account: int
    slot: int
    nonce: int
    epoch: int
    signature: Signature

    def check(self) -> None:
        """Raise ValueOutOfRange unless every field fits."""
        check_range("account", self.account, FIRST_USER_ACCOUNT, 2**ACCOUNT_BITS - 1)
        check_bits("slot", self.slot, SLOT_BITS)
        check_bits("nonce", self.nonce, COUNTER_BITS)
        check_bits("epoch", self.epoch, COUNTER_BITS)

    def message(self, domain: int) -> int:
        """Return H4(domain, 14 4 | account 21 | slot 9 | nonce 32 | epoch 32, 0, 0)."""
        parts = ((_KIND_CANCEL, 4), (self.account, ACCOUNT_BITS), (self.slot, SLOT_BITS), (self.nonce, COUNTER_BITS))
        return poseidon((domain, pack(*parts, (self.epoch, COUNTER_BITS)), 0, 0))


@dataclass(frozen=True)
class CancelAllOrders:
    """Void every order of the account that the log holds before this record.

    `time_ms` must be above that of the account's last one: an old message cannot be sent again to void what came since.
    """

    account: int
    time_ms: int
    epoch: int
    signature: Signature

    def check(self) -> None:
        """Raise ValueOutOfRange unless every field fits."""
        check_range("account", self.account, FIRST_USER_ACCOUNT, 2**ACCOUNT_BITS - 1)
        check_bits("time_ms", self.time_ms, TIME_MS_BITS)
        check_bits("epoch", self.epoch, COUNTER_BITS)

    def message(self, domain: int) -> int:
        """Return H4(domain, 15 4 | account 21 | time_ms 48 | epoch 32, 0, 0)."""
        parts = ((_KIND_CANCEL_ALL, 4), (self.account, ACCOUNT_BITS), (self.time_ms, TIME_MS_BITS))
        return poseidon((domain, pack(*parts, (self.epoch, COUNTER_BITS)), 0, 0))


@dataclass(frozen=True)
class CashRequest:
    """A signed cash operation: withdraw, transfer, key change, close, or the rollup's own cancels."""

    op: SignedOp
    signature: Signature

    @property
    def account(self) -> int:
        """Whose it is."""
        return self.op.account

    def check(self) -> None:
        """Raise ValueOutOfRange unless every field fits."""
        self.op.check_message()

    def message(self, domain: int) -> int:
        """Return what the account signed."""
        return self.op.message(domain)


@dataclass(frozen=True)
class OraclePrices:
    """What one oracle signer says."""

    signed: SignedPrices


@dataclass(frozen=True)
class QueueEntrySeen:
    """A final entry of the base layer's queue. They come in order, each once."""

    index: int
    entry: Entry


ClientCommand: TypeAlias = PlaceOrder | PlaceQuote | CancelOrder | CancelAllOrders | CashRequest
Command: TypeAlias = ClientCommand | OraclePrices | QueueEntrySeen
