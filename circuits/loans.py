"""Range proofs that hold only under a flag, on bits that stand idle there.

A liquidation has no signed order, so the bits of its lane's order places bind nothing: a number that has to be proved
not negative in a liquidation takes the next of them, and bits of its own only when they have run out.
"""

from __future__ import annotations

from collections.abc import Sequence

from circuits.bits import from_bits
from circuits.inputs import assert_equal_if, private_bits
from circuits.linear import LC
from circuits.system import ConstraintSystem


class BitLender:
    """Hands out booleans one after the other, each once."""

    def __init__(self, bits: Sequence[LC]) -> None:
        self._bits = list(bits)

    def take(self, cs: ConstraintSystem, n_bits: int, *, name: str) -> list[LC]:
        """Return n_bits booleans; the last of them private bits of that name, as many as are lacking."""
        lent, self._bits = self._bits[:n_bits], self._bits[n_bits:]
        lacking = n_bits - len(lent)
        return lent + (private_bits(cs, name, lacking) if lacking else [])


def assert_in_range_if(cs: ConstraintSystem, flag: LC, a: LC, n_bits: int, lender: BitLender, *, name: str) -> None:
    """Constrain a to [0, 2**n_bits) where the boolean flag is 1. Assumes that no other rule reads the lent bits there.

    Constraints: 1 and one for each bit that could not be lent, named {name}/if_flagged, {name}/bit[i].
    """
    assert_equal_if(cs, flag, from_bits(lender.take(cs, n_bits, name=name)), a, name=f"{name}/if_flagged")
