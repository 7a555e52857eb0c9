"""A proof that a state root holds an account, for whoever knows the root and nothing else: hashes, no Groth16.

It shows the account's fields, the seven siblings of each node on the way up, and the hashes beside the account root in
the state's header. One order slot can be shown too: the account's leaf holds the root of their tree.
"""

from __future__ import annotations

from dataclasses import dataclass

from rollup import tags
from rollup.accounts import Account
from rollup.errors import ProofInvalid, check_bits, check_range
from rollup.field import R
from rollup.orders import pack_slot, unpack_slot
from rollup.poseidon import poseidon
from rollup.state import State, compute_clock
from rollup.trees import Siblings, compute_root_from_siblings
from rollup.units import (
    ACCOUNT_BITS,
    ACCOUNT_TREE_DEPTH,
    COUNTER_BITS,
    ORDERS_TREE_DEPTH,
    SIZE_BITS,
    SLOT_BITS,
    TIMESTAMP_BITS,
    TREE_ARITY,
    VAULT_E6_BITS,
)

__all__ = [
    "HeaderHashes",
    "InclusionProof",
    "InclusionRootWrong",
    "LeafFields",
    "SlotProof",
    "SlotRootWrong",
    "check_inclusion",
    "prove_account",
]


@dataclass(eq=False)
class InclusionRootWrong(ProofInvalid):
    """An account's fields and siblings lead to another state root."""

    code = "inclusion_root_wrong"
    account_id: int
    got: int
    expected: int

    def __str__(self) -> str:
        return f"account {self.account_id}: its fields lead to state root {self.got:#x}, expected {self.expected:#x}"


@dataclass(eq=False)
class SlotRootWrong(ProofInvalid):
    """An order slot's value and siblings lead to another root than the account's."""

    code = "slot_root_wrong"
    account_id: int
    slot: int
    got: int
    expected: int

    def __str__(self) -> str:
        where = f"account {self.account_id}, slot {self.slot}"
        return f"{where}: its value leads to orders root {self.got:#x}, the account has {self.expected:#x}"


@dataclass(frozen=True)
class LeafFields:
    """An account's fields; of its order slots the root alone."""

    key: tuple[int, int]
    owner: int
    epoch: int
    cash_nonce: int
    tier: int
    cash_atoms: int
    sizes_lots: tuple[int, ...]
    last_touched_s: int
    orders_root: int

    @property
    def account(self) -> Account:
        """The account, as if it had no order slots."""
        return Account(
            key=self.key,
            owner=self.owner,
            epoch=self.epoch,
            cash_nonce=self.cash_nonce,
            tier=self.tier,
            cash_atoms=self.cash_atoms,
            sizes_lots=self.sizes_lots,
            last_touched_s=self.last_touched_s,
        )

    def leaf_hash(self) -> int:
        """Return the hash that stands in the account tree."""
        return self.account.compute_leaf(self.orders_root)


@dataclass(frozen=True)
class HeaderHashes:
    """What the state root is made of beside the account root."""

    markets_hash: int
    resources_hash: int
    oracle_hash: int
    queue_consumed: int
    vault_e6: int
    timestamp_s: int
    batch_number: int

    def compute_state_root(self, accounts_root: int) -> int:
        """Return the root of the state with these accounts."""
        records = (accounts_root, self.markets_hash, self.resources_hash, self.oracle_hash)
        clock = compute_clock(self.timestamp_s, self.batch_number)
        return poseidon((*records, self.queue_consumed, self.vault_e6, clock), tags.STATE)


@dataclass(frozen=True)
class SlotProof:
    """One order slot of the account."""

    slot: int
    nonce: int
    filled_lots: int
    siblings: Siblings


@dataclass(frozen=True)
class InclusionProof:
    """One account of a state, and all that leads from it to the state root."""

    account_id: int
    leaf: LeafFields
    siblings: Siblings
    header: HeaderHashes
    slot: SlotProof | None = None


