"""The state: a header that the base layer knows by one hash, and the accounts below it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from rollup import tags
from rollup.accounts import EMPTY_ACCOUNT, Account, new_account_tree
from rollup.errors import check_bits, check_range
from rollup.field import to_field
from rollup.margin import Margin, compute_margin
from rollup.params import Params
from rollup.poseidon import poseidon
from rollup.trees import SparseTree
from rollup.units import COUNTER_BITS, FUNDING_BITS, MARKET_COUNT, PRICE_BITS, TIMESTAMP_BITS, VAULT_E6_BITS

__all__ = ["State", "StateHeader", "compute_clock", "make_genesis", "pad_markets"]

RESOURCE_COUNT = 4  # base fees of proving, state and bandwidth; congestion in ppm


@dataclass(frozen=True)
class StateHeader:
    """What the state root commits to."""

    accounts_root: int
    marks_ticks: tuple[int, ...]
    funding_index: tuple[int, ...]  # signed, atoms per lot
    resources: tuple[int, int, int, int]
    deposits_consumed: int
    vault_e6: int  # deposits less withdrawals
    timestamp_s: int
    batch_number: int

    @property
    def clock(self) -> int:
        """timestamp_s * 2**32 + batch_number."""
        return compute_clock(self.timestamp_s, self.batch_number)

    @cached_property
    def markets_hash(self) -> int:
        """H2 of the marks' and the funding indices' hashes."""
        marks = poseidon(self.marks_ticks, tags.MARKS)
        funding = poseidon([to_field(index) for index in self.funding_index], tags.FUNDING)
        return poseidon((marks, funding), tags.MARKETS)

    @cached_property
    def resources_hash(self) -> int:
        """Hash of the fee record."""
        return poseidon(self.resources, tags.RESOURCES)

    @cached_property
    def state_root(self) -> int:
        """The hash that stands in the settlement contract."""
        records = (self.accounts_root, self.markets_hash, self.resources_hash)
        return poseidon((*records, self.deposits_consumed, self.vault_e6, self.clock), tags.STATE)

    def check(self) -> None:
        """Raise ValueOutOfRange unless every field fits its place."""
        check_range("number of marks", len(self.marks_ticks), MARKET_COUNT, MARKET_COUNT)
        check_range("number of funding indices", len(self.funding_index), MARKET_COUNT, MARKET_COUNT)
        check_range("number of resources", len(self.resources), RESOURCE_COUNT, RESOURCE_COUNT)
        for mark_ticks in self.marks_ticks:
            check_range("mark_ticks", mark_ticks, 1, 2**PRICE_BITS - 1)
        for index in self.funding_index:
            check_bits("abs(funding_index)", abs(index), FUNDING_BITS)
        for value in self.resources:
            check_bits("resources", value, 64)
        check_bits("deposits_consumed", self.deposits_consumed, COUNTER_BITS)
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

    def get_margin(self, account_id: int, params: Params) -> Margin:
        """Return equity and requirements at the state's marks, in atoms."""
        account, header = self.get_account(account_id), self.header
        prices = (header.marks_ticks, header.funding_index)
        return compute_margin(account.cash_atoms, account.sizes_lots, *prices, params)


def compute_clock(timestamp_s: int, batch_number: int) -> int:
    """Return timestamp_s * 2**32 + batch_number."""
    return timestamp_s << COUNTER_BITS | batch_number


def pad_markets(values: tuple[int, ...], filler: int) -> tuple[int, ...]:
    """Return one value for each of the 16 markets, `filler` where none is given."""
    check_range("number of markets", len(values), 0, MARKET_COUNT)
    return values + (filler,) * (MARKET_COUNT - len(values))


def make_genesis(marks_ticks: tuple[int, ...], timestamp_s: int) -> State:
    """Return the state before the first batch: every account empty, no funding, no fees, nothing deposited.

    Marks of markets not given are 1 tick. Raises ValueOutOfRange.
    """
    tree = new_account_tree()
    header = StateHeader(
        accounts_root=tree.root,
        marks_ticks=pad_markets(marks_ticks, 1),
        funding_index=(0,) * MARKET_COUNT,
        resources=(0, 0, 0, 0),
        deposits_consumed=0,
        vault_e6=0,
        timestamp_s=timestamp_s,
        batch_number=0,
    )
    header.check()
    return State(header, tree, {})
