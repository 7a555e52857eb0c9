"""-h * Q for a challenge h and a point Q known only to the prover: six constraints a bit, in Montgomery form.

The scalar is recoded as K' = 5 * 2**251 + sum d_i * 2**i with 252 digits d_i = -1 or 1, and each digit appears only as
s_i = d_i * v(Q): the constraint s_i^2 = v(Q)^2 makes it a digit and the sign of the ladder's addend at once.
docs/eddsa.md shows that K' - even is exactly h or 8l - h, and that no slope of the ladder is free.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from circuits import montgomery
from circuits.bits import assert_boolean, from_bits
from circuits.constant_compare import assert_at_most
from circuits.edwards import EdwardsPoint
from circuits.linear import LC
from circuits.montgomery import MontgomeryPoint
from circuits.program import Opcode
from circuits.select import select
from circuits.system import ConstraintSystem
from rollup.babyjubjub import JUBJUB_SUBORDER
from rollup.field import R, inverse

N_DIGITS: Final = 252
CENTRE: Final = 5 * 2**251  # K' of all digits zero: the ladder starts at (5/2) * Q and doubles 252 times
SMALLEST: Final = 3 * 2**251 + 1  # K' of all digits -1; K' = SMALLEST + 2 * (bits of the digits)
_GREATEST_INDEX = (R - 2 - SMALLEST) // 2  # K' <= r - 2
# Rounded down to ones below place 126: half the runs of zeros, and 2**126 challenges of 2**254 more that no one meets.
GREATEST_INDEX: Final = ((_GREATEST_INDEX + 1) >> 126 << 126) - 1
CURVE_ORDER: Final = 8 * JUBJUB_SUBORDER
_ORDINATE_SPAN = 16  # a step's ordinate is a product less the one before; this often it becomes a wire of its own

assert SMALLEST + 2**127 < CURVE_ORDER // 2  # every h has one form or the other in range


@dataclass(frozen=True)
class Recoding:
    """K' = is_upper ? h : 8l - h, plus is_even to make it odd; digits_v[i] = d_i * v(Q)."""

    is_upper: LC
    is_even: LC
    digits_v: Sequence[LC]


def multiply_negated(
    cs: ConstraintSystem, challenge: LC, point: MontgomeryPoint, start: MontgomeryPoint, *, name: str
) -> EdwardsPoint:
    """Return -challenge * point in Edwards form.

    Assumes `point` on the curve and of prime order l, start = (5/2) * point, both coordinates of `point` single wires.
    Constraints: 1,570, named {name}/..
    """
    recoding = recode(cs, challenge, point[1], name=f"{name}/recode")
    odd_multiple = _climb(cs, point, start, recoding.digits_v, name)
    u, v = _subtract_if(cs, recoding.is_even, odd_multiple, point, name=f"{name}/even")
    # K' - is_even is h where is_upper, and -h modulo l where not
    signed_v = cs.mul(1 - recoding.is_upper * 2, v, name=f"{name}/sign")
    return montgomery.to_edwards(cs, (u, signed_v), name=f"{name}/edwards")


def recode(cs: ConstraintSystem, challenge: LC, point_v: LC, *, name: str) -> Recoding:
    """Return the digits of the one odd K' in [SMALLEST, r - 2] with K' - is_even = challenge or 8l - challenge.

    Assumes point_v != 0. Constraints: 287, named {name}/...
    """
    (is_upper,) = cs.hint(Opcode.IS_NEG, challenge, name=f"{name}/is_upper")
    assert_boolean(cs, is_upper, name=f"{name}/is_upper")
    kept = cs.mul(is_upper, challenge, name=f"{name}/kept")
    scalar = kept * 2 - challenge + CURVE_ORDER - is_upper * CURVE_ORDER
    (is_even,) = cs.hint(Opcode.BITS, scalar + 1, name=f"{name}/is_even")
    assert_boolean(cs, is_even, name=f"{name}/is_even")
    odd = scalar + is_even
    index = (odd - SMALLEST) * inverse(2)
    digits_v = cs.hint(Opcode.SIGNS, index, point_v, n_out=N_DIGITS, name=f"{name}/digit")
    square = cs.mul(point_v, point_v, name=f"{name}/v_squared")
    for i, digit in enumerate(digits_v):
        cs.assert_product(digit, digit, square, name=f"{name}/digit[{i}]")
    cs.assert_product(point_v, odd - CENTRE, from_bits(digits_v), name=f"{name}/sum")
    doubled_bits = [digit + point_v for digit in digits_v]  # 0 or 2v
    assert_at_most(cs, doubled_bits, GREATEST_INDEX, unit=point_v * 2, name=f"{name}/range")
    return Recoding(is_upper, is_even, digits_v)


def _climb(
    cs: ConstraintSystem, point: MontgomeryPoint, start: MontgomeryPoint, digits_v: Sequence[LC], name: str
) -> MontgomeryPoint:
    """Return K' * point: from k to 2k + d, highest digit first.

    From the second step on k is odd and above 1; where k = +-1 (mod l), an earlier k was 0 (mod l), which is refused.
    """
    current = start
    for step, digit_v in enumerate(reversed(digits_v)):
        scope = f"{name}/step[{step}]"
        u, v = montgomery.double_and_add(cs, current, (point[0], digit_v), name=scope)
        if step % _ORDINATE_SPAN == _ORDINATE_SPAN - 1:
            v = cs.materialise(v, name=f"{scope}/ordinate")
        current = (u, v)
    return current


def _subtract_if(
    cs: ConstraintSystem, bit: LC, left: MontgomeryPoint, right: MontgomeryPoint, *, name: str
) -> MontgomeryPoint:
    """Return left - right where bit, else left. Refuses left = right; free where left = -right. Constraints: 5."""
    u, v = montgomery.add(cs, left, (right[0], -right[1]), name=f"{name}/less")
    return select(cs, bit, u, left[0], name=f"{name}/u"), select(cs, bit, v, left[1], name=f"{name}/v")