def prove_account(state: State, account_id: int, slot: int | None = None) -> InclusionProof:
    """Return the proof of an account, empty or not, and of one of its order slots. Assumes both are of their trees."""
    account, header = state.get_account(account_id), state.header
    leaf = LeafFields(
        key=account.key,
        owner=account.owner,
        epoch=account.epoch,
        cash_nonce=account.cash_nonce,
        tier=account.tier,
        cash_atoms=account.cash_atoms,
        sizes_lots=account.sizes_lots,
        last_touched_s=account.last_touched_s,
        orders_root=account.orders_root,
    )
    hashes = HeaderHashes(
        markets_hash=header.markets_hash,
        resources_hash=header.resources_hash,
        oracle_hash=header.oracle_hash,
        queue_consumed=header.queue_consumed,
        vault_e6=header.vault_e6,
        timestamp_s=header.timestamp_s,
        batch_number=header.batch_number,
    )
    slot_proof = None if slot is None else _prove_slot(account, slot)
    return InclusionProof(account_id, leaf, state.tree.siblings(account_id), hashes, slot_proof)


def check_inclusion(proof: InclusionProof, state_root: int) -> None:
    """Return if the state of that root holds the account, and the account the slot where one is shown.

    Raises ValueOutOfRange where a field does not fit its place, InclusionRootWrong, SlotRootWrong.
    """
    _check_ranges(proof)
    accounts_root = compute_root_from_siblings(
        proof.leaf.leaf_hash(), proof.account_id, proof.siblings, tags.ACCOUNT_NODE
    )
    got = proof.header.compute_state_root(accounts_root)
    if got != state_root:
        raise InclusionRootWrong(proof.account_id, got, state_root)
    if proof.slot is not None:
        _check_slot(proof.account_id, proof.slot, proof.leaf.orders_root)


def _prove_slot(account: Account, slot: int) -> SlotProof:
    nonce, filled_lots = unpack_slot(account.orders.get(slot))
    return SlotProof(slot, nonce, filled_lots, account.orders.siblings(slot))


def _check_slot(account_id: int, proof: SlotProof, orders_root: int) -> None:
    leaf = pack_slot(proof.nonce, proof.filled_lots)
    got = compute_root_from_siblings(leaf, proof.slot, proof.siblings, tags.ORDERS_NODE)
    if got != orders_root:
        raise SlotRootWrong(account_id, proof.slot, got, orders_root)


def _check_ranges(proof: InclusionProof) -> None:
    """Raise ValueOutOfRange where a field does not fit: two numbers could then stand for one place, or one hash."""
    leaf, header = proof.leaf, proof.header
    check_bits("account_id", proof.account_id, ACCOUNT_BITS)
    leaf.account.check()
    _check_elements("leaf", (*leaf.key, leaf.orders_root))
    _check_siblings(proof.siblings, ACCOUNT_TREE_DEPTH)
    _check_elements("header", (header.markets_hash, header.resources_hash, header.oracle_hash))
    check_bits("queue_consumed", header.queue_consumed, COUNTER_BITS)
    check_bits("vault_e6", header.vault_e6, VAULT_E6_BITS)
    check_bits("timestamp_s", header.timestamp_s, TIMESTAMP_BITS)
    check_bits("batch_number", header.batch_number, COUNTER_BITS)
    if proof.slot is not None:
        check_bits("slot", proof.slot.slot, SLOT_BITS)
        check_bits("nonce", proof.slot.nonce, COUNTER_BITS)
        check_bits("filled_lots", proof.slot.filled_lots, SIZE_BITS)
        _check_siblings(proof.slot.siblings, ORDERS_TREE_DEPTH)


def _check_siblings(siblings: Siblings, depth: int) -> None:
    check_range("number of levels", len(siblings), depth, depth)
    for row in siblings:
        check_range("number of siblings", len(row), TREE_ARITY - 1, TREE_ARITY - 1)
        _check_elements("sibling", row)


def _check_elements(field: str, values: tuple[int, ...]) -> None:
    for value in values:
        check_range(field, value, 0, R - 1)
