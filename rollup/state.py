"""The state: a header that the base layer knows by one hash, and the accounts below it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from rollup import tags
from rollup.accounts import EMPTY_ACCOUNT, Account, hash_leaves, new_account_tree
from rollup.errors import check_bits, check_range
from rollup.field import to_field
from rollup.margin import Margin, MarginFractions, compute_margin
from rollup.poseidon import poseidon
from rollup.trees import SparseTree
from rollup.units import (
    BASE_FEE_BITS,
    COUNTER_BITS,
    FUND_BUDGET_BITS,
    FUNDING_BITS,
    MARKET_COUNT,
    OPEN_INTEREST_BITS,
    ORACLE_COUNT,
    PPM,
    PREMIUM_ONE,
    PRICE_BITS,
    RESOURCE_COUNT,
    TIMESTAMP_BITS,
    VAULT_E6_BITS,
)

__all__ = ["Resources", "State", "StateHeader", "compute_clock", "make_genesis", "pad_markets"]


@dataclass(frozen=True)
class Resources:
    """The fee record: what scarce things cost, how busy the exchange is, and what its fund may still trade."""

    base_fees: tuple[int, int, int] = (0, 0, 0)  # atoms a unit of proving, state, bandwidth
    congestion_ppm: int = 0  # average use of the proving capacity
    maintenance_factor_ppm: int = PPM  # by which maintenance fractions are raised
    pending_factor_ppm: int = PPM  # what that becomes an hour after pending_since_s
    pending_since_s: int = 0
    fund_budget: int = 0  # 1e-12 USD of notional

    @property
    def fields(self) -> tuple[int, ...]:
        """The eight numbers that are hashed, in order."""
        factors = (self.congestion_ppm, self.maintenance_factor_ppm, self.pending_factor_ppm)
        return (*self.base_fees, *factors, self.pending_since_s, self.fund_budget)

    def check(self) -> None:
        """Raise ValueOutOfRange unless every field fits its place."""
        check_range("number of base fees", len(self.base_fees), RESOURCE_COUNT, RESOURCE_COUNT)
        for base_fee in self.base_fees:
            check_bits("base_fee", base_fee, BASE_FEE_BITS)
        check_range("congestion_ppm", self.congestion_ppm, 0, PPM)
        check_range("maintenance_factor_ppm", self.maintenance_factor_ppm, PPM, 2 * PPM)
        check_range("pending_factor_ppm", self.pending_factor_ppm, PPM, 2 * PPM)
        check_bits("pending_since_s", self.pending_since_s, TIMESTAMP_BITS)
        check_bits("fund_budget", self.fund_budget, FUND_BUDGET_BITS)


@dataclass(frozen=True)
class StateHeader:
    """What the state root commits to."""

    accounts_root: int
    marks_ticks: tuple[int, ...]
    funding_index: tuple[int, ...]  # signed, atoms per lot
    premiums: tuple[int, ...]  # signed, 1e-12: average of the clearing price over the mark
    open_interest_lots: tuple[int, ...]  # lots held long
    resources: Resources
    signer_times_s: tuple[int, ...]  # of the last prices taken from each oracle signer
    queue_consumed: int  # entries of the base layer's queue: deposits and forced requests
    vault_e6: int  # deposits less withdrawals
    timestamp_s: int
    batch_number: int

    @property
    def clock(self) -> int:
        """timestamp_s * 2**32 + batch_number."""
        return compute_clock(self.timestamp_s, self.batch_number)

    @cached_property
    def markets_hash(self) -> int:
        """H4 of the hashes of marks, funding indices, premiums and open interest."""
        marks = poseidon(self.marks_ticks, tags.MARKS)
        funding = poseidon([to_field(index) for index in self.funding_index], tags.FUNDING)
        premiums = poseidon([to_field(premium) for premium in self.premiums], tags.PREMIUMS)
        open_interest = poseidon(self.open_interest_lots, tags.OPEN_INTEREST)
        return poseidon((marks, funding, premiums, open_interest), tags.MARKETS)

    @cached_property
    def resources_hash(self) -> int:
        """Hash of the fee record."""
        return poseidon(self.resources.fields, tags.RESOURCES)

    @cached_property
    def oracle_hash(self) -> int:
        """Hash of the signers' times."""
        return poseidon(self.signer_times_s, tags.ORACLE)

    @cached_property
    def state_root(self) -> int:
        """The hash that stands in the settlement contract."""
        records = (self.accounts_root, self.markets_hash, self.resources_hash, self.oracle_hash)
        return poseidon((*records, self.queue_consumed, self.vault_e6, self.clock), tags.STATE)

    def check(self) -> None:
        """Raise ValueOutOfRange unless every field fits its place."""
        check_range("number of marks", len(self.marks_ticks), MARKET_COUNT, MARKET_COUNT)
        check_range("number of funding indices", len(self.funding_index), MARKET_COUNT, MARKET_COUNT)
        check_range("number of premiums", len(self.premiums), MARKET_COUNT, MARKET_COUNT)
        check_range("number of open interests", len(self.open_interest_lots), MARKET_COUNT, MARKET_COUNT)
        check_range("number of signer times", len(self.signer_times_s), ORACLE_COUNT, ORACLE_COUNT)
        for mark_ticks in self.marks_ticks:
            check_range("mark_ticks", mark_ticks, 1, 2**PRICE_BITS - 1)
        for index in self.funding_index:
            check_bits("abs(funding_index)", abs(index), FUNDING_BITS)
        for premium in self.premiums:
            check_range("premium", premium, -PREMIUM_ONE, PREMIUM_ONE)
        for lots in self.open_interest_lots:
            check_bits("open_interest_lots", lots, OPEN_INTEREST_BITS)
        for time_s in self.signer_times_s:
            check_bits("signer_time_s", time_s, TIMESTAMP_BITS)
        self.resources.check()
        check_bits("queue_consumed", self.queue_consumed, COUNTER_BITS)
        check_bits("vault_e6", self.vault_e6, VAULT_E6_BITS)
        check_bits("timestamp_s", self.timestamp_s, TIMESTAMP_BITS)
        check_bits("batch_number", self.batch_number, COUNTER_BITS)


