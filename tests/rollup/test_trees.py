"""The sparse tree against a tree of lists."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollup.poseidon import poseidon
from rollup.trees import SparseTree, compute_root_from_path, get_empty_hashes

TAG, EMPTY, DEPTH = 77, 5, 2
SIZE = 8**DEPTH
updates = st.lists(st.tuples(st.integers(0, SIZE - 1), st.integers(0, 9)), max_size=8)


def compute_naive_levels(leaves: list[int]) -> list[list[int]]:
    """Return all levels, leaves first."""
    levels = [leaves]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([poseidon(below[i : i + 8], TAG) for i in range(0, len(below), 8)])
    return levels


def make_tree(pairs: list[tuple[int, int]]) -> tuple[SparseTree, list[int]]:
    tree, leaves = SparseTree(DEPTH, TAG, EMPTY), [EMPTY] * SIZE
    for index, leaf in pairs:
        tree, leaves[index] = tree.set(index, leaf), leaf
    return tree, leaves


@settings(max_examples=20, deadline=None)
@given(updates, st.integers(0, SIZE - 1))
def test_root_path_and_leaves_equal_the_naive_tree(pairs: list[tuple[int, int]], index: int) -> None:
    tree, leaves = make_tree(pairs)
    levels = compute_naive_levels(leaves)
    assert tree.root == levels[-1][0]
    assert [tree.get(i) for i in range(SIZE)] == leaves
    assert list(tree.items()) == [(i, leaf) for i, leaf in enumerate(leaves) if leaf != EMPTY]
    starts = [index // 8 ** (height + 1) * 8 for height in range(DEPTH)]
    assert tree.path(index) == tuple(tuple(levels[h][start : start + 8]) for h, start in enumerate(starts))


@settings(max_examples=20, deadline=None)
@given(updates, st.integers(0, SIZE - 1), st.integers(0, 9))
def test_root_from_path_is_the_root_after_setting_the_leaf(pairs: list[tuple[int, int]], index: int, leaf: int) -> None:
    tree, _ = make_tree(pairs)
    path = tree.path(index)
    assert compute_root_from_path(tree.get(index), index, path, TAG) == tree.root
    assert compute_root_from_path(leaf, index, path, TAG) == tree.set(index, leaf).root


@given(updates, updates)
def test_trees_are_equal_exactly_when_their_leaves_are(
    left: list[tuple[int, int]], right: list[tuple[int, int]]
) -> None:
    (tree, leaves), (other, other_leaves) = make_tree(left), make_tree(right)
    assert (tree == other) == (leaves == other_leaves)
    assert tree != other or hash(tree) == hash(other)


def test_setting_leaves_an_older_tree_as_it_was() -> None:
    old, _ = make_tree([(1, 6)])
    root = old.root
    new = old.set(1, 7)
    assert (old.get(1), old.root, new.get(1)) == (6, root, 7)
    assert new.root != root


def test_setting_a_leaf_back_to_empty_gives_the_empty_tree() -> None:
    empty = SparseTree(DEPTH, TAG, EMPTY)
    assert empty.set(9, 6).set(9, EMPTY) == empty
    assert empty.root == get_empty_hashes(DEPTH, TAG, EMPTY)[DEPTH]


@pytest.mark.parametrize("index", [-1, SIZE])
def test_invalid_index_outside_the_tree(index: int) -> None:
    with pytest.raises(IndexError, match="outside"):
        SparseTree(DEPTH, TAG, EMPTY).set(index, 1)


def test_tree_is_not_equal_to_something_else() -> None:
    assert SparseTree(DEPTH, TAG, EMPTY) != "tree"
    assert SparseTree(DEPTH, TAG, EMPTY) != SparseTree(DEPTH, TAG + 1, EMPTY)


@given(updates)
def test_tree_built_at_once_is_the_one_set_leaf_by_leaf(pairs: list[tuple[int, int]]) -> None:
    tree, leaves = make_tree(pairs)
    built = SparseTree.build(DEPTH, TAG, EMPTY, dict(enumerate(leaves)))
    built.hash_nodes()
    assert built == tree
    assert (built.root, built.path(3)) == (tree.root, tree.path(3))


def test_invalid_leaf_outside_the_tree_when_built() -> None:
    with pytest.raises(IndexError, match="leaf 64 outside"):
        SparseTree.build(DEPTH, TAG, EMPTY, {SIZE: 1})
