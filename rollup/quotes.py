"""A quote: up to sixteen orders of one account under one signature: a market maker's refresh costs one EdDSA."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from rollup import tags
from rollup.errors import check_range
from rollup.orders import Order
from rollup.packing import pack
from rollup.poseidon import poseidon
from rollup.signature import Signature
from rollup.units import ACCOUNT_BITS, FIRST_USER_ACCOUNT

__all__ = ["KIND_QUOTE", "QUOTE_ORDERS", "Quote", "QuotedOrder", "SignedQuote", "compute_quote_message"]

KIND_QUOTE = 4
QUOTE_ORDERS = 16


@dataclass(frozen=True)
class Quote:
    """Orders of one account by place; None where a place is empty, and places not given are empty."""

    account: int
    orders: tuple[Order | None, ...]

    def check(self) -> None:
        """Raise ValueOutOfRange unless it has 1 to 16 places. Each order is checked on its own."""
        check_range("account", self.account, FIRST_USER_ACCOUNT, 2**ACCOUNT_BITS - 1)
        check_range("places of a quote", len(self.orders), 1, QUOTE_ORDERS)

    def order_messages(self, domain: int) -> tuple[int, ...]:
        """Return the sixteen messages its orders would have if signed alone, 0 for an empty place."""
        messages = tuple(0 if order is None else order.message(domain) for order in self.orders)
        return messages + (0,) * (QUOTE_ORDERS - len(messages))

    def message(self, domain: int) -> int:
        """Return the field element the account's key signs."""
        return compute_quote_message(domain, self.account, self.order_messages(domain))


def compute_quote_message(domain: int, account: int, order_messages: tuple[int, ...]) -> int:
    """Return H4(domain, 4 | account << 4, H16(order messages) tag QUOTE, 0)."""
    digest = poseidon(order_messages, tags.QUOTE)
    return poseidon((domain, pack((KIND_QUOTE, 4), (account, ACCOUNT_BITS)), digest, 0))


@dataclass(frozen=True)
class SignedQuote:
    """A quote as its account sent it.

    `withdrawn` are places that are not to trade, cancelled since or left out: signed for like the others.
    """

    quote: Quote
    signature: Signature
    withdrawn: frozenset[int] = frozenset()

    @cached_property
    def quoted_orders(self) -> tuple[QuotedOrder, ...]:
        """The orders it holds that may trade, in rising places."""
        places = ((place, order) for place, order in enumerate(self.quote.orders) if place not in self.withdrawn)
        return tuple(QuotedOrder(self, place) for place, order in places if order is not None)


@dataclass(frozen=True)
class QuotedOrder:
    """One order of a quote, told apart by its place."""

    signed: SignedQuote
    place: int

    @property
    def order(self) -> Order:
        """The order itself."""
        order = self.signed.quote.orders[self.place]
        assert order is not None
        return order
