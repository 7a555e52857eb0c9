"""An account and its leaf. Cash is kept relative to the funding index: see `rollup/margin.py`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from rollup import tags
from rollup.errors import check_bits, check_range
from rollup.field import to_field
from rollup.poseidon import poseidon, poseidon_many
from rollup.trees import SparseTree
from rollup.units import (
    ACCOUNT_TREE_DEPTH,
    CASH_BITS,
    COUNTER_BITS,
    MARKET_COUNT,
    ORDERS_TREE_DEPTH,
    OWNER_BITS,
    SIZE_BITS,
    TIER_COUNT,
    TIMESTAMP_BITS,
)

__all__ = [
    "EMPTY_ACCOUNT",
    "EMPTY_ORDERS",
    "NO_POSITIONS",
    "Account",
    "build_account_tree",
    "hash_leaves",
    "new_account_tree",
]

EMPTY_ORDERS = SparseTree(ORDERS_TREE_DEPTH, tags.ORDERS_NODE, 0)
NO_POSITIONS = (0,) * MARKET_COUNT
_GROUP = 8
_STARTS = range(0, MARKET_COUNT, _GROUP)
_HASHED_AT_ONCE = 4_096  # accounts: their rows are in memory twice
_TIER_SHIFT = MARKET_COUNT
_NONCE_SHIFT = MARKET_COUNT + 3


@dataclass(frozen=True)
class Account:
    """One leaf of the account tree. An account with neither key nor owner is empty."""

    key: tuple[int, int] = (0, 0)  # BabyJubJub point
    owner: int = 0  # address on the base layer
    epoch: int = 0
    cash_nonce: int = 0
    tier: int = 0
    cash_atoms: int = 0  # signed
    sizes_lots: tuple[int, ...] = NO_POSITIONS  # signed, by market
    orders: SparseTree = field(default=EMPTY_ORDERS, repr=False)  # 512 slots of nonce * 2**48 + filled_lots
    last_touched_s: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether nobody owns this account, so that a deposit may create it."""
        return self.key == (0, 0) and self.owner == 0

    @property
    def orders_root(self) -> int:
        """Root of the tree of order slots."""
        return self.orders.root

    @property
    def status_word(self) -> int:
        """signs + tier * 2**16 + cash_nonce * 2**19, where bit m of signs is 1 when the position in m is short."""
        signs = sum(1 << market for market, size in enumerate(self.sizes_lots) if size < 0)
        return signs | self.tier << _TIER_SHIFT | self.cash_nonce << _NONCE_SHIFT

    @property
    def positions_hashes(self) -> tuple[int, ...]:
        """H8 of the absolute sizes, eight markets each."""
        sizes = [abs(size) for size in self.sizes_lots]
        return tuple(_hash_positions(tuple(sizes[i : i + _GROUP])) for i in _STARTS)

    @cached_property
    def _leaf(self) -> int:
        return self.compute_leaf(self.orders_root)

    def leaf_hash(self) -> int:
        """Return the hash that stands in the account tree; computed once per record."""
        return self._leaf

    def compute_leaf(self, orders_root: int) -> int:
        """Return the leaf with this root of order slots in place of its own: for whoever was told the root alone."""
        return poseidon(self._fields(orders_root, self.positions_hashes), tags.ACCOUNT)

    def _fields(self, orders_root: int, positions_hashes: tuple[int, ...]) -> tuple[int, ...]:
        fields = (*self.key, self.owner, self.status_word, self.epoch, self.last_touched_s, to_field(self.cash_atoms))
        return (*fields, orders_root, *positions_hashes)

    def emptied(self) -> Account:
        """Return the leaf as it is given back: only its epoch and when it was touched stay."""
        return Account(epoch=self.epoch, last_touched_s=self.last_touched_s)

    def with_changes(self, **changes: Any) -> Account:  # noqa: ANN401 (any field of the record)
        """Return a copy with fields replaced, in range. Raises ValueOutOfRange."""
        account = replace(self, **changes)
        account.check()
        return account

    def check(self) -> None:
        """Raise ValueOutOfRange unless every field fits its place in the leaf."""
        check_bits("owner", self.owner, OWNER_BITS)
        check_bits("epoch", self.epoch, COUNTER_BITS)
        check_bits("cash_nonce", self.cash_nonce, COUNTER_BITS)
        check_range("tier", self.tier, 0, TIER_COUNT - 1)
        check_bits("last_touched_s", self.last_touched_s, TIMESTAMP_BITS)
        check_bits("abs(cash_atoms)", abs(self.cash_atoms), CASH_BITS)
        check_range("number of markets", len(self.sizes_lots), MARKET_COUNT, MARKET_COUNT)
        for size in self.sizes_lots:
            check_bits("abs(size_lots)", abs(size), SIZE_BITS)


def hash_leaves(accounts: Iterable[Account]) -> None:
    """Compute the leaf hashes of many accounts together, each kept with its record as `leaf_hash` keeps one."""
    missing = [account for account in accounts if "_leaf" not in vars(account)]
    for start in range(0, len(missing), _HASHED_AT_ONCE):
        part = missing[start : start + _HASHED_AT_ONCE]
        groups = [
            tuple(map(abs, sizes[i : i + _GROUP])) for one in part for sizes in (one.sizes_lots,) for i in _STARTS
        ]
        known = {_NO_POSITIONS: _NO_POSITIONS_HASH}
        new = list(dict.fromkeys(group for group in groups if group not in known))
        known |= zip(new, poseidon_many(new, tags.POSITIONS), strict=True)
        hashes = [known[group] for group in groups]
        n = len(_STARTS)
        rows = [one._fields(one.orders_root, tuple(hashes[n * i : n * i + n])) for i, one in enumerate(part)]
        for account, leaf in zip(part, poseidon_many(rows, tags.ACCOUNT), strict=True):
            vars(account)["_leaf"] = leaf  # where the cached property looks


def build_account_tree(accounts: Mapping[int, Account]) -> SparseTree:
    """Return the tree over these accounts, hashed to its root."""
    hash_leaves(accounts.values())
    leaves = {account_id: account.leaf_hash() for account_id, account in accounts.items()}
    tree = SparseTree.build(ACCOUNT_TREE_DEPTH, tags.ACCOUNT_NODE, EMPTY_ACCOUNT.leaf_hash(), leaves)
    tree.hash_nodes()
    return tree


def _hash_positions(sizes: tuple[int, ...]) -> int:
    return _NO_POSITIONS_HASH if not any(sizes) else poseidon(sizes, tags.POSITIONS)


_NO_POSITIONS = (0,) * _GROUP
_NO_POSITIONS_HASH = poseidon(_NO_POSITIONS, tags.POSITIONS)
EMPTY_ACCOUNT = Account()


def new_account_tree() -> SparseTree:
    """Return the account tree with every leaf empty."""
    return SparseTree(ACCOUNT_TREE_DEPTH, tags.ACCOUNT_NODE, EMPTY_ACCOUNT.leaf_hash())
