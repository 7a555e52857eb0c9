"""Forged evaluations: were the class that refuses it dropped, the circuit would accept a false value.

Of the gadget alone, Horner(10), and of any template that evaluates: a `Subject` says how its inputs are made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from circuits.limbs import LIMB_BITS, RESIDUE_BITS, TOTAL_BITS, X
from circuits.system import Lie
from rollup.bls_field import ELEMENT_BITS, P, evaluate
from rollup.field import R
from tests.circuits.forging import Forged, Forger, tell
from tests.circuits.horner_cases import (
    MAX_COEFFICIENT,
    NAME,
    Divide,
    divide_at,
    load_horner,
    make_case,
    make_false_case,
    make_random,
    solve,
)
from tests.circuits.lane_cases import Values

N = 10  # a highest window of two and a whole one: every class of constraints there is
STEPS = ("power[2]", "power[8]", "window[0]", "window[1]")
# a sum that is not 0 but this (less), and the only constraint that sees it: 0 modulo all that the others look at
UNSEEN = {
    "low/sum": R,
    "high/sum": R << 2 * LIMB_BITS,
    "modulo_r": 1 << TOTAL_BITS,
}


@dataclass(frozen=True)
class Subject:
    """A template that evaluates a polynomial of two windows; what its inputs are, reduced as `Divide` says."""

    forger: Forger
    name: str  # of the evaluation
    n: int  # coefficients
    make: Callable[[list[int], int, Divide], Values]
    words: Mapping[str, str]  # ports of the value, and what refuses another

    def make_honest(self, coefficients: list[int], z: int) -> Values:
        """Return inputs with true reductions."""
        return self.make(coefficients, z, lambda _, total: divmod(total, P))


def get_honest_evaluations() -> list[Values]:
    """Return inputs of Horner(10): at random, all zeros, and all as large as they may be."""
    return [
        make_case(*make_random(10, N)),
        make_case([0] * N, 0),
        make_case([MAX_COEFFICIENT] * N, MAX_COEFFICIENT),
    ]


def forge_horner() -> list[Forged]:
    """Return forgeries of Horner(10)."""
    outputs = {"out[0]": "bind[*]", "out[1]": "bind[*]"}
    subject = Subject(Forger(load_horner(N), list(outputs)), NAME, N, make_false_case, outputs)
    return forge_evaluations(subject)


def forge_evaluations(subject: Subject) -> list[Forged]:
    """Return forgeries of a subject's evaluation."""
    kinds = (_forge_sums, _forge_remainders, _forge_points, _forge_values, _forge_limbs)
    return [forged for forge in kinds for forged in forge(subject)]


def _forge_sums(subject: Subject) -> list[Forged]:
    coefficients, z = make_random(1, subject.n)
    forged = []
    for step in STEPS:
        for refused_by, amount in UNSEEN.items():
            inputs = subject.make(coefficients, z, divide_at(step, _raised_by(amount)))
            name = f"{step} off by what only {refused_by} sees"
            forged.append(subject.forger.forge(name, inputs, [f"{subject.name}/{step}/{refused_by}"]))
        inputs = subject.make(coefficients, z, divide_at(step, lambda total: (total // P + 1, total % P)))
        all_three = [f"{subject.name}/{step}/{refused_by}" for refused_by in UNSEEN]
        forged.append(subject.forger.forge(f"{step} of a quotient one too large", inputs, all_three))
    return forged


def _raised_by(amount: int) -> Callable[[int], tuple[int, int]]:
    return lambda total: divmod(total + amount, P)


def _forge_remainders(subject: Subject) -> list[Forged]:
    """The last remainder spelled a second time, P higher: congruent, and in 255 bits."""
    _, z = make_random(2, subject.n)
    forged = []
    for target in (0, 1, (1 << RESIDUE_BITS) - 1 - P):
        coefficients = [*solve(target, z), *[0] * (subject.n - 2)]
        assert evaluate(coefficients, z) == target
        inputs = subject.make(coefficients, z, divide_at("window[1]", lambda total: (total // P - 1, total % P + P)))
        refused_by = [f"{subject.name}/canonical/zeros[0]"]
        forged.append(subject.forger.forge(f"value {target} and P", inputs, refused_by))
    return forged


def _forge_points(subject: Subject) -> list[Forged]:
    """The value at another point than the one asked for; a point beyond 248 bits."""
    coefficients, z = make_random(3, subject.n)
    spelled = {f"{subject.name}/z": tell(*(z >> i & 1 for i in range(ELEMENT_BITS)))}
    elsewhere = subject.make_honest(coefficients, z) | {"z": z ^ 1}
    at_zero = subject.make_honest(coefficients, 0) | {"z": 1 << ELEMENT_BITS}
    refused_by = [f"{subject.name}/z/sum"]
    return [
        subject.forger.forge("z spelled otherwise", elsewhere, refused_by, lies=spelled),
        subject.forger.forge("z of 249 bits, the 248 lowest spelled", at_zero, refused_by),
    ]


def _forge_values(subject: Subject) -> list[Forged]:
    """Another value than the one proved; values of two products that are false, their sum true."""
    inputs = subject.make_honest(*make_random(5, subject.n))
    products = [f"{subject.name}/window[1]/product[{j}]/point[3]" for j in (0, 1)]
    lies: dict[str, Lie] = {products[0]: lambda honest: honest + 1, products[1]: lambda honest: honest - 1}
    return [
        *(
            subject.forger.forge(f"another {word}", inputs, [refused_by], changes={word: inputs[word] + 1})
            for word, refused_by in subject.words.items()
        ),
        subject.forger.forge("two products off, their sum right", inputs, [products[0]], lies=lies),
    ]


def _forge_limbs(subject: Subject) -> list[Forged]:
    """A factor of the right value in limbs that no bits spell: one of the lowest lent to the next."""
    coefficients, z = make_random(4, subject.n)
    inputs = subject.make_honest(coefficients, z)
    return [
        subject.forger.forge(
            f"limbs of {factor} not normalised",
            inputs,
            [f"{subject.name}/{factor}/limb[0]"],
            lies=_lend(f"{subject.name}/{factor}"),
        )
        for factor in ("z", "power[2]", "power[8]", "window[0]")
    ]


def _lend(factor: str) -> dict[str, Lie]:
    return {f"{factor}/limb[0]": lambda honest: honest + X, f"{factor}/limb[1]": lambda honest: honest - 1}
