"""A market's running totals taken apart at the close: nothing bought that was not sold, volume, open interest."""

from __future__ import annotations

from typing import Final

from circuits.bits import assert_boolean, from_bits
from circuits.linear import LC
from circuits.program import Opcode
from circuits.system import ConstraintSystem
from rollup.units import OPEN_INTEREST_BITS

# lots = net + fills * 2**80 + change of sum |s| * 2**160. Over at most 2**11 lanes and fills of 48 bits each, |net| and
# fills are below 2**60 and |change| below 2**61, so a total is an integer below 2**222: no part can reach the next
FILLS_SHIFT: Final = 80
CHANGE_SHIFT: Final = 160
VOLUME_BITS: Final = 60
# ration = fills * 2**64 + remaining, both below 2**59 by the same count; V and T have 48 bits
RATION_SHIFT: Final = 64

assert FILLS_SHIFT + 1 + VOLUME_BITS < CHANGE_SHIFT
assert CHANGE_SHIFT + 1 + OPEN_INTEREST_BITS < 252


def split_lots(cs: ConstraintSystem, lots: LC, open_interest: LC, *, name: str) -> tuple[LC, LC]:
    """Return (volume, open interest after) of a market whose total is `lots`, both proved not negative.

    Volume is what was bought: half of all fills, as each has two sides. Longs and shorts are equal, so the change of
    sum |s| is twice that of open interest. With the open interest before put in, the total is
    volume * 2**81 + open interest after * 2**161, and net must be 0.
    Constraints: 121, named {name}/volume/bit[i], {name}/open_interest/bit[i], {name}/sum.
    """
    total = lots + open_interest * 2 ** (CHANGE_SHIFT + 1)
    parts = []
    for part, shift, n_bits in (
        ("volume", FILLS_SHIFT + 1, VOLUME_BITS),
        ("open_interest", CHANGE_SHIFT + 1, OPEN_INTEREST_BITS),
    ):
        bits = cs.hint(Opcode.BITS, total, n_out=n_bits, imm=shift, name=f"{name}/{part}")
        for i, bit in enumerate(bits):
            assert_boolean(cs, bit, name=f"{name}/{part}/bit[{i}]")
        parts.append(from_bits(bits))
    volume, after = parts
    spelt = volume * 2 ** (FILLS_SHIFT + 1) + after * 2 ** (CHANGE_SHIFT + 1)
    cs.assert_equal(spelt, total, name=f"{name}/sum")
    return volume, after
