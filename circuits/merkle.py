"""8-ary Merkle trees: a leaf opened alone, or the old root opened and the new root computed in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from circuits.linear import LC
from circuits.poseidon import poseidon
from circuits.select import assert_selected, demultiplex
from circuits.system import ConstraintSystem

ARITY_BITS = 3


@dataclass(frozen=True)
class Level:
    """One level of an update: the node's place among its siblings, its eight children before and after."""

    before: list[LC]
    after: list[LC]


def compute_root(
    cs: ConstraintSystem,
    leaf: LC,
    index_bits: Sequence[LC],
    path: Sequence[Sequence[LC]],
    tag: int,
    *,
    name: str,
) -> LC:
    """Return the root of the tree that holds `leaf` at the index.

    Assumes index_bits are booleans, least significant first, 3 a level; path[h] are the eight children at height h, any
    values: the own one is pinned to the node below, the others by the hash. Constraints: 409 a level, named
    {name}/level[h]/own/.. and {name}/level[h]/hash/...
    """
    assert len(index_bits) == ARITY_BITS * len(path), f"{name}: three index bits a level"
    node = leaf
    for height, children in enumerate(path):
        bits = index_bits[ARITY_BITS * height : ARITY_BITS * (height + 1)]
        with cs.scope(f"{name}/level[{height}]"):
            assert_selected(cs, bits, children, node, name="own")
            node = poseidon(cs, children, tag, name="hash")
    return node


def update_level(
    cs: ConstraintSystem, old: LC, new: LC, place_bits: Sequence[LC], children: Sequence[LC], *, name: str
) -> Level:
    """Return the children before and after replacing `old` at its place by `new`.

    children: the eight children before, own one included; any values: the entry at the place is pinned to `old`, the
    others by the hash above. Constraints: 14, named {name}/own.., {name}/change...
    """
    assert_selected(cs, place_bits, children, old, name=f"{name}/own")
    change = demultiplex(cs, place_bits, new - old, name=f"{name}/change")
    return Level(list(children), [child + delta for child, delta in zip(children, change, strict=True)])


def update_root(
    cs: ConstraintSystem,
    old: LC,
    new: LC,
    index_bits: Sequence[LC],
    path: Sequence[Sequence[LC]],
    tag: int,
    *,
    name: str,
) -> tuple[LC, LC]:
    """Return (old root, new root) of replacing leaf `old` at the index by `new`.

    Assumes index_bits are booleans, least significant first, 3 a level; path[h] are the children at height h before.
    Constraints: 818 a level, named {name}/level[h]/...
    """
    assert len(index_bits) == ARITY_BITS * len(path), f"{name}: three index bits a level"
    for height, children in enumerate(path):
        bits = index_bits[ARITY_BITS * height : ARITY_BITS * (height + 1)]
        with cs.scope(f"{name}/level[{height}]"):
            level = update_level(cs, old, new, bits, children, name="children")
            old = poseidon(cs, level.before, tag, name="old")
            new = poseidon(cs, level.after, tag, name="new")
    return old, new


def private_path(cs: ConstraintSystem, depth: int, *, name: str) -> list[list[LC]]:
    """Return `depth` levels of eight private children, named {name}[h][k]."""
    return [[cs.private(f"{name}[{h}][{k}]") for k in range(1 << ARITY_BITS)] for h in range(depth)]
