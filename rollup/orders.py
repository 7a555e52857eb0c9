"""An order, what is signed of it, and the slot that remembers how much of it was filled."""

from __future__ import annotations

from dataclasses import dataclass

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

__all__ = ["KIND_ORDER", "Order", "SignedOrder", "pack_slot", "unpack_slot"]

KIND_ORDER = 1


@dataclass(frozen=True)
class Order:
    """A limit order. `side` is 0 to buy, 1 to sell; a higher nonce in the same slot replaces a lower one."""

    account: int
    market: int
    side: int
    slot: int
    nonce: int
    epoch: int
    expiry_s: int
    size_lots: int
    limit_ticks: int
    max_fee_e6: int = 0
    tip: int = 0
    flags: int = 0  # must be 0 for now

    @property
    def direction(self) -> int:
        """+1 for a buy, -1 for a sell."""
        return -1 if self.side else 1

    def check(self) -> None:
        """Raise ValueOutOfRange unless every field fits its place in the signed words."""
        check_range("account", self.account, FIRST_USER_ACCOUNT, 2**ACCOUNT_BITS - 1)
        check_range("market", self.market, 0, MARKET_COUNT - 1)
        check_range("side", self.side, 0, 1)
        check_range("flags", self.flags, 0, 0)
        check_bits("slot", self.slot, SLOT_BITS)
        check_bits("nonce", self.nonce, COUNTER_BITS)
        check_bits("epoch", self.epoch, COUNTER_BITS)
        check_bits("expiry_s", self.expiry_s, TIMESTAMP_BITS)
        check_range("size_lots", self.size_lots, 1, 2**SIZE_BITS - 1)
        check_range("limit_ticks", self.limit_ticks, 1, 2**PRICE_BITS - 1)
        check_bits("max_fee_e6", self.max_fee_e6, 48)
        check_bits("tip", self.tip, 16)

    def words(self) -> tuple[int, int, int]:
        """Return the three words that are signed, fields least significant first (docs/architecture.md)."""
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
        return word_1, word_2, pack((self.max_fee_e6, 48), (self.tip, 16))

    def message(self, domain: int) -> int:
        """Return the field element the account's key signs: H4(domain, words)."""
        return poseidon((domain, *self.words()))


@dataclass(frozen=True)
class SignedOrder:
    """An order as its account sent it."""

    order: Order
    signature: Signature


def pack_slot(nonce: int, filled_lots: int) -> int:
    """Return the leaf of an order slot: nonce * 2**48 + filled_lots."""
    return pack((filled_lots, SIZE_BITS), (nonce, COUNTER_BITS))


def unpack_slot(slot: int) -> tuple[int, int]:
    """Return (nonce, filled_lots) of a slot's leaf."""
    return slot >> SIZE_BITS, slot & (2**SIZE_BITS - 1)
