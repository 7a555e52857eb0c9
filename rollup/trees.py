"""A sparse, persistent 8-ary Poseidon tree: setting a leaf returns a new tree that shares all other nodes.

Hashes are computed when first asked for and kept with their node, so changing many leaves before asking for the root
hashes every touched node once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

from rollup.poseidon import poseidon, poseidon_many
from rollup.units import TREE_ARITY

__all__ = ["Siblings", "SparseTree", "compute_root_from_path", "compute_root_from_siblings", "get_empty_hashes"]

Siblings: TypeAlias = tuple[tuple[int, ...], ...]
"""Seven nodes a level in order, the one on the way left out; `siblings[0]` are beside the leaf."""

_BITS = 3


class _Node:
    """An inner node; a child is None where everything below is empty. At height 1 the children are leaf values."""

    __slots__ = ("children", "hash")

    def __init__(self, children: tuple[_Node | int | None, ...]) -> None:
        self.children = children
        self.hash: int | None = None


@lru_cache(maxsize=64)
def get_empty_hashes(depth: int, tag: int, empty_leaf: int) -> tuple[int, ...]:
    """Return the hash of an empty subtree of each height 0..depth (height 0 is the empty leaf itself)."""
    hashes = [empty_leaf]
    for _ in range(depth):
        hashes.append(poseidon([hashes[-1]] * TREE_ARITY, tag))
    return tuple(hashes)


@dataclass(frozen=True, eq=False)
class SparseTree:
    """An 8-ary tree of 8**depth leaves, all `empty_leaf` until set."""

    depth: int
    tag: int
    empty_leaf: int
    _top: _Node | None = field(default=None, repr=False)

    @property
    def root(self) -> int:
        """The root hash."""
        return self._hash(self._top, self.depth)

    def get(self, index: int) -> int:
        """Return the leaf at index."""
        node: _Node | int | None = self._top
        for height in reversed(range(self.depth)):
            if not isinstance(node, _Node):
                return self.empty_leaf
            node = node.children[_digit(index, height)]
        assert not isinstance(node, _Node)
        return self.empty_leaf if node is None else node

    def set(self, index: int, leaf: int) -> SparseTree:
        """Return the tree with one leaf changed. Raises IndexError outside the tree."""
        if not 0 <= index < TREE_ARITY**self.depth:
            raise IndexError(f"leaf {index} outside a tree of {TREE_ARITY**self.depth}")
        top = self._set(self._top, self.depth - 1, index, None if leaf == self.empty_leaf else leaf)
        return SparseTree(self.depth, self.tag, self.empty_leaf, top)

    def path(self, index: int) -> tuple[tuple[int, ...], ...]:
        """Return `path[h]`: the eight children of the node above height h on the way from leaf `index` to the root."""
        levels: list[tuple[int, ...]] = []
        node: _Node | int | None = self._top
        for height in reversed(range(self.depth)):
            assert not isinstance(node, int)
            children = (None,) * TREE_ARITY if node is None else node.children
            levels.append(tuple(self._hash(child, height) for child in children))
            node = children[_digit(index, height)]
        return tuple(reversed(levels))

    def siblings(self, index: int) -> Siblings:
        """Return `path(index)` without the node's own place among the eight."""
        path = enumerate(self.path(index))
        return tuple((*row[: (at := _digit(index, height))], *row[at + 1 :]) for height, row in path)

    def items(self) -> Iterator[tuple[int, int]]:
        """Yield (index, leaf) of the leaves that are not empty, in order."""
        yield from _walk(self._top, self.depth, 0)

    @classmethod
    def build(cls, depth: int, tag: int, empty_leaf: int, leaves: Mapping[int, int]) -> SparseTree:
        """Return the tree with the given leaves, put together from below. Raises IndexError outside the tree."""
        level: dict[int, _Node | int] = {}
        for index, leaf in leaves.items():
            if not 0 <= index < TREE_ARITY**depth:
                raise IndexError(f"leaf {index} outside a tree of {TREE_ARITY**depth}")
            if leaf != empty_leaf:
                level[index] = leaf
        for _ in range(depth):
            families: dict[int, list[_Node | int | None]] = {}
            for index, child in level.items():
                families.setdefault(index >> _BITS, [None] * TREE_ARITY)[_digit(index, 0)] = child
            level = {index: _Node(tuple(children)) for index, children in families.items()}
        top = level.get(0)
        assert not isinstance(top, int)
        return cls(depth, tag, empty_leaf, top)

    def hash_nodes(self) -> None:
        """Hash what is not hashed yet, a level at a time: faster by far than one by one where many leaves are new."""
        levels: list[list[_Node]] = [[] for _ in range(self.depth + 1)]
        if self._top is not None:
            _collect_unhashed(self._top, self.depth, levels)
        for height, nodes in enumerate(levels):
            rows = [[self._hash(child, height - 1) for child in node.children] for node in nodes]
            for node, value in zip(nodes, poseidon_many(rows, self.tag), strict=True):
                node.hash = value

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SparseTree):
            return NotImplemented
        same_kind = (self.depth, self.tag, self.empty_leaf) == (other.depth, other.tag, other.empty_leaf)
        return same_kind and (self._top is other._top or list(self.items()) == list(other.items()))

    def __hash__(self) -> int:
        return hash((self.depth, self.tag, self.empty_leaf, tuple(self.items())))

    def _hash(self, node: _Node | int | None, height: int) -> int:
        if node is None:
            return get_empty_hashes(self.depth, self.tag, self.empty_leaf)[height]
        if not isinstance(node, _Node):
            return node
        if node.hash is None:
            node.hash = poseidon([self._hash(child, height - 1) for child in node.children], self.tag)
        return node.hash

    def _set(self, node: _Node | int | None, height: int, index: int, leaf: int | None) -> _Node | None:
        assert not isinstance(node, int)
        children = list((None,) * TREE_ARITY if node is None else node.children)
        digit = _digit(index, height)
        children[digit] = leaf if height == 0 else self._set(children[digit], height - 1, index, leaf)
        return None if all(child is None for child in children) else _Node(tuple(children))


def compute_root_from_path(leaf: int, index: int, path: tuple[tuple[int, ...], ...], tag: int) -> int:
    """Return the root above `leaf` at `index`, its siblings taken from `path` (own children there are replaced)."""
    node = leaf
    for height, children in enumerate(path):
        digit = _digit(index, height)
        node = poseidon((*children[:digit], node, *children[digit + 1 :]), tag)
    return node


def compute_root_from_siblings(leaf: int, index: int, siblings: Siblings, tag: int) -> int:
    """Return the root above `leaf` at `index`, of the seven other children at every level."""
    path = tuple((*row[: (at := _digit(index, height))], 0, *row[at:]) for height, row in enumerate(siblings))
    return compute_root_from_path(leaf, index, path, tag)


def _collect_unhashed(node: _Node, height: int, levels: list[list[_Node]]) -> None:
    """Note the nodes without a hash by height. Below one that has a hash all have theirs."""
    if node.hash is not None:
        return
    levels[height].append(node)
    for child in node.children:
        if isinstance(child, _Node):
            _collect_unhashed(child, height - 1, levels)


def _digit(index: int, height: int) -> int:
    return index >> (_BITS * height) & (TREE_ARITY - 1)


def _walk(node: _Node | int | None, height: int, index: int) -> Iterator[tuple[int, int]]:
    if isinstance(node, int):
        yield index, node
    elif node is not None:
        for digit, child in enumerate(node.children):
            yield from _walk(child, height - 1, index * TREE_ARITY + digit)
