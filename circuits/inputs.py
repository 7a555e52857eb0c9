"""Private inputs that are defined by their bits, and conditions that hold only under a flag."""

from __future__ import annotations

from circuits.bits import assert_boolean
from circuits.linear import LC
from circuits.program import Opcode
from circuits.system import ConstraintSystem


def private_bits(cs: ConstraintSystem, name: str, n_bits: int) -> list[LC]:
    """Return n_bits booleans, least significant first, that the prover is free to choose.

    The private input `name` only feeds the hint: what the circuit means by it is the sum of the bits, in range by
    construction. Constraints: n_bits, named {name}/bit[i].
    """
    bits = cs.hint(Opcode.BITS, cs.private(name), n_out=n_bits, name=name)
    for i, bit in enumerate(bits):
        assert_boolean(cs, bit, name=f"{name}/bit[{i}]")
    return bits


def private_flag(cs: ConstraintSystem, name: str) -> LC:
    """Return a boolean private input. Constraints: 1, named {name}/boolean."""
    flag = cs.private(name)
    assert_boolean(cs, flag, name=f"{name}/boolean")
    return flag


def assert_nonzero_if(cs: ConstraintSystem, flag: LC, a: LC, *, name: str) -> None:
    """Constrain a != 0 where the boolean flag is 1. Constraints: 1, named {name}.

    a * quotient = flag: with flag 1 the quotient is the inverse of a; with flag 0 zero does.
    """
    (quotient,) = cs.hint(Opcode.DIV, flag, a, name=f"{name}/quotient")
    cs.assert_product(a, quotient, flag, name=name)


def assert_equal_if(cs: ConstraintSystem, flag: LC, a: LC | int, b: LC | int, *, name: str) -> None:
    """Constrain a = b where the boolean flag is 1. Constraints: 1, named {name}."""
    cs.assert_product(flag, LC.constant(0) + a - b, 0, name=name)
