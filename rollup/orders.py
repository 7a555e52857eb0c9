"""An order, what is signed of it, what of it may still trade, and the slot that remembers how much was filled."""

from __future__ import annotations

from dataclasses import dataclass, field

from rollup.errors import check_bits, check_range
from rollup.packing import pack
from rollup.poseidon import poseidon
from rollup.signature import Signature
from rollup.units import (
    ACCOUNT_BITS,
    COUNTER_BITS,
    FIRST_USER_ACCOUNT,
    MARKET_COUNT,
    PRICE_BITS,
    SIZE_BITS,
    SLOT_BITS,
    TIMESTAMP_BITS,
)

__all__ = [
    "ANY_BUY_TICKS",
    "ANY_SELL_TICKS",
    "IOC",
    "KIND_ORDER",
    "MAX_FEE_BITS",
    "POST_ONLY",
    "REDUCE_ONLY",
    "TIP_BITS",
    "Order",
    "OrderTerms",
    "SignedOrder",
    "compute_effective_remaining",
    "compute_slot_after",
    "is_passive",
    "pack_slot",
    "unpack_slot",
]

KIND_ORDER = 1
IOC, REDUCE_ONLY, POST_ONLY = 1, 2, 4  # flags; 8 and 16 must be 0
_ALL_FLAGS = IOC | REDUCE_ONLY | POST_ONLY
MAX_FEE_BITS = 48
TIP_BITS = 16

# A market order names the extreme price: the band is its limit.
ANY_BUY_TICKS = 2**PRICE_BITS - 1
ANY_SELL_TICKS = 1


@dataclass(frozen=True)
class OrderTerms:
    """What of an order decides the effect of its fill, and is published: the rest says whether it may be filled.

    `side` is 0 to buy, 1 to sell. `tip_e6` is what it adds to the fee of its first fill (1e-6 USD).
    """

    account: int
    market: int
    side: int
    slot: int
    nonce: int
    tip_e6: int = field(default=0, kw_only=True)
    flags: int = field(default=0, kw_only=True)

    @property
    def direction(self) -> int:
        """+1 for a buy, -1 for a sell."""
        return -1 if self.side else 1

    @property
    def is_ioc(self) -> bool:
        """Whether what its first fill leaves is void (immediate or cancel)."""
        return bool(self.flags & IOC)

    @property
    def is_reduce_only(self) -> bool:
        """Whether it may only bring the account's position closer to zero."""
        return bool(self.flags & REDUCE_ONLY)

    @property
    def is_post_only(self) -> bool:
        """Whether it trades only from the far side of the mark, and earns the maker fee."""
        return bool(self.flags & POST_ONLY)

    @property
    def max_nonce(self) -> int:
        """The last nonce it may have: an IOC order's slot goes to nonce + 1."""
        return (1 << COUNTER_BITS) - 1 - self.is_ioc


@dataclass(frozen=True)
class Order(OrderTerms):
    """A limit order, good till it expires unless flagged IOC.

    A higher nonce in the same slot replaces a lower one. `max_fee_e6` is the most it pays for a place in a batch
    before its tip; both are due once, at its first fill (1e-6 USD).
    """

    epoch: int
    expiry_s: int
    size_lots: int
    limit_ticks: int
    max_fee_e6: int = 0

    def check(self) -> None:
        """Raise ValueOutOfRange unless every field fits its place in the signed words."""
        check_range("account", self.account, FIRST_USER_ACCOUNT, 2**ACCOUNT_BITS - 1)
        check_range("market", self.market, 0, MARKET_COUNT - 1)
        check_range("side", self.side, 0, 1)
        check_range("flags", self.flags, 0, _ALL_FLAGS)
        check_bits("slot", self.slot, SLOT_BITS)
        check_range("nonce", self.nonce, 0, self.max_nonce)
        check_bits("epoch", self.epoch, COUNTER_BITS)
        check_bits("expiry_s", self.expiry_s, TIMESTAMP_BITS)
        check_range("size_lots", self.size_lots, 1, 2**SIZE_BITS - 1)
        check_range("limit_ticks", self.limit_ticks, 1, 2**PRICE_BITS - 1)
        check_bits("max_fee_e6", self.max_fee_e6, MAX_FEE_BITS)
        check_bits("tip_e6", self.tip_e6, TIP_BITS)

    def words(self) -> tuple[int, int, int]:
        """Return the three words that are signed, fields least significant first (docs/rules.md)."""
        word_1 = pack(
            (KIND_ORDER, 4),
            (self.account, ACCOUNT_BITS),
            (self.market, 4),
            (self.side, 1),
            (self.flags, 5),
            (self.slot, SLOT_BITS),
            (self.nonce, COUNTER_BITS),
            (self.epoch, COUNTER_BITS),
            (self.expiry_s, TIMESTAMP_BITS),
        )
        word_2 = pack((self.size_lots, SIZE_BITS), (self.limit_ticks, PRICE_BITS))
        return word_1, word_2, pack((self.tip_e6, TIP_BITS), (self.max_fee_e6, MAX_FEE_BITS))

    def message(self, domain: int) -> int:
        """Return the field element the account's key signs: H4(domain, words)."""
        return poseidon((domain, *self.words()))


@dataclass(frozen=True)
class SignedOrder:
    """An order as its account sent it."""

    order: Order
    signature: Signature


def is_passive(order: Order, mark_ticks: int) -> bool:
    """Return whether a post-only order may trade at this mark: a buy below it, a sell above it."""
    return order.direction * (mark_ticks - order.limit_ticks) > 0


def compute_effective_remaining(order: Order, filled_lots: int, position_lots: int) -> int:
    """Return how many lots may trade now: what is left of the size and, of a reduce-only order, what it can close.

    `position_lots` is the account's signed position in the market just before this fill.
    """
    remaining_lots = order.size_lots - filled_lots
    if not order.is_reduce_only:
        return remaining_lots
    return min(remaining_lots, max(0, -order.direction * position_lots))


def compute_slot_after(order: OrderTerms, filled_lots: int, fill_lots: int) -> int:
    """Return the slot's leaf after a fill: (nonce, filled), or (nonce + 1, 0) for IOC, whose rest is void."""
    if order.is_ioc:
        return pack_slot(order.nonce + 1, 0)
    return pack_slot(order.nonce, filled_lots + fill_lots)


def pack_slot(nonce: int, filled_lots: int) -> int:
    """Return the leaf of an order slot: nonce * 2**48 + filled_lots."""
    return pack((filled_lots, SIZE_BITS), (nonce, COUNTER_BITS))


def unpack_slot(slot: int) -> tuple[int, int]:
    """Return (nonce, filled_lots) of a slot's leaf."""
    return slot >> SIZE_BITS, slot & (2**SIZE_BITS - 1)
