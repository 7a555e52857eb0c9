"""8-ary trees opened and updated, against plain hashing: roots, index, siblings, and who refuses a forged one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits.bits import to_bits
from circuits.merkle import compute_root, private_path, update_root
from circuits.system import ConstraintSystem, Lie
from rollup.field import R
from rollup.poseidon import poseidon
from rollup.trees import compute_root_from_path

TAG = 7
field_elements = st.integers(0, R - 1) | st.sampled_from([0, 1, R - 1])


def _model_root(leaf: int, index: int, path: list[list[int]]) -> int:
    node = leaf
    for height, children in enumerate(path):
        place = index >> 3 * height & 7
        node = poseidon([*children[:place], node, *children[place + 1 :]], TAG)
    return node


def _model_path(leaf: int, index: int, siblings: list[list[int]]) -> list[list[int]]:
    """Return siblings with the own child, as it stood before, at its place."""
    path, node = [], leaf
    for height, children in enumerate(siblings):
        place = index >> 3 * height & 7
        path.append([*children[:place], node, *children[place + 1 :]])
        node = poseidon(path[-1], TAG)
    return path


def _inputs(index: int, old: int, new: int, siblings: list[list[int]]) -> dict[str, int]:
    path = _model_path(old, index, siblings)
    flat = {f"path[{h}][{k}]": child for h, children in enumerate(path) for k, child in enumerate(children)}
    roots = {"root_in": _model_root(old, index, path), "root_out": _model_root(new, index, path)}
    return {"index": index, "old": old, "new": new, **flat, **roots}


def _update(inputs: dict[str, int], depth: int, lies: dict[str, Lie] | None = None) -> ConstraintSystem:
    cs = ConstraintSystem(inputs, lies=lies)
    bits = to_bits(cs, cs.port("index"), 3 * depth, name="index")
    path = private_path(cs, depth, name="path")
    roots = update_root(cs, cs.port("old"), cs.port("new"), bits, path, TAG, name="u")
    for port, root in zip(("root_in", "root_out"), roots, strict=True):
        cs.assert_equal(root, cs.port(port), name=port)
    return cs


SIBLINGS = [[100 * h + k for k in range(8)] for h in range(3)]
HONEST = _inputs(5 + 8 * 2, 11, 22, SIBLINGS[:2])


@settings(max_examples=10, deadline=None)
@given(index=st.integers(0, 63), old=field_elements, new=field_elements)
def test_update_root_agrees_with_the_model(index: int, old: int, new: int) -> None:
    cs = _update(_inputs(index, old, new, SIBLINGS[:2]), 2)
    assert cs.first_unsatisfied() is None


@pytest.mark.parametrize("index", [0, 1, 510, 511])
def test_update_root_at_both_ends_of_the_tree(index: int) -> None:
    assert _update(_inputs(index, 11, 22, SIBLINGS), 3).first_unsatisfied() is None


def test_leaf_that_stays_keeps_the_root() -> None:
    inputs = _inputs(9, 11, 11, SIBLINGS[:2])
    assert inputs["root_in"] == inputs["root_out"]
    assert _update(inputs, 2).first_unsatisfied() is None


def test_a_level_costs_818() -> None:
    assert [_update(_inputs(0, 1, 2, SIBLINGS[:d]), d).count_by_scope()["u"] for d in (1, 2, 3)] == [818, 1636, 2454]


@pytest.mark.parametrize("wrong", ["root_in", "root_out"])
def test_invalid_root(wrong: str) -> None:
    assert _update({**HONEST, wrong: HONEST[wrong] + 1}, 2).unsatisfied() == [wrong]


def test_invalid_old_leaf() -> None:
    assert _update({**HONEST, "old": 12}, 2).first_unsatisfied() == "u/level[0]/children/own/chosen"


def test_invalid_new_leaf() -> None:
    assert _update({**HONEST, "new": 23}, 2).unsatisfied() == ["root_out"]


@pytest.mark.parametrize("level", [0, 1])
def test_invalid_sibling(level: int) -> None:
    # level 0: the node above no longer hashes to the child that level 1 holds
    child = f"path[{level}][7]"
    broken = _update({**HONEST, child: HONEST[child] + 1}, 2).first_unsatisfied()
    assert broken == ("u/level[1]/children/own/chosen" if level == 0 else "root_in")


@pytest.mark.parametrize("index", [20, 22, 29])
def test_invalid_index_of_a_neighbour(index: int) -> None:
    broken = _update({**HONEST, "index": index}, 2).first_unsatisfied()
    assert broken in ("u/level[0]/children/own/chosen", "u/level[1]/children/own/chosen")


def test_invalid_index_beyond_the_tree() -> None:
    assert _update({**HONEST, "index": HONEST["index"] + 64}, 2).unsatisfied() == ["index/sum"]


def test_invalid_index_bits_from_a_lying_hint() -> None:
    assert "index/sum" in _update(HONEST, 2, {"index": lambda bits: [1 - bits[0], *bits[1:]]}).unsatisfied()


def test_invalid_half_bits_that_mix_two_children() -> None:
    # a weighted mean of two children is no child: the bits' booleans refuse it even where the sum is kept
    broken = _update(HONEST, 2, {"index": lambda bits: [bits[0] + 2, bits[1] - 1, *bits[2:]]}).unsatisfied()
    assert broken[0] == "index/bit[0]"
    assert "index/sum" not in broken


@pytest.mark.parametrize(
    "name", ["own/low/level[0][0]", "own/high/level[1][0]", "change/level[2][0]", "change/level[0][3]"]
)
def test_invalid_product_from_a_lying_prover(name: str) -> None:
    full_name = f"u/level[0]/children/{name}"
    assert _update(HONEST, 2, {full_name: lambda honest: honest + 1}).first_unsatisfied() == full_name


def test_invalid_number_of_index_bits() -> None:
    cs = ConstraintSystem(HONEST)
    bits = to_bits(cs, cs.port("index"), 5, name="index")
    with pytest.raises(AssertionError, match="three index bits a level"):
        update_root(cs, cs.port("old"), cs.port("new"), bits, private_path(cs, 2, name="path"), TAG, name="u")


# --- a leaf opened, nothing changed -----------------------------------------------------------------------------------
def _open(inputs: dict[str, int], depth: int, lies: dict[str, Lie] | None = None) -> ConstraintSystem:
    cs = ConstraintSystem(inputs, lies=lies)
    bits = to_bits(cs, cs.port("index"), 3 * depth, name="index")
    path = private_path(cs, depth, name="path")
    root = compute_root(cs, cs.port("old"), bits, path, TAG, name="u")
    cs.assert_equal(root, cs.port("root_in"), name="root_in")
    return cs


@settings(max_examples=10, deadline=None)
@given(index=st.integers(0, 63), leaf=field_elements)
def test_compute_root_agrees_with_the_model(index: int, leaf: int) -> None:
    inputs = _inputs(index, leaf, 0, SIBLINGS[:2])
    path = tuple(tuple(children) for children in SIBLINGS[:2])
    assert inputs["root_in"] == compute_root_from_path(leaf, index, path, TAG)
    assert _open(inputs, 2).first_unsatisfied() is None


def test_an_opened_level_costs_409() -> None:
    assert [_open(_inputs(0, 1, 2, SIBLINGS[:d]), d).count_by_scope()["u"] for d in (1, 2, 3)] == [409, 818, 1227]


@pytest.mark.parametrize(
    ("changes", "broken"),
    [
        ({"old": 12}, "u/level[0]/own/chosen"),
        ({"index": 20}, "u/level[0]/own/chosen"),
        ({"index": 29}, "u/level[1]/own/chosen"),
        ({"path[0][7]": 1}, "u/level[1]/own/chosen"),
        ({"path[1][7]": 1}, "root_in"),
        ({"root_in": 1}, "root_in"),
    ],
)
def test_invalid_opening(changes: dict[str, int], broken: str) -> None:
    assert _open(HONEST | changes, 2).unsatisfied() == [broken]


@pytest.mark.parametrize("name", ["own/low/level[0][0]", "own/high/level[1][0]"])
def test_invalid_product_in_an_opening(name: str) -> None:
    full_name = f"u/level[0]/{name}"
    assert _open(HONEST, 2, {full_name: lambda honest: honest + 1}).first_unsatisfied() == full_name
