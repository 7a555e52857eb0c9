"""An account's leaf as wires: opened from private inputs, hashed, put back into the tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from circuits.bits import assert_boolean, from_bits
from circuits.inputs import assert_nonzero_if, private_bits
from circuits.linear import LC, sum_lc
from circuits.merkle import private_path, update_root
from circuits.poseidon import poseidon
from circuits.select import select
from circuits.system import ConstraintSystem
from rollup import tags
from rollup.units import ACCOUNT_BITS, ACCOUNT_TREE_DEPTH, COUNTER_BITS, MARKET_COUNT

GROUP = 8  # positions hashed together
N_GROUPS = MARKET_COUNT // GROUP
TIER_BITS = 3

# Everything in a stored leaf was range-checked when it was stored (the genesis leaf is all zero), so opening a leaf by
# its hash needs no range check of a field that has an input of its own; only what is packed in `status` is split again.


@dataclass(frozen=True)
class AccountWires:
    """One account's fields; `positions` are the group hashes, the sizes are absolute, signs are 1 for short."""

    key: tuple[LC, LC]
    owner: LC
    signs: Sequence[LC]
    tier_bits: Sequence[LC]
    cash_nonce: LC
    epoch: LC
    last_touched: LC
    cash: LC
    orders_root: LC
    sizes: Sequence[LC]

    def status(self) -> LC:
        """Return `signs + tier * 2**M + cash_nonce * 2**(M + 3)`."""
        return pack_status(self.signs, self.tier_bits, self.cash_nonce)


def pack_status(signs: Sequence[LC], tier_bits: Sequence[LC], cash_nonce: LC) -> LC:
    """Return the packed status word. No constraint."""
    low = from_bits([*signs, *tier_bits])
    return low + cash_nonce * (1 << (len(signs) + len(tier_bits)))


def open_account(cs: ConstraintSystem, *, name: str) -> AccountWires:
    """Return an account's fields as private inputs, the packed ones proved to be in range.

    Constraints: 16 + 3 + 32 booleans, named {name}/sign[m], {name}/tier/bit[i], {name}/cash_nonce/bit[i].
    """
    with cs.scope(name):
        key = cs.private("key_x"), cs.private("key_y")
        signs = [cs.private(f"sign[{m}]") for m in range(MARKET_COUNT)]
        for m, sign in enumerate(signs):
            assert_boolean(cs, sign, name=f"sign[{m}]")
        return AccountWires(
            key=key,
            owner=cs.private("owner"),
            signs=signs,
            tier_bits=private_bits(cs, "tier", TIER_BITS),
            cash_nonce=from_bits(private_bits(cs, "cash_nonce", COUNTER_BITS)),
            epoch=cs.private("epoch"),
            last_touched=cs.private("last_touched"),
            cash=cs.private("cash"),
            orders_root=cs.private("orders_root"),
            sizes=[cs.private(f"size[{m}]") for m in range(MARKET_COUNT)],
        )


def hash_positions(cs: ConstraintSystem, sizes: Sequence[LC], *, name: str) -> list[LC]:
    """Return the hash of each group of eight absolute sizes. Constraints: 402 a group."""
    return [
        poseidon(cs, sizes[GROUP * g : GROUP * (g + 1)], tags.POSITIONS, name=f"{name}[{g}]") for g in range(N_GROUPS)
    ]


def rehash_touched_group(
    cs: ConstraintSystem, old_hashes: Sequence[LC], sizes: Sequence[LC], group_bit: LC, *, name: str
) -> list[LC]:
    """Return the group hashes after a change inside the group that `group_bit` names. Constraints: 402 + 10.

    Assumes that sizes outside that group did not change: the caller changed one market, whose index's top bit this is.
    """
    low, high = sizes[:GROUP], sizes[GROUP:]
    touched = [
        select(cs, group_bit, h, lo, name=f"{name}/pick[{i}]") for i, (lo, h) in enumerate(zip(low, high, strict=True))
    ]
    fresh = poseidon(cs, touched, tags.POSITIONS, name=f"{name}/hash")
    return [
        select(cs, group_bit, old_hashes[0], fresh, name=f"{name}/low"),
        select(cs, group_bit, fresh, old_hashes[1], name=f"{name}/high"),
    ]


def hash_leaf(
    cs: ConstraintSystem,
    *,
    key: tuple[LC, LC],
    owner: LC,
    status: LC,
    epoch: LC,
    last_touched: LC,
    cash: LC,
    orders_root: LC,
    positions: Sequence[LC],
    name: str,
) -> LC:
    """Return an account leaf. Constraints: 459."""
    fields = [*key, owner, status, epoch, last_touched, cash, orders_root, *positions]
    return poseidon(cs, fields, tags.ACCOUNT, name=name)


def replace_account(
    cs: ConstraintSystem,
    id_bits: Sequence[LC],
    account: AccountWires,
    positions: Sequence[LC],
    *,
    status_after: LC,
    last_touched_after: LC,
    cash_after: LC,
    orders_root_after: LC,
    positions_after: Sequence[LC],
) -> None:
    """Constrain port root_in to hold the account as opened, and root_out to hold it as it closes.

    Whatever happens to it here, it keeps its key, owner and epoch. `positions` are the group hashes.
    Constraints: 2 * 459, named account/leaf_before and account/leaf_after, and those of `replace_leaf`.
    """

    def leaf(status: LC, last_touched: LC, cash: LC, orders_root: LC, groups: Sequence[LC], name: str) -> LC:
        return hash_leaf(
            cs,
            key=account.key,
            owner=account.owner,
            status=status,
            epoch=account.epoch,
            last_touched=last_touched,
            cash=cash,
            orders_root=orders_root,
            positions=groups,
            name=name,
        )

    opened = (account.status(), account.last_touched, account.cash, account.orders_root, positions)
    closed = (status_after, last_touched_after, cash_after, orders_root_after, positions_after)
    before = leaf(*opened, name="account/leaf_before")
    after = leaf(*closed, name="account/leaf_after")
    replace_leaf(cs, id_bits, before, after, root_in=cs.port("root_in"), root_out=cs.port("root_out"))


def account_id_bits(cs: ConstraintSystem) -> list[LC]:
    """Return the bits of the private input `account_id`. Constraints: 21."""
    return private_bits(cs, "account_id", ACCOUNT_BITS)


def replace_leaf(
    cs: ConstraintSystem,
    id_bits: Sequence[LC],
    old_leaf: LC,
    new_leaf: LC,
    *,
    root_in: LC,
    root_out: LC,
) -> None:
    """Constrain root_in to hold old_leaf at the index, and root_out to be the root with new_leaf there instead."""
    path = private_path(cs, ACCOUNT_TREE_DEPTH, name="account_path")
    old_root, new_root = update_root(cs, old_leaf, new_leaf, id_bits, path, tags.ACCOUNT_NODE, name="account_tree")
    cs.assert_equal(old_root, root_in, name="account_tree/root_in")
    cs.assert_equal(new_root, root_out, name="account_tree/root_out")


def assert_user_account(cs: ConstraintSystem, id_bits: Sequence[LC], used: LC, *, name: str) -> None:
    """Constrain the account to be neither 0 nor 1 where `used` is 1. Constraints: 1, named {name}."""
    assert_nonzero_if(cs, used, sum_lc(list(id_bits[1:])), name=name)
