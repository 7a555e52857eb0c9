"""Linear combinations of wires over the BN254 scalar field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rollup.field import R

ONE_WIRE = 0  # wire 0 holds the constant one, as in every R1CS


class LC:
    """An immutable sum of `coefficient * wire`; the constant term stands at wire 0.

    Adding, subtracting and scaling build new combinations and cost no constraint.
    """

    __slots__ = ("terms",)

    def __init__(self, terms: Mapping[int, int]) -> None:
        self.terms = terms

    @staticmethod
    def constant(value: int) -> LC:
        """Return the combination holding `value` mod r."""
        value %= R
        return LC({ONE_WIRE: value} if value else {})

    def is_constant(self) -> bool:
        """Return whether no wire but the constant one appears."""
        return not self.terms or (len(self.terms) == 1 and ONE_WIRE in self.terms)

    def constant_value(self) -> int:
        """Return the constant term, in [0, r)."""
        return self.terms.get(ONE_WIRE, 0)

    def single_wire(self) -> int | None:
        """Return the wire if this is exactly one wire with coefficient one, else None."""
        if len(self.terms) == 1:
            ((wire, coefficient),) = self.terms.items()
            if coefficient == 1:
                return wire
        return None

    def __add__(self, other: LC | int) -> LC:
        return self._combine(other, 1)

    __radd__ = __add__

    def __sub__(self, other: LC | int) -> LC:
        return self._combine(other, -1)

    def __rsub__(self, other: int) -> LC:
        return LC.constant(other)._combine(self, -1)

    def __neg__(self) -> LC:
        return self * -1

    def __mul__(self, factor: int) -> LC:
        factor %= R
        return LC({wire: c * factor % R for wire, c in self.terms.items()} if factor else {})

    __rmul__ = __mul__

    def _combine(self, other: LC | int, sign: int) -> LC:
        right = other.terms if isinstance(other, LC) else {ONE_WIRE: other}
        terms = dict(self.terms)
        for wire, coefficient in right.items():
            total = (terms.get(wire, 0) + sign * coefficient) % R
            if total:
                terms[wire] = total
            else:
                terms.pop(wire, None)
        return LC(terms)


Wire = LC
"""A gadget takes and returns linear combinations; a bare wire is the simplest of them."""


def as_lc(value: LC | int) -> LC:
    """Return `value` itself, or the constant combination holding it."""
    return value if isinstance(value, LC) else LC.constant(value)


def sum_lc(parts: list[LC]) -> LC:
    """Return the sum of many combinations in one pass."""
    terms: dict[int, int] = {}
    for part in parts:
        for wire, coefficient in part.terms.items():
            terms[wire] = terms.get(wire, 0) + coefficient
    return LC({wire: reduced for wire, c in terms.items() if (reduced := c % R)})


def value_of(lc: LC, values: Sequence[int]) -> int:
    """Return the value of a combination where wire w holds values[w], in [0, r)."""
    return sum([c * values[wire] for wire, c in lc.terms.items()]) % R
