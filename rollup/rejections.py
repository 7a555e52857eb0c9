"""Why a single order or cash operation is refused: who, got, expected, unit."""

from __future__ import annotations

from dataclasses import dataclass

from rollup.errors import TxRejected

__all__ = [
    "AccountNotOpen",
    "BelowInitial",
    "CashNonceMismatch",
    "CloseAmountMismatch",
    "CloseNotProvable",
    "EpochMismatch",
    "FeeAboveMaximum",
    "FeeNotCovered",
    "KeyInvalid",
    "MarginInsufficient",
    "MarketNotOpen",
    "NonceExhausted",
    "NotEvictable",
    "OrderExpired",
    "OrderFilled",
    "OrderSuperseded",
    "PositionsOpen",
    "PricesStale",
    "QuoteMismatch",
    "SignatureInvalid",
    "SlotNonceInvalid",
    "VaultShort",
]


@dataclass(eq=False)
class AccountNotOpen(TxRejected):
    """The account has no key: nobody can sign for it."""

    code = "account_not_open"
    account_id: int

    def __str__(self) -> str:
        return f"account {self.account_id} is empty: a deposit must create it first"


@dataclass(eq=False)
class KeyInvalid(TxRejected):
    """A key change to something that is no point of BabyJubJub."""

    code = "key_invalid"
    account_id: int
    key: tuple[int, int]

    def __str__(self) -> str:
        return f"account {self.account_id}: new key {self.key} is not on the curve"


@dataclass(eq=False)
class SignatureInvalid(TxRejected):
    """The signature does not verify under the account's key."""

    code = "signature_invalid"
    account_id: int
    message: int

    def __str__(self) -> str:
        return f"account {self.account_id}: no valid signature of message {self.message:#x}"


@dataclass(eq=False)
class EpochMismatch(TxRejected):
    """Signed for another life of the account."""

    code = "epoch_mismatch"
    account_id: int
    epoch: int
    expected_epoch: int

    def __str__(self) -> str:
        return f"account {self.account_id}: signed for epoch {self.epoch}, account is in {self.expected_epoch}"


@dataclass(eq=False)
class CashNonceMismatch(TxRejected):
    """A signed cash operation out of turn."""

    code = "cash_nonce_mismatch"
    account_id: int
    cash_nonce: int
    expected_cash_nonce: int

    def __str__(self) -> str:
        return f"account {self.account_id}: cash nonce {self.cash_nonce}, expected {self.expected_cash_nonce}"


@dataclass(eq=False)
class NonceExhausted(TxRejected):
    """A counter of the account is at its end."""

    code = "nonce_exhausted"
    account_id: int
    counter: str
    value: int

    def __str__(self) -> str:
        return f"account {self.account_id}: {self.counter} {self.value} cannot rise any more"


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
class BelowInitial(TxRejected):
    """A withdrawal would leave less than the initial requirement."""

    code = "below_initial"
    account_id: int
    equity_atoms: int
    required_atoms: int

    def __str__(self) -> str:
        return f"account {self.account_id}: equity {self.equity_atoms} < required {self.required_atoms} (1e-18 USD)"


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


@dataclass(eq=False)
class VaultShort(TxRejected):
    """The vault does not hold what the withdrawal asks."""

    code = "vault_short"
    account_id: int
    amount_e6: int
    vault_e6: int

    def __str__(self) -> str:
        return f"account {self.account_id}: withdrawal of {self.amount_e6}, vault holds {self.vault_e6} (1e-6 USD)"


@dataclass(eq=False)
class FeeAboveMaximum(TxRejected):
    """The base fee exceeds what was signed for."""

    code = "fee_above_maximum"
    account_id: int
    fee_e6: int
    max_fee_e6: int

    def __str__(self) -> str:
        return f"account {self.account_id}: fee {self.fee_e6} > maximum {self.max_fee_e6} (1e-6 USD)"


@dataclass(eq=False)
class PricesStale(TxRejected):
    """Too few fresh prices for an account with positions to be paid out."""

    code = "prices_stale"
    account_id: int

    def __str__(self) -> str:
        return f"account {self.account_id} has positions, and there are no fresh prices to take its margin at"


@dataclass(eq=False)
class PositionsOpen(TxRejected):
    """An account with positions cannot be closed."""

    code = "positions_open"
    account_id: int

    def __str__(self) -> str:
        return f"account {self.account_id} has positions and cannot be closed"


@dataclass(eq=False)
class CloseAmountMismatch(TxRejected):
    """The closing message names another amount than the account pays out."""

    code = "close_amount_mismatch"
    account_id: int
    amount_e6: int
    expected_e6: int

    def __str__(self) -> str:
        return f"account {self.account_id}: closing with {self.amount_e6}, it holds {self.expected_e6} (1e-6 USD)"


@dataclass(eq=False)
class NotEvictable(TxRejected):
    """The account has positions, or cash that its rent does not use up, or a debt."""

    code = "not_evictable"
    account_id: int
    cash_atoms: int
    rent_atoms: int

    def __str__(self) -> str:
        facts = f"cash {self.cash_atoms}, rent {self.rent_atoms} (1e-18 USD)"
        return f"account {self.account_id}: {facts}; evicted are only accounts without positions, cash 0 to the rent"


@dataclass(eq=False)
class FeeNotCovered(TxRejected):
    """The account would owe the fee: its equity does not hold it."""

    code = "fee_not_covered"
    account_id: int
    fee_e6: int
    equity_atoms: int

    def __str__(self) -> str:
        equity = f"equity {self.equity_atoms} (1e-18 USD)"
        return f"account {self.account_id}: {equity} after a fee of {self.fee_e6} (1e-6 USD), at least 0 is asked"
