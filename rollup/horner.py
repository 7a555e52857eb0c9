"""Horner's rule in windows: how a polynomial is cut, and the quotient and remainder of each reduction.

The circuit evaluates sum c_k z**k modulo P from the top, a window of coefficients at a time:
acc = acc * z**w + c_{i+w-1} * z**(w-1) + .. + c_i, one reduction a window; `circuits/horner.py` proves each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from rollup.bls_field import P

__all__ = ["WINDOW", "Evaluation", "evaluate_in_windows", "split_windows"]

WINDOW: Final = 8  # n / w windows and w powers of about the same cost each: right for some 64 coefficients
_T = TypeVar("_T")


@dataclass(frozen=True)
class Evaluation:
    """(quotient, remainder) by P of each reduction: of z**2, z**3, .. and of each window, the highest first."""

    powers: tuple[tuple[int, int], ...]
    windows: tuple[tuple[int, int], ...]

    @property
    def value(self) -> int:
        """The polynomial's value, in [0, P)."""
        return self.windows[-1][1]


def split_windows(coefficients: Sequence[_T], window: int) -> list[Sequence[_T]]:
    """Return the coefficients cut from the bottom into windows, the highest first.

    The highest has 2 to window + 1 coefficients, so that each has a product in it. Assumes at least two coefficients.
    """
    n_whole = (len(coefficients) - 2) // window  # windows below the highest
    starts = range(0, n_whole * window, window)
    whole = [coefficients[start : start + window] for start in starts]
    return [coefficients[n_whole * window :], *reversed(whole)]


def evaluate_in_windows(coefficients: Sequence[int], z: int, window: int = WINDOW) -> Evaluation:
    """Return the reductions that lead to the value at z. Assumes two coefficients or more, and nothing negative."""
    powers = [1, z]  # z itself is not reduced
    reductions = []
    for _ in range(2, min(window, len(coefficients) - 1) + 1):
        reductions.append(divmod(powers[-1] * z, P))
        powers.append(reductions[-1][1])
    steps: list[tuple[int, int]] = []
    for group in split_windows(coefficients, window):
        total = sum(c * power for c, power in zip(group, powers, strict=False))
        if steps:
            total += steps[-1][1] * powers[window]
        steps.append(divmod(total, P))
    return Evaluation(tuple(reductions), tuple(steps))
