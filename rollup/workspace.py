"""The accounts as a batch in the making changes them: the old state, an overlay, and the tree that goes with both."""

from __future__ import annotations

from collections.abc import Sequence

from rollup.accounts import EMPTY_ACCOUNT, Account
from rollup.errors import check_bits
from rollup.margin import Margin, compute_margin
from rollup.params import Params
from rollup.rejections import VaultShort
from rollup.risk_view import PlainRisk, RiskView
from rollup.signature_cache import SignatureCache
from rollup.state import State
from rollup.tick import Tick
from rollup.txs.effect import Flows
from rollup.units import COUNTER_BITS, MARKET_COUNT, VAULT_E6_BITS

__all__ = ["Workspace"]


class Workspace:
    """Mutable; the state it came from is left as it was."""

    def __init__(
        self,
        state: State,
        params: Params,
        tick: Tick,
        signatures: SignatureCache,
        risk: RiskView | None = None,
    ) -> None:
        self.params = params
        self.tick = tick
        self.marks_ticks = tick.header.marks_ticks
        self.funding_index = tick.header.funding_index
        self.timestamp_s = tick.header.timestamp_s
        self.signatures = signatures
        self.tree = state.tree
        self.risk = risk or PlainRisk(state.accounts)  # of the accounts as they stood
        self.changed: dict[int, Account] = {}  # what differs from them
        self._accounts = state.accounts
        self.queue_consumed = state.header.queue_consumed
        self.vault_e6 = state.header.vault_e6
        self.gross_change_lots = [0] * MARKET_COUNT  # of sum |size| over all accounts, by market
        self.base_fees_e6 = 0
        self.rent_atoms = 0
        self.units = 0  # proving + 2**32 * state + 2**64 * bandwidth

    def get(self, account_id: int) -> Account:
        """Return the account as it now stands."""
        changed = self.changed.get(account_id)
        return self._accounts.get(account_id, EMPTY_ACCOUNT) if changed is None else changed

    def put(self, account_id: int, account: Account) -> None:
        """Set the account, in the tree as well."""
        before = self.get(account_id)
        if account == before:
            return
        for market, (old, new) in enumerate(zip(before.sizes_lots, account.sizes_lots, strict=True)):
            self.gross_change_lots[market] += abs(new) - abs(old)
        self.tree = self.tree.set(account_id, account.leaf_hash())
        self.changed[account_id] = account

    def merge_accounts(self) -> dict[int, Account]:
        """Return all accounts as they now stand."""
        return {**self._accounts, **self.changed}

    def path(self, account_id: int) -> tuple[tuple[int, ...], ...]:
        """Return the account's path in the tree as it now stands."""
        return self.tree.path(account_id)

    def compute_margin(self, account: Account) -> Margin:
        """Return equity and requirements at the batch's marks, in atoms."""
        prices: tuple[Sequence[int], Sequence[int]] = (self.marks_ticks, self.funding_index)
        return compute_margin(account.cash_atoms, account.sizes_lots, *prices, self.tick.fractions)

    def check_flows(self, account_id: int, flows: Flows) -> None:
        """Raise unless the totals hold what an operation of this account adds. Raises ValueOutOfRange, VaultShort."""
        check_bits("queue_consumed", self.queue_consumed + flows.queue_entries, COUNTER_BITS)
        if self.vault_e6 + flows.vault_e6 < 0:
            raise VaultShort(account_id, -flows.vault_e6, self.vault_e6)
        check_bits("vault_e6", self.vault_e6 + flows.vault_e6, VAULT_E6_BITS)

    def add_flows(self, flows: Flows) -> None:
        """Add to the totals. Assumes `check_flows`."""
        self.queue_consumed += flows.queue_entries
        self.vault_e6 += flows.vault_e6
        self.base_fees_e6 += flows.base_fees_e6
        self.rent_atoms += flows.rent_atoms
        self.units += flows.units
