"""Why a signature does not count: no such account or key, another epoch, a nonce out of turn, too high a fee."""

from __future__ import annotations

from dataclasses import dataclass

from rollup.errors import TxRejected

__all__ = [
    "AccountNotOpen",
    "CashNonceMismatch",
    "EpochMismatch",
    "FeeAboveMaximum",
    "KeyInvalid",
    "NonceExhausted",
    "SignatureInvalid",
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
class FeeAboveMaximum(TxRejected):
    """The base fee exceeds what was signed for."""

    code = "fee_above_maximum"
    account_id: int
    fee_e6: int
    max_fee_e6: int

    def __str__(self) -> str:
        return f"account {self.account_id}: fee {self.fee_e6} > maximum {self.max_fee_e6} (1e-6 USD)"
