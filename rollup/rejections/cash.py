"""Why cash stays where it is, or an account as it is."""

from __future__ import annotations

from dataclasses import dataclass

from rollup.errors import TxRejected

__all__ = [
    "BelowInitial",
    "CloseAmountMismatch",
    "FeeNotCovered",
    "NotEvictable",
    "PositionsOpen",
    "PricesStale",
    "VaultShort",
]


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
class VaultShort(TxRejected):
    """The vault does not hold what the withdrawal asks."""

    code = "vault_short"
    account_id: int
    amount_e6: int
    vault_e6: int

    def __str__(self) -> str:
        return f"account {self.account_id}: withdrawal of {self.amount_e6}, vault holds {self.vault_e6} (1e-6 USD)"


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
