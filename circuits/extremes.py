"""The smaller and the larger of two integers, and integers held within bounds. Exact: no prover has a choice."""

from __future__ import annotations

from circuits.bits import assert_boolean, from_bits, to_bits
from circuits.compare import is_less_than
from circuits.linear import LC
from circuits.program import Opcode
from circuits.select import select
from circuits.system import ConstraintSystem


def minimum(cs: ConstraintSystem, a: LC | int, b: LC | int, n_bits: int, *, name: str) -> LC:
    """Return the smaller of two integers, negative ones too.

    Assumes |a - b| < 2**n_bits and n_bits <= 251. Constraints: n_bits + 3, named {name}/is_first/.. and {name}.
    """
    return select(cs, is_less_than(cs, a, b, n_bits, name=f"{name}/is_first"), a, b, name=name)


def maximum(cs: ConstraintSystem, a: LC | int, b: LC | int, n_bits: int, *, name: str) -> LC:
    """Return the larger of two integers, negative ones too.

    Assumes |a - b| < 2**n_bits and n_bits <= 251. Constraints: n_bits + 3, named {name}/is_second/.. and {name}.
    """
    return select(cs, is_less_than(cs, a, b, n_bits, name=f"{name}/is_second"), b, a, name=name)


def sort_two(cs: ConstraintSystem, a: LC, b: LC, n_bits: int, *, name: str) -> tuple[LC, LC]:
    """Return (smaller, larger). Assumes |a - b| < 2**n_bits. Constraints: n_bits + 3, as of `minimum`."""
    smaller = minimum(cs, a, b, n_bits, name=name)
    return smaller, a + b - smaller


def split_magnitude(cs: ConstraintSystem, a: LC, n_bits: int, *, name: str) -> tuple[LC, list[LC]]:
    """Return whether a is negative, and the n_bits bits of |a|; of zero either may be said.

    A wrong flag leaves a negative number, which no n_bits bits can hold. Assumes |a| < r / 4, n_bits <= 251.
    Constraints: n_bits + 3, named {name}/is_negative, {name}/flipped and {name}/magnitude/...
    """
    (negative,) = cs.hint(Opcode.IS_NEG, a, name=f"{name}/negative")
    assert_boolean(cs, negative, name=f"{name}/is_negative")
    flipped = cs.mul(negative, a, name=f"{name}/flipped")
    return negative, to_bits(cs, a - 2 * flipped, n_bits, name=f"{name}/magnitude")


def with_sign(cs: ConstraintSystem, negative: LC, magnitude: LC, *, name: str) -> LC:
    """Return -magnitude where the boolean `negative` is 1, else magnitude. Constraints: 1, named {name}."""
    return magnitude - 2 * cs.mul(negative, magnitude, name=name)


def clamp(cs: ConstraintSystem, a: LC, limit: LC, *, n_bits: int, limit_bits: int, name: str) -> LC:
    """Return a held within [-limit, limit].

    Assumes |a| < 2**n_bits and 0 <= limit < 2**limit_bits; proves the first.
    Constraints: n_bits + max(n_bits, limit_bits) + 7, named {name}/negative.., {name}/within/.. and {name}.
    """
    negative, bits = split_magnitude(cs, a, n_bits, name=name)
    within = minimum(cs, from_bits(bits), limit, max(n_bits, limit_bits), name=f"{name}/within")
    return with_sign(cs, negative, within, name=name)


def saturate(cs: ConstraintSystem, a: LC, n_bits: int, *, name: str) -> LC:
    """Return a held within +-(2**n_bits - 1). Assumes |a| < 2**(n_bits + 1); proves it.

    The top bit of the magnitude says whether it is beyond. Constraints: n_bits + 6, named {name}/.. and {name}.
    """
    negative, bits = split_magnitude(cs, a, n_bits + 1, name=name)
    within = select(cs, bits[n_bits], (1 << n_bits) - 1, from_bits(bits), name=f"{name}/within")
    return with_sign(cs, negative, within, name=name)
