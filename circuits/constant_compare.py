"""Comparing bits with a constant: one constraint for every run of zeros in the constant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from circuits.linear import LC, as_lc, sum_lc
from circuits.program import Opcode
from circuits.system import ConstraintSystem


def assert_at_most(
    cs: ConstraintSystem, bits: Sequence[LC], bound: int, *, unit: LC | int = 1, slack: LC | int = 0, name: str
) -> None:
    """Constrain the integer that `bits` spell (least significant first) to be at most `bound`, unless slack > 0.

    Assumes that every bit is proved to be 0 or `unit`, that unit is not zero, and that slack is a boolean (times unit).
    Constraints: one for each run of zeros in the bound, named {name}/zeros[i], i the run's highest place.

    The integer exceeds the bound exactly if some place holds 1 where the bound has 0 while every higher place where the
    bound has 1 holds 1 too. So at each run of zeros: missing * quotient = excess, with `missing` counting the higher
    places short of the bound and `excess` the ones in the run, both in units (at most 256: they cannot wrap). Where
    missing = 0 the excess must be 0; else the quotient is free to fit. Where both are 0 the quotient does not matter.
    """
    assert 0 <= bound < 1 << len(bits) <= 1 << 255, f"{name}: {bound} against {len(bits)} bits"
    missing = as_lc(slack)
    for places, is_one in _runs(bound, len(bits)):
        chosen = sum_lc([bits[i] for i in places])
        if is_one:
            missing = missing + as_lc(unit) * len(places) - chosen
        else:
            run_name = f"{name}/zeros[{places[0]}]"
            if missing.is_constant():  # no one above and no slack
                cs.assert_zero(chosen, name=run_name)
                continue
            (quotient,) = cs.hint(Opcode.DIV, chosen, missing, name=run_name)
            cs.assert_product(missing, quotient, chosen, name=run_name)


def _runs(constant: int, n_bits: int) -> Iterator[tuple[list[int], bool]]:
    """Yield (places, whether they hold 1) for each run of equal bits, the highest place first."""
    for is_one, group in groupby(reversed(range(n_bits)), key=lambda place: bool(constant >> place & 1)):
        yield list(group), is_one
