"""Private inputs of `circuits/horner.py`: quotients and remainders of integers wider than the field, as limbs."""

from __future__ import annotations

from collections.abc import Sequence

from circuits.account_inputs import Values
from circuits.limbs import split
from rollup.horner import WINDOW, Evaluation, evaluate_in_windows

__all__ = ["evaluation_values", "horner_inputs"]


def horner_inputs(coefficients: Sequence[int], z: int, *, window: int = WINDOW, name: str) -> Values:
    """Return the inputs {name}/power[k]/.. and {name}/window[g]/.. of an evaluation at z."""
    return evaluation_values(evaluate_in_windows(coefficients, z, window), name=name)


def evaluation_values(evaluation: Evaluation, *, name: str) -> Values:
    """Return the same inputs of reductions that are given."""
    values: Values = {}
    for k, reduction in enumerate(evaluation.powers, start=2):
        values |= _reduction_values(f"{name}/power[{k}]", reduction)
    for g, reduction in enumerate(evaluation.windows):
        values |= _reduction_values(f"{name}/window[{g}]", reduction)
    return values


def _reduction_values(name: str, reduction: tuple[int, int]) -> Values:
    return {
        f"{name}/{what}[{i}]": limb
        for what, number in zip(("quotient", "remainder"), reduction, strict=True)
        for i, limb in enumerate(split(number))
    }
