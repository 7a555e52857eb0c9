"""The accounts as a batch in the making changes them: the old state, an overlay, and the tree that goes with both."""

from __future__ import annotations

from collections.abc import Sequence

from rollup.accounts import EMPTY_ACCOUNT, Account
from rollup.margin import Margin, compute_margin
from rollup.params import Params
from rollup.signature_cache import SignatureCache
from rollup.state import State
from rollup.tick import Tick

__all__ = ["Workspace"]


class Workspace:
    """Mutable; the state it came from is left as it was."""

    def __init__(
        self,
        state: State,
        params: Params,
        tick: Tick,
        signatures: SignatureCache,
    ) -> None:
        self.params = params
        self.tick = tick
        self.marks_ticks = tick.header.marks_ticks
        self.funding_index = tick.header.funding_index
        self.timestamp_s = tick.header.timestamp_s
        self.signatures = signatures
        self.tree = state.tree
        self.accounts = dict(state.accounts)
        self.queue_consumed = state.header.queue_consumed
        self.vault_e6 = state.header.vault_e6

    def get(self, account_id: int) -> Account:
        """Return the account as it now stands."""
        return self.accounts.get(account_id, EMPTY_ACCOUNT)

    def put(self, account_id: int, account: Account) -> None:
        """Set the account, in the tree as well."""
        if account == self.get(account_id):
            return
        self.tree = self.tree.set(account_id, account.leaf_hash())
        self.accounts[account_id] = account

    def path(self, account_id: int) -> tuple[tuple[int, ...], ...]:
        """Return the account's path in the tree as it now stands."""
        return self.tree.path(account_id)

    def compute_margin(self, account: Account) -> Margin:
        """Return equity and requirements at the batch's marks, in atoms."""
        prices: tuple[Sequence[int], Sequence[int]] = (self.marks_ticks, self.funding_index)
        return compute_margin(account.cash_atoms, account.sizes_lots, *prices, self.tick.fractions)
