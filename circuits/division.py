"""Division by constants, floored and ceiled; shares that never exceed one. Other divisors: `compare.divide`."""

from __future__ import annotations

from circuits.bits import assert_in_range, to_bits
from circuits.compare import divide
from circuits.constant_compare import assert_at_most
from circuits.extremes import minimum
from circuits.linear import LC
from circuits.program import Opcode
from circuits.system import ConstraintSystem
from rollup.units import PPM, PPM_BITS


def floor_divide(cs: ConstraintSystem, dividend: LC, divisor: int, quotient_bits: int, *, name: str) -> LC:
    """Return floor(dividend / divisor) for a constant divisor of at least 2, no power of two.

    Assumes 0 <= dividend < r; proves the quotient below 2**quotient_bits, which must leave no room to wrap.
    Constraints: quotient_bits + bits of the divisor + 3, and one for each run of zeros in divisor - 1; named
    {name}/quotient/.., {name}/remainder/.., {name}/below/.. and {name}/product.
    """
    divisor_bits = (divisor - 1).bit_length()
    assert quotient_bits + divisor_bits <= 252, f"{name}: quotient * divisor could wrap the field"
    quotient, remainder = cs.hint(Opcode.DIVMOD, dividend, divisor, n_out=2, name=name)
    assert_in_range(cs, quotient, quotient_bits, name=f"{name}/quotient")
    bits = to_bits(cs, remainder, divisor_bits, name=f"{name}/remainder")
    assert_at_most(cs, bits, divisor - 1, name=f"{name}/below")
    cs.assert_equal(quotient * divisor + remainder, dividend, name=f"{name}/product")
    return quotient


def ceil_divide(cs: ConstraintSystem, dividend: LC, divisor: int, quotient_bits: int, *, name: str) -> LC:
    """Return ceil(dividend / divisor). As `floor_divide` in all else."""
    return floor_divide(cs, dividend + (divisor - 1), divisor, quotient_bits, name=name)


def floor_divide_signed(cs: ConstraintSystem, dividend: LC, divisor: int, n_bits: int, *, name: str) -> LC:
    """Return floor(dividend / divisor), in [-2**n_bits, 2**n_bits), for a dividend of either sign.

    The quotient is raised by 2**n_bits so that nothing is negative. As `floor_divide` in all else.
    """
    raised = floor_divide(cs, dividend + (divisor << n_bits), divisor, n_bits + 1, name=name)
    return raised - (1 << n_bits)


def compute_share(cs: ConstraintSystem, part: LC, whole: LC, *, part_bits: int, whole_bits: int, name: str) -> LC:
    """Return min(10**6, floor(part * 10**6 / whole)): how much of the whole the part is, in ppm.

    Assumes 0 <= part < 2**part_bits and 0 < whole < 2**whole_bits. What exceeds the whole is cut off first, so the
    quotient has 20 bits. Constraints: max(part_bits, whole_bits) + 2 * whole_bits + 27, named {name}/part/.., {name}/..
    """
    cut = minimum(cs, part, whole, max(part_bits, whole_bits), name=f"{name}/part")
    return divide(cs, cut * PPM, whole, quotient_bits=PPM_BITS, divisor_bits=whole_bits, name=name)[0]
