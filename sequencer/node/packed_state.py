"""Accounts in packed bytes, as a store's snapshot has them: a hundred thousand are read in a second, of JSON in ten.

Widths are those of the fields (docs/rules.md). Whether values are within their ranges is not looked at: the roots that
are computed of them have to be those of a header that a batch led to.
"""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct
from typing import Final

from rollup.accounts import EMPTY_ACCOUNT, EMPTY_ORDERS, NO_POSITIONS, Account
from rollup.trees import SparseTree
from rollup.units import CASH_BITS, COUNTER_BITS, MARKET_COUNT, ORDERS_TREE_DEPTH, OWNER_BITS, SIZE_BITS

__all__ = ["pack_accounts", "unpack_accounts"]

# number | key x | key y | owner | epoch | cash nonce | tier | cash is negative | |cash| | 16 sizes | last touched
_ACCOUNT: Final = Struct(f">I32s32s20sIIB?16s{MARKET_COUNT}qQ")
_SLOT: Final = Struct(">IH10s")  # account | slot | nonce * 2**48 + filled lots
_KEY_BYTES: Final = 32
_OWNER_BYTES: Final = 20
_CASH_BYTES: Final = 16
_VALUE_BYTES: Final = 10
assert OWNER_BITS == 8 * _OWNER_BYTES
assert CASH_BITS <= 8 * _CASH_BYTES
assert SIZE_BITS < 64
assert SIZE_BITS + COUNTER_BITS == 8 * _VALUE_BYTES


def pack_accounts(accounts: Mapping[int, Account]) -> tuple[bytes, bytes]:
    """Return the accounts that are not empty, and the order slots of theirs that are not, in rising order."""
    held = [(number, one) for number, one in sorted(accounts.items()) if one != EMPTY_ACCOUNT]
    rows = (_pack(number, account) for number, account in held)
    slots = (
        _SLOT.pack(number, slot, value.to_bytes(_VALUE_BYTES, "big"))
        for number, account in held
        if account.orders is not EMPTY_ORDERS
        for slot, value in account.orders.items()
    )
    return b"".join(rows), b"".join(slots)


def unpack_accounts(rows: bytes, slots: bytes) -> dict[int, Account]:
    """Return the accounts. Raises ValueError, struct.error where lengths or numbers cannot be."""
    leaves: dict[int, dict[int, int]] = {}
    for number, slot, value in _SLOT.iter_unpack(slots):
        leaves.setdefault(number, {})[slot] = int.from_bytes(value, "big")
    trees = {number: _build_orders(of_account) for number, of_account in leaves.items()}
    accounts: dict[int, Account] = {}
    same: dict[object, object] = {NO_POSITIONS: NO_POSITIONS}  # equal keys and positions are one object: most are few
    for number, x, y, owner, epoch, nonce, tier, is_negative, cash, *sizes, touched in _ACCOUNT.iter_unpack(rows):
        key = (int.from_bytes(x, "big"), int.from_bytes(y, "big"))
        held = tuple(sizes)
        amount = int.from_bytes(cash, "big")
        accounts[number] = Account(
            key=same.setdefault(key, key),  # type: ignore[arg-type] # one table for both kinds
            owner=int.from_bytes(owner, "big"),
            epoch=epoch,
            cash_nonce=nonce,
            tier=tier,
            cash_atoms=-amount if is_negative else amount,
            sizes_lots=same.setdefault(held, held),  # type: ignore[arg-type] # as above
            orders=trees.get(number, EMPTY_ORDERS),
            last_touched_s=touched,
        )
    if not trees.keys() <= accounts.keys():
        raise ValueError("order slots of an account that is not there")
    return accounts


def _pack(number: int, one: Account) -> bytes:
    return _ACCOUNT.pack(
        number,
        one.key[0].to_bytes(_KEY_BYTES, "big"),
        one.key[1].to_bytes(_KEY_BYTES, "big"),
        one.owner.to_bytes(_OWNER_BYTES, "big"),
        one.epoch,
        one.cash_nonce,
        one.tier,
        one.cash_atoms < 0,
        abs(one.cash_atoms).to_bytes(_CASH_BYTES, "big"),
        *one.sizes_lots,
        one.last_touched_s,
    )


def _build_orders(leaves: dict[int, int]) -> SparseTree:
    if max(leaves) >= 8**ORDERS_TREE_DEPTH:
        raise ValueError(f"slot {max(leaves)}")
    return SparseTree.build(EMPTY_ORDERS.depth, EMPTY_ORDERS.tag, EMPTY_ORDERS.empty_leaf, leaves)
