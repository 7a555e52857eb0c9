"""Order between range-checked integers, and exact division."""

from __future__ import annotations

from circuits.bits import assert_in_range, to_bits
from circuits.linear import LC
from circuits.program import Opcode
from circuits.system import ConstraintSystem


def is_less_than(cs: ConstraintSystem, a: LC | int, b: LC | int, n_bits: int, *, name: str) -> LC:
    """Return a wire holding 1 if a < b, else 0.

    Assumes a, b < 2**n_bits (already range-checked) and n_bits <= 251.
    Constraints: n_bits + 2, named {name}/shifted/bit[i] and {name}/shifted/sum.
    """
    # a - b + 2**n lies in [1, 2**(n+1)); its top bit is 0 exactly when a < b.
    shifted = LC.constant(1 << n_bits) + a - b
    return 1 - to_bits(cs, shifted, n_bits + 1, name=f"{name}/shifted")[n_bits]


def assert_less_or_equal(cs: ConstraintSystem, a: LC | int, b: LC | int, n_bits: int, *, name: str) -> None:
    """Constrain a <= b, where b - a < 2**n_bits for every honest pair.

    Assumes that neither a nor b can exceed r / 4 in magnitude, so that a - b read as a negative number can never
    look like one below 2**n_bits. Constraints: n_bits + 1, named {name}/bit[i] and {name}/sum.
    """
    assert_in_range(cs, LC.constant(0) + b - a, n_bits, name=name)


def divide(
    cs: ConstraintSystem, dividend: LC, divisor: LC | int, *, quotient_bits: int, divisor_bits: int, name: str
) -> tuple[LC, LC]:
    """Return (quotient, remainder) with dividend = quotient * divisor + remainder and remainder < divisor.

    Assumes 0 < divisor < 2**divisor_bits and dividend < 2**(quotient_bits + divisor_bits) <= 2**252.
    Constraints: quotient_bits + 2 * divisor_bits + 4, named {name}/product, {name}/quotient/..,
    {name}/remainder/.. and {name}/below/...
    """
    assert quotient_bits + divisor_bits <= 252, f"{name}: quotient * divisor could wrap the field"
    divisor = divisor if isinstance(divisor, LC) else LC.constant(divisor)
    quotient, remainder = cs.hint(Opcode.DIVMOD, dividend, divisor, n_out=2, name=name)
    assert_in_range(cs, quotient, quotient_bits, name=f"{name}/quotient")
    assert_in_range(cs, remainder, divisor_bits, name=f"{name}/remainder")
    assert_less_or_equal(cs, remainder + 1, divisor, divisor_bits, name=f"{name}/below")
    cs.assert_product(quotient, divisor, dividend - remainder, name=f"{name}/product")
    return quotient, remainder
