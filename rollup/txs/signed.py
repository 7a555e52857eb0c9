"""What every signed cash operation has in common: an open account, its epoch, its exact cash nonce."""

from __future__ import annotations

from rollup.accounts import Account
from rollup.rejections import AccountNotOpen, CashNonceMismatch, EpochMismatch, NonceExhausted
from rollup.units import COUNTER_BITS

__all__ = ["check_signed_op"]


def check_signed_op(account_id: int, epoch: int, cash_nonce: int, account: Account) -> None:
    """Raise unless the account is open and the operation names its epoch and its next cash nonce.

    Raises AccountNotOpen, EpochMismatch, CashNonceMismatch, NonceExhausted.
    """
    if account.is_empty:
        raise AccountNotOpen(account_id)
    if epoch != account.epoch:
        raise EpochMismatch(account_id, epoch, account.epoch)
    if cash_nonce != account.cash_nonce:
        raise CashNonceMismatch(account_id, cash_nonce, account.cash_nonce)
    if cash_nonce + 1 >= 2**COUNTER_BITS:
        raise NonceExhausted(account_id, "cash_nonce", cash_nonce)