@dataclass(frozen=True)
class State:
    """The whole state after some batch. Never changed: a batch makes a new one."""

    header: StateHeader
    tree: SparseTree = field(repr=False)
    accounts: Mapping[int, Account] = field(repr=False)  # those that differ from the empty account

    @property
    def state_root(self) -> int:
        """The header's hash."""
        return self.header.state_root

    def get_account(self, account_id: int) -> Account:
        """Return the account, empty where there is none."""
        return self.accounts.get(account_id, EMPTY_ACCOUNT)

    def with_accounts(self, header: StateHeader, changed: Iterable[tuple[int, Account]]) -> State:
        """Return the state with these accounts and this header, whose roots are taken as they are."""
        accounts, tree, new = dict(self.accounts), self.tree, dict(changed)
        hash_leaves(new.values())
        for account_id, account in new.items():
            accounts[account_id] = account
            tree = tree.set(account_id, account.leaf_hash())
        return State(header, tree, accounts)

    def get_margin(self, account_id: int, fractions: MarginFractions) -> Margin:
        """Return equity and requirements at the state's marks and the given fractions, in atoms."""
        account, header = self.get_account(account_id), self.header
        prices = (header.marks_ticks, header.funding_index)
        return compute_margin(account.cash_atoms, account.sizes_lots, *prices, fractions)


def compute_clock(timestamp_s: int, batch_number: int) -> int:
    """Return timestamp_s * 2**32 + batch_number."""
    return timestamp_s << COUNTER_BITS | batch_number


def pad_markets(values: tuple[int, ...], filler: int) -> tuple[int, ...]:
    """Return one value for each of the 16 markets, `filler` where none is given."""
    check_range("number of markets", len(values), 0, MARKET_COUNT)
    return values + (filler,) * (MARKET_COUNT - len(values))


def make_genesis(marks_ticks: tuple[int, ...], timestamp_s: int, resources: Resources = Resources()) -> State:
    """Return the state before the first batch: every account empty, no funding, nothing deposited.

    Marks of markets not given are 1 tick. Raises ValueOutOfRange.
    """
    tree = new_account_tree()
    header = StateHeader(
        accounts_root=tree.root,
        marks_ticks=pad_markets(marks_ticks, 1),
        funding_index=(0,) * MARKET_COUNT,
        premiums=(0,) * MARKET_COUNT,
        open_interest_lots=(0,) * MARKET_COUNT,
        resources=resources,
        signer_times_s=(0,) * ORACLE_COUNT,
        queue_consumed=0,
        vault_e6=0,
        timestamp_s=timestamp_s,
        batch_number=0,
    )
    header.check()
    return State(header, tree, {})
