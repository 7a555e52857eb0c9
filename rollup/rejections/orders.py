"""Why an order or a quote does not trade."""

from __future__ import annotations

from dataclasses import dataclass

from rollup.errors import TxRejected

__all__ = [
    "CloseNotProvable",
    "MarginInsufficient",
    "MarketNotOpen",
    "OrderExpired",
    "OrderFilled",
    "OrderSuperseded",
    "QuoteMismatch",
    "SlotNonceInvalid",
]


@dataclass(eq=False)
class SlotNonceInvalid(TxRejected):
    """An order's or cancel's nonce is below its slot's, or an order's is too far above."""

    code = "slot_nonce_invalid"
    account_id: int
    slot: int
    nonce: int
    slot_nonce: int

    def __str__(self) -> str:
        return f"account {self.account_id}, slot {self.slot}: nonce {self.nonce}, the slot stands at {self.slot_nonce}"


@dataclass(eq=False)
class OrderSuperseded(TxRejected):
    """Another order of this batch holds the same slot with a nonce at least as high."""

    code = "order_superseded"
    account_id: int
    slot: int
    nonce: int
    winning_nonce: int

    def __str__(self) -> str:
        return f"account {self.account_id}, slot {self.slot}: nonce {self.nonce} gives way to {self.winning_nonce}"


@dataclass(eq=False)
class QuoteMismatch(TxRejected):
    """A quote holds an order of another account."""

    code = "quote_mismatch"
    account_id: int
    place: int
    order_account_id: int

    def __str__(self) -> str:
        return f"quote of account {self.account_id}: the order in place {self.place} is of {self.order_account_id}"


@dataclass(eq=False)
class OrderFilled(TxRejected):
    """Nothing of the order is left."""

    code = "order_filled"
    account_id: int
    slot: int
    filled_lots: int
    size_lots: int

    def __str__(self) -> str:
        return (
            f"account {self.account_id}, slot {self.slot}: {self.filled_lots} of {self.size_lots} lots already filled"
        )


@dataclass(eq=False)
class OrderExpired(TxRejected):
    """The order's time is over."""

    code = "order_expired"
    account_id: int
    expiry_s: int
    timestamp_s: int

    def __str__(self) -> str:
        return f"account {self.account_id}: order expired at {self.expiry_s} s, the batch is at {self.timestamp_s} s"


@dataclass(eq=False)
class MarketNotOpen(TxRejected):
    """No such market."""

    code = "market_not_open"
    account_id: int
    market: int

    def __str__(self) -> str:
        return f"account {self.account_id}: market {self.market} is not open"


@dataclass(eq=False)
class MarginInsufficient(TxRejected):
    """With its fills the account would neither meet its initial requirement nor be better off by reducing only."""

    code = "margin_insufficient"
    account_id: int
    equity_atoms: int
    required_atoms: int

    def __str__(self) -> str:
        facts = f"equity {self.equity_atoms} < initial requirement {self.required_atoms} (1e-18 USD)"
        return f"account {self.account_id}: {facts} after its fills, and they do not only reduce"


@dataclass(eq=False)
class CloseNotProvable(TxRejected):
    """The account may close so, but its figures exceed what the circuit has bits for."""

    code = "close_not_provable"
    account_id: int
    equity_atoms: int
    maintenance_atoms: int

    def __str__(self) -> str:
        facts = f"equity {self.equity_atoms} with requirement {self.maintenance_atoms} (1e-18 USD)"
        return f"account {self.account_id}: {facts} exceeds 208 bits of comparison"
