"""Horner(n) alone as a template: a point, coefficients in pieces and the value as ports; cases, false reductions."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import cache

from circuits.horner import LOW_BITS, evaluate_at
from circuits.horner_inputs import evaluation_values, horner_inputs
from circuits.limbs import limbs_of
from circuits.linear import LC
from circuits.system import ConstraintSystem
from rollup.bls_field import ELEMENT_BITS, P, evaluate
from rollup.horner import WINDOW, Evaluation, split_windows
from tests.circuits.composed import bind
from tests.circuits.lane_cases import LoneTemplate, Values

NAME = "x"
# three pieces in the limb in which they begin, two that overhang it; 248 bits in all
LAYOUT = ((53, 0), (53, 53), (53, 106), (53, 159), (36, 212))
MAX_COEFFICIENT = 2**ELEMENT_BITS - 1
Divide = Callable[[str, int], tuple[int, int]]
"""Told a step ("power[2]", "window[0]", ..) and its sum, it returns quotient and remainder, true or not."""


def build_horner(n: int) -> Callable[[ConstraintSystem], None]:
    """Return what records Horner(n): ports z, piece[k][i] (ranges assumed), and out[0], out[1] the value's words."""

    def build(cs: ConstraintSystem) -> None:
        z = cs.port("z")
        coefficients = [limbs_of(_piece_ports(cs, k)) for k in range(n)]
        bind(cs, evaluate_at(cs, coefficients, z, name=NAME))

    return build


def _piece_ports(cs: ConstraintSystem, k: int) -> list[tuple[LC, int, int]]:
    return [(cs.port(f"piece[{k}][{i}]"), n_bits, offset) for i, (n_bits, offset) in enumerate(LAYOUT)]


@cache
def load_horner(n: int) -> LoneTemplate:
    """Return Horner(n) in the kernel, recorded once in a process."""
    return LoneTemplate(f"Horner({n})", build_horner(n))


def make_case(coefficients: Sequence[int], z: int) -> Values:
    """Return all inputs of an honest evaluation."""
    return _ports(coefficients, z, evaluate(coefficients, z)) | horner_inputs(coefficients, z, name=NAME)


def make_false_case(coefficients: Sequence[int], z: int, divide: Divide) -> Values:
    """Return the inputs of an evaluation whose reductions are what `divide` says; the value follows them."""
    evaluation = reduce_otherwise(coefficients, z, divide)
    return _ports(coefficients, z, evaluation.value) | evaluation_values(evaluation, name=NAME)


def _ports(coefficients: Sequence[int], z: int, value: int) -> Values:
    pieces = {
        f"piece[{k}][{i}]": coefficient >> offset & (1 << n_bits) - 1
        for k, coefficient in enumerate(coefficients)
        for i, (n_bits, offset) in enumerate(LAYOUT)
    }
    return {"z": z, "out[0]": value & (1 << LOW_BITS) - 1, "out[1]": value >> LOW_BITS} | pieces


def reduce_otherwise(coefficients: Sequence[int], z: int, divide: Divide) -> Evaluation:
    """Return `evaluate_in_windows` of the default window with another division, which later steps follow."""
    powers, reductions = [1, z], []
    for k in range(2, min(WINDOW, len(coefficients) - 1) + 1):
        reductions.append(divide(f"power[{k}]", powers[-1] * z))
        powers.append(reductions[-1][1])
    steps: list[tuple[int, int]] = []
    for g, group in enumerate(split_windows(coefficients, WINDOW)):
        carried = steps[-1][1] * powers[WINDOW] if steps else 0
        total = carried + sum(c * power for c, power in zip(group, powers, strict=False))
        steps.append(divide(f"window[{g}]", total))
    return Evaluation(tuple(reductions), tuple(steps))


def divide_at(step: str, divide: Callable[[int], tuple[int, int]]) -> Divide:
    """Return the division that is `divide` at one step and true at all others."""
    return lambda name, total: divide(total) if name == step else divmod(total, P)


def make_random(seed: int, n: int) -> tuple[list[int], int]:
    """Return n coefficients and a point."""
    rng = random.Random(seed)
    return [rng.getrandbits(ELEMENT_BITS) for _ in range(n)], rng.getrandbits(ELEMENT_BITS)


def solve(target: int, z: int, *, seed: int = 0) -> list[int]:
    """Return two coefficients whose polynomial takes the value `target` at z, modulo P."""
    rng = random.Random(seed)
    while True:  # about 2**7 tries
        slope = rng.getrandbits(ELEMENT_BITS)
        constant = (target - slope * z) % P
        if constant <= MAX_COEFFICIENT:
            return [constant, slope]
