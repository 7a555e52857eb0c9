"""Forged evaluations: were the class that refuses it dropped, the circuit would accept a false value."""

from __future__ import annotations

from collections.abc import Callable

from circuits.limbs import LIMB_BITS, RESIDUE_BITS, TOTAL_BITS, X
from circuits.system import Lie
from rollup.bls_field import ELEMENT_BITS, P, evaluate
from rollup.field import R
from tests.circuits.forging import Forged, Forger, tell
from tests.circuits.horner_cases import (
    MAX_COEFFICIENT,
    NAME,
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


def get_honest_evaluations() -> list[Values]:
    """Return inputs of Horner(10): at random, all zeros, and all as large as they may be."""
    return [
        make_case(*make_random(10, N)),
        make_case([0] * N, 0),
        make_case([MAX_COEFFICIENT] * N, MAX_COEFFICIENT),
    ]


def forge_horner() -> list[Forged]:
    """Return forgeries of Horner(10)."""
    forger = Forger(load_horner(N), ["out[0]", "out[1]"])
    kinds = (_forge_sums, _forge_remainders, _forge_points, _forge_values, _forge_limbs)
    return [forged for forge in kinds for forged in forge(forger)]


def _forge_sums(forger: Forger) -> list[Forged]:
    coefficients, z = make_random(1, N)
    forged = []
    for step in STEPS:
        for refused_by, amount in UNSEEN.items():
            inputs = make_false_case(coefficients, z, divide_at(step, _raised_by(amount)))
            name = f"{step} off by what only {refused_by} sees"
            forged.append(forger.forge(name, inputs, [f"{NAME}/{step}/{refused_by}"]))
        inputs = make_false_case(coefficients, z, divide_at(step, lambda total: (total // P + 1, total % P)))
        all_three = [f"{NAME}/{step}/{refused_by}" for refused_by in UNSEEN]
        forged.append(forger.forge(f"{step} of a quotient one too large", inputs, all_three))
    return forged


def _raised_by(amount: int) -> Callable[[int], tuple[int, int]]:
    return lambda total: divmod(total + amount, P)


def _forge_remainders(forger: Forger) -> list[Forged]:
    """The last remainder spelled a second time, P higher: congruent, and in 255 bits."""
    _, z = make_random(2, N)
    forged = []
    for target in (0, 1, (1 << RESIDUE_BITS) - 1 - P):
        coefficients = [*solve(target, z), *[0] * (N - 2)]
        assert evaluate(coefficients, z) == target
        inputs = make_false_case(coefficients, z, divide_at("window[1]", lambda total: (total // P - 1, total % P + P)))
        forged.append(forger.forge(f"value {target} and P", inputs, [f"{NAME}/canonical/zeros[0]"]))
    return forged


def _forge_points(forger: Forger) -> list[Forged]:
    """The value at another point than the one asked for; a point beyond 248 bits."""
    coefficients, z = make_random(3, N)
    spelled = {f"{NAME}/z": tell(*(z >> i & 1 for i in range(ELEMENT_BITS)))}
    elsewhere = make_case(coefficients, z) | {"z": z ^ 1}
    at_zero = make_case(coefficients, 0) | {"z": 1 << ELEMENT_BITS}
    refused_by = [f"{NAME}/z/sum"]
    return [
        forger.forge("z spelled otherwise", elsewhere, refused_by, lies=spelled),
        forger.forge("z of 249 bits, the 248 lowest spelled", at_zero, refused_by),
    ]


def _forge_values(forger: Forger) -> list[Forged]:
    """Another value than the one proved; values of two products that are false, their sum true."""
    inputs = make_case(*make_random(5, N))
    products = [f"{NAME}/window[1]/product[{j}]/point[3]" for j in (0, 1)]
    lies: dict[str, Lie] = {products[0]: lambda honest: honest + 1, products[1]: lambda honest: honest - 1}
    return [
        *(
            forger.forge(f"another {word}", inputs, ["bind[*]"], changes={word: inputs[word] + 1})
            for word in ("out[0]", "out[1]")
        ),
        forger.forge("two products off, their sum right", inputs, [products[0]], lies=lies),
    ]


def _forge_limbs(forger: Forger) -> list[Forged]:
    """A factor of the right value in limbs that no bits spell: one of the lowest lent to the next."""
    coefficients, z = make_random(4, N)
    inputs = make_case(coefficients, z)
    return [
        forger.forge(f"limbs of {factor} not normalised", inputs, [f"{NAME}/{factor}/limb[0]"], lies=_lend(factor))
        for factor in ("z", "power[2]", "power[8]", "window[0]")
    ]


def _lend(factor: str) -> dict[str, Lie]:
    return {
        f"{NAME}/{factor}/limb[0]": lambda honest: honest + X,
        f"{NAME}/{factor}/limb[1]": lambda honest: honest - 1,
    }
