"""Cash operations of every kind, good and bad, by users who do anything they like."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from rollup.rent import compute_rent
from rollup.signature import derive_public_key
from rollup.txs import (
    CancelAll,
    CloseAccount,
    Deposit,
    Evict,
    ForcedCancelAll,
    ForcedKeyChange,
    ForcedWithdraw,
    KeyChange,
    SetTier,
    SignedCashOp,
    Transfer,
    find_evictable,
)
from rollup.units import ATOMS_PER_E6
from tests.scenarios import USD, Exchange

STRANGER = 0xBAD
OFF_CURVE = (1, 1)
CASH_KINDS = {
    "Deposit",
    "Withdraw",
    "Cancel",
    "Transfer",
    "TransferIn",
    "KeyChange",
    "CancelAll",
    "CloseAccount",
    "ForcedWithdraw",
    "ForcedCancelAll",
    "ForcedKeyChange",
    "SetTier",
    "Evict",
}
FAILED_KINDS = {f"{kind} failed" for kind in CASH_KINDS if kind == "Deposit" or kind.startswith(("Forced", "Set"))}


class RandomTeller:
    """Makes up operations on an exchange's accounts, and remembers the keys that they may come to have."""

    def __init__(self, random: Random, ex: Exchange, users: range) -> None:
        self.random = random
        self.ex = ex
        self.users = users
        self._private_keys = {derive_public_key(ex.key_of(user)): ex.key_of(user) for user in users}

    def make(self) -> SignedCashOp:
        """Return one operation for the next batch, many of them deposits and withdrawals."""
        user = self.random.choice(self.users)
        kinds: list[Callable[[int], SignedCashOp]] = [
            self._transfer,
            self._cancel,
            self._cancel_all,
            self._change_key,
            self._close,
            self._force_withdrawal,
            self._force_cancel_all,
            self._force_key_change,
            self._set_tier,
            self._evict,
        ]
        usual = [self._deposit, self._deposit, self._withdraw]
        return self.random.choice(usual if self.random.random() < 0.4 else kinds)(user)

    def learn_keys(self) -> None:
        """Let every account sign with the key it now has."""
        for user in self.users:
            key = self.ex.state.get_account(user).key
            self.ex.new_keys[user] = self._private_keys.get(key, self.ex.key_of(user))

    def _deposit(self, user: int) -> SignedCashOp:
        key = self._make_key(user) if self.random.random() < 0.9 else OFF_CURVE
        return SignedCashOp(Deposit(user, self._make_amount(), self._make_owner(user), key))

    def _withdraw(self, user: int) -> SignedCashOp:
        return self.ex.withdraw(user, self.random.randint(1, 300))

    def _transfer(self, user: int) -> SignedCashOp:
        recipient = self.random.choice([*self.users, self.users.stop])
        return self.ex.request(Transfer, user, amount_e6=self._make_amount(), recipient=recipient)

    def _cancel(self, user: int) -> SignedCashOp:
        return self.ex.cancel(user, self.random.randrange(3), self.random.randrange(9))

    def _cancel_all(self, user: int) -> SignedCashOp:
        return self.ex.request(CancelAll, user)

    def _change_key(self, user: int) -> SignedCashOp:
        return self.ex.request(KeyChange, user, key=self._make_key(user))

    def _close(self, user: int) -> SignedCashOp:
        tick, account = self.ex.next_tick(), self.ex.state.get_account(user)
        left_e6 = (account.cash_atoms - compute_rent(account, tick)) // ATOMS_PER_E6 - tick.cash_fee_e6
        return self.ex.request(CloseAccount, user, amount_e6=max(left_e6, 0))

    def _force_withdrawal(self, user: int) -> SignedCashOp:
        return SignedCashOp(ForcedWithdraw(user, self._make_amount(), self._make_owner(user)))

    def _force_cancel_all(self, user: int) -> SignedCashOp:
        return SignedCashOp(ForcedCancelAll(user, self._make_owner(user)))

    def _force_key_change(self, user: int) -> SignedCashOp:
        return SignedCashOp(ForcedKeyChange(user, self._make_owner(user), self._make_key(user)))

    def _set_tier(self, user: int) -> SignedCashOp:
        return SignedCashOp(SetTier(user, self.random.randrange(9)))

    def _evict(self, user: int) -> SignedCashOp:
        found = find_evictable(self.ex.state.accounts, self.ex.next_tick())
        return SignedCashOp(self.random.choice(found) if found else Evict(user))

    def _make_amount(self) -> int:
        return self.random.randint(0, self.random.choice([5, 9 * USD, 300 * USD, 300 * USD]))

    def _make_owner(self, user: int) -> int:
        return self.ex.owner_of(user) if self.random.random() < 0.8 else STRANGER

    def _make_key(self, user: int) -> tuple[int, int]:
        private_key = self.random.choice([self.ex.key_of(user), self.random.randbytes(32)])
        key = derive_public_key(private_key)
        self._private_keys[key] = private_key
        return key
