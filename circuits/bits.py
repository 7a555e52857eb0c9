"""Booleans, bit decompositions and range checks."""

from __future__ import annotations

from collections.abc import Sequence

from circuits.linear import LC, sum_lc
from circuits.program import Opcode
from circuits.system import ConstraintSystem

MAX_BITS = 252  # 2**253 < r: an integer below 2**252 plus one carry never wraps BN254's scalar field


def assert_boolean(cs: ConstraintSystem, a: LC, *, name: str) -> None:
    """Constrain a to 0 or 1. Constraints: 1, named {name}."""
    cs.assert_product(a, a - 1, 0, name=name)


def to_bits(cs: ConstraintSystem, a: LC | int, n_bits: int, *, name: str) -> list[LC]:
    """Return n_bits booleans, least significant first, whose sum is a: so a is proved to lie in [0, 2**n_bits).

    Assumes n_bits <= 252. Constraints: n_bits + 1, named {name}/bit[i] and {name}/sum.
    """
    assert 0 < n_bits <= MAX_BITS, f"{name}: {n_bits} bits could wrap the field"
    a = a if isinstance(a, LC) else LC.constant(a)
    bits = cs.hint(Opcode.BITS, a, n_out=n_bits, name=name)
    for i, bit in enumerate(bits):
        assert_boolean(cs, bit, name=f"{name}/bit[{i}]")
    cs.assert_equal(from_bits(bits), a, name=f"{name}/sum")
    return bits


def from_bits(bits: Sequence[LC]) -> LC:
    """Return sum bits[i] * 2**i. No constraint."""
    return sum_lc([bit * (1 << i) for i, bit in enumerate(bits)])


def assert_in_range(cs: ConstraintSystem, a: LC, n_bits: int, *, name: str) -> None:
    """Constrain a to [0, 2**n_bits). Constraints: n_bits + 1, named as in `to_bits`."""
    to_bits(cs, a, n_bits, name=name)


def is_zero(cs: ConstraintSystem, a: LC, *, name: str) -> LC:
    """Return a wire holding 1 if a = 0, else 0. Constraints: 2, named {name}/product and {name}/annihilates.

    circomlib's IsZero: out = 1 - a * inverse and a * out = 0; where a is 0 the inverse does not matter to `out`.
    """
    (inverse,) = cs.hint(Opcode.INV, a, name=f"{name}/inverse")
    zero = 1 - cs.mul(a, inverse, name=f"{name}/product")
    cs.assert_product(a, zero, 0, name=f"{name}/annihilates")
    return zero


def assert_nonzero(cs: ConstraintSystem, a: LC, *, name: str) -> None:
    """Constrain a to be invertible. Constraints: 1, named {name}."""
    (inverse,) = cs.hint(Opcode.INV, a, name=f"{name}/inverse")
    cs.assert_product(a, inverse, 1, name=name)


def is_equal(cs: ConstraintSystem, a: LC, b: LC | int, *, name: str) -> LC:
    """Return a wire holding 1 if a = b, else 0. Constraints: 2."""
    return is_zero(cs, a - b, name=name)


def logical_and(cs: ConstraintSystem, a: LC, b: LC, *, name: str) -> LC:
    """Return a AND b of two booleans. Constraints: 1, named {name}."""
    return cs.mul(a, b, name=name)


def logical_or(cs: ConstraintSystem, a: LC, b: LC, *, name: str) -> LC:
    """Return a OR b of two booleans. Constraints: 1, named {name}."""
    return a + b - cs.mul(a, b, name=name)
