"""A cancelled order slot, or the opening of the position hashes: with the same two permutations.

Only a cancel needs the orders tree, and no cancel needs the sizes: the lowest level of the tree and the two position
groups are all hashes of eight, so a lane pays for two of them, not four.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from circuits.account import GROUP
from circuits.bits import from_bits
from circuits.inputs import assert_equal_if, assert_nonzero_if, private_bits
from circuits.linear import LC
from circuits.merkle import private_path, update_level, update_root
from circuits.poseidon import poseidon
from circuits.select import select
from circuits.system import ConstraintSystem
from rollup import tags
from rollup.units import COUNTER_BITS, ORDERS_TREE_DEPTH, SIZE_BITS, SLOT_BITS

__all__ = ["CancelledSlot", "cancel_or_open_positions"]


@dataclass(frozen=True)
class CancelledSlot:
    """The slot named, how far it rises above the least rise allowed, and the orders root with it raised."""

    index: LC
    surplus: LC
    orders_root_after: LC


def cancel_or_open_positions(
    cs: ConstraintSystem,
    *,
    cancels: LC,
    opens: LC,
    operand_bits: Sequence[LC],
    orders_root: LC,
    sizes: Sequence[LC],
    positions: Sequence[LC],
) -> CancelledSlot:
    """Constrain the cancelled slot where `cancels`, the sizes behind the position hashes where `opens`.

    Where not `cancels`, slot, path and the slot's value are free, and so are the sizes where not `opens`.
    Assumes that at most one of the booleans is 1. Constraints: 2,492, named cancel/.. and cancel_or_positions/...
    """
    slot_bits = private_bits(cs, "cancel/slot", SLOT_BITS)
    before = cs.private("cancel/slot_before")
    nonce = from_bits(operand_bits[:COUNTER_BITS])
    # what was signed is the whole operand, and the slot's nonce after it must be one that an order can hold
    assert_equal_if(cs, cancels, from_bits(operand_bits[COUNTER_BITS:]), 0, name="cancel/nonce_fits")
    assert_nonzero_if(cs, cancels, nonce - (2**COUNTER_BITS - 1), name="cancel/nonce_after_fits")
    after = select(cs, cancels, (nonce + 1) * 2**SIZE_BITS, before, name="cancel/slot_after")
    path = private_path(cs, ORDERS_TREE_DEPTH, name="cancel/slot_path")
    with cs.scope("cancel_or_positions"):
        level = update_level(cs, before, after, slot_bits[:3], path[0], name="children")
        tag = cancels * (tags.ORDERS_NODE - tags.POSITIONS) + tags.POSITIONS
        hashes = []
        for side, children, group in (("before", level.before, sizes[:GROUP]), ("after", level.after, sizes[GROUP:])):
            chosen = [
                select(cs, cancels, c, s, name=f"{side}/pick[{i}]")
                for i, (c, s) in enumerate(zip(children, group, strict=True))
            ]
            hashes.append(poseidon(cs, chosen, tag, name=f"{side}/hash"))
        for g, (opened, stored) in enumerate(zip(hashes, positions, strict=True)):
            assert_equal_if(cs, opens, opened, stored, name=f"positions[{g}]")
    root, root_after = update_root(
        cs, hashes[0], hashes[1], slot_bits[3:], path[1:], tags.ORDERS_NODE, name="cancel/orders_tree"
    )
    assert_equal_if(cs, cancels, root, orders_root, name="cancel/orders_tree/root_in")
    kept = select(cs, cancels, root_after, orders_root, name="cancel/orders_root_after")
    return CancelledSlot(from_bits(slot_bits), after - before - 1, kept)
