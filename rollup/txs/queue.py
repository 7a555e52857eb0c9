"""Entries of the base layer's queue: consumed in order, whatever they say. What fails is returned or dropped.

The base layer lets only canonical values in: accounts of 21 bits, amounts of 64, owners of 160, keys as field elements.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from rollup.accounts import Account
from rollup.errors import check_bits
from rollup.packing import pack
from rollup.tick import Tick
from rollup.txs.effect import Effect, Flows
from rollup.units import ACCOUNT_BITS, AMOUNT_E6_BITS, COUNTER_BITS, FIRST_USER_ACCOUNT

__all__ = ["BridgeWords", "QueueEntry", "can_raise_epoch", "is_owned_by", "leave_untouched", "pack_bridge_word"]

BridgeWords = tuple[int, int, int, int]


@dataclass(frozen=True)
class QueueEntry(ABC):
    """One entry; `account` is the account it names."""

    account: int

    def __post_init__(self) -> None:
        """Raise ValueOutOfRange for what the base layer would not have let in."""
        check_bits("account", self.account, ACCOUNT_BITS)

    @abstractmethod
    def is_valid(self, account: Account, tick: Tick) -> bool:
        """Return whether the entry is applied to the account as it stands; else it is returned or dropped."""

    @abstractmethod
    def apply(self, account: Account, tick: Tick) -> Effect:
        """Return what the entry does, valid or not. Raises TxRejected where it has to wait."""

    @abstractmethod
    def bridge_words(self, is_applied: bool, paid_e6: int) -> BridgeWords:
        """Return what the base layer checks against its queue."""


def is_owned_by(account_id: int, owner: int, account: Account) -> bool:
    """Return whether it is an open user account of this owner."""
    return account_id >= FIRST_USER_ACCOUNT and not account.is_empty and account.owner == owner


def can_raise_epoch(account: Account) -> bool:
    """Return whether the epoch is not at its end."""
    return account.epoch + 1 < 1 << COUNTER_BITS


def leave_untouched(account: Account) -> Effect:
    """Return the effect of an entry that is returned or dropped: it is consumed, and nothing else changes, not rent."""
    return Effect(account, Flows(queue_entries=1), is_applied=False)


def pack_bridge_word(kind: int, account: int, amount_e6: int, is_applied: bool) -> int:
    """Return the first bridge word: kind | account | amount | outcome."""
    return pack((kind, 4), (account, ACCOUNT_BITS), (amount_e6, AMOUNT_E6_BITS), (int(is_applied), 1))
