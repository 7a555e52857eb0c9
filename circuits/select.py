"""Choosing: between two values, one of a vector, and writing one place of a vector."""

from __future__ import annotations

from collections.abc import Sequence

from circuits.linear import LC, as_lc, sum_lc
from circuits.system import ConstraintSystem


def select(cs: ConstraintSystem, bit: LC, if_one: LC | int, if_zero: LC | int, *, name: str) -> LC:
    """Return if_one where the boolean `bit` is 1, else if_zero. Constraints: 1, named {name}."""
    return as_lc(if_zero) + cs.mul(bit, as_lc(if_one) - if_zero, name=name)


def one_hot(cs: ConstraintSystem, index_bits: Sequence[LC], *, name: str) -> list[LC]:
    """Return 2**n booleans of which exactly the one at the index is 1; bits least significant first.

    Assumes index_bits are booleans. Constraints: 2**n - n - 1, named {name}/and[level][i]: each new bit splits every
    entry in two with one product, but for the last of a level, which follows from the sum.
    """
    entries: list[LC] = [LC.constant(1)]
    for level, bit in enumerate(index_bits):
        upper = [cs.mul(entry, bit, name=f"{name}/and[{level}][{i}]") for i, entry in enumerate(entries[:-1])]
        # the upper half sums to the bit itself, so its last entry costs nothing
        upper.append(bit - sum_lc(upper))
        entries = [entry - high for entry, high in zip(entries, upper, strict=True)] + upper
    return entries


def inner_product(cs: ConstraintSystem, hot: Sequence[LC], values: Sequence[LC | int], *, name: str) -> LC:
    """Return sum hot[i] * values[i]: the selected entry. Constraints: one a non-constant value, named {name}[i]."""
    return sum_lc([cs.mul(h, value, name=f"{name}[{i}]") for i, (h, value) in enumerate(zip(hot, values, strict=True))])


def multiplex(cs: ConstraintSystem, index_bits: Sequence[LC], values: Sequence[LC], *, name: str) -> LC:
    """Return values[index] by a tree of selects. Constraints: 2**n - 1, named {name}/level[i][j]."""
    layer = list(values)
    for level, bit in enumerate(index_bits):
        layer = [
            select(cs, bit, layer[2 * j + 1], layer[2 * j], name=f"{name}/level[{level}][{j}]")
            for j in range(len(layer) // 2)
        ]
    (chosen,) = layer
    return chosen


def assert_selected(
    cs: ConstraintSystem, index_bits: Sequence[LC], values: Sequence[LC], expected: LC, *, name: str
) -> None:
    """Constrain values[index] = expected. Constraints: 2**n - 1: the tree of selects, its last one an equality."""
    half = len(values) // 2
    low = multiplex(cs, index_bits[:-1], values[:half], name=f"{name}/low")
    high = multiplex(cs, index_bits[:-1], values[half:], name=f"{name}/high")
    cs.assert_product(index_bits[-1], high - low, expected - low, name=f"{name}/chosen")


def demultiplex(cs: ConstraintSystem, index_bits: Sequence[LC], value: LC, *, name: str) -> list[LC]:
    """Return 2**n values, `value` at the index and 0 elsewhere. Constraints: 2**n - 1, named {name}/level[i][j]."""
    parts = [value]
    for level in reversed(range(len(index_bits))):
        halves = []
        for j, part in enumerate(parts):
            high = cs.mul(index_bits[level], part, name=f"{name}/level[{level}][{j}]")
            halves += [part - high, high]
        parts = halves
    return parts
