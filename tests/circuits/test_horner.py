"""The polynomial's value in the circuit: against the model, at the field's edges, and forged."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits.determinism import find_freedom
from circuits.horner import LOW_BITS, MAX_WINDOW, evaluate_at
from circuits.horner_inputs import horner_inputs
from circuits.limbs import RESIDUE_BITS, limbs_of
from circuits.linear import LC
from circuits.system import ConstraintSystem
from rollup.bls_field import P, evaluate
from tests.circuits.forging import Forged
from tests.circuits.horner_cases import (
    LAYOUT,
    MAX_COEFFICIENT,
    NAME,
    divide_at,
    load_horner,
    make_case,
    make_false_case,
    make_random,
    solve,
)
from tests.circuits.horner_forgeries import STEPS, N, forge_horner, get_honest_evaluations

coefficients = st.sampled_from([0, 1, MAX_COEFFICIENT]) | st.integers(0, MAX_COEFFICIENT)
points = st.sampled_from([0, 1, MAX_COEFFICIENT]) | st.integers(0, MAX_COEFFICIENT)
POINT = make_random(9, 0)[1]
# values of two coefficients at the field's edges; and where the remainder fits 255 bits a second time
EDGES = [0, 1, (1 << RESIDUE_BITS) - 1 - P, (1 << RESIDUE_BITS) - P, P - 2, P - 1]


def evaluate_in_circuit(polynomial: list[int], z: int, window: int) -> tuple[int, str | None]:
    """Return the value the circuit gives and the first constraint it breaks."""
    cs = ConstraintSystem(horner_inputs(polynomial, z, window=window, name=NAME))
    elements = [limbs_of([(cs.witness(c >> at & (1 << n) - 1), n, at) for n, at in LAYOUT]) for c in polynomial]
    low, high = evaluate_at(cs, elements, cs.witness(z), window=window, name=NAME)
    return cs.value(low) + (cs.value(high) << LOW_BITS), cs.first_unsatisfied()


# --- against the model -----------------------------------------------------------------------------------------------
@settings(max_examples=25, deadline=None)
@given(polynomial=st.lists(coefficients, min_size=2, max_size=20), z=points, window=st.integers(1, MAX_WINDOW))
def test_value_agrees_with_the_model(polynomial: list[int], z: int, window: int) -> None:
    assert evaluate_in_circuit(polynomial, z, window) == (evaluate(polynomial, z), None)


@pytest.mark.parametrize("z", [0, 1, MAX_COEFFICIENT])
@pytest.mark.parametrize("coefficient", [0, MAX_COEFFICIENT])
@pytest.mark.parametrize(("n", "window"), [(2, 8), (9, 8), (10, 8), (16, 8), (17, 8), (64, 8), (48, MAX_WINDOW)])
def test_value_of_coefficients_all_alike(n: int, window: int, coefficient: int, z: int) -> None:
    polynomial = [coefficient] * n
    assert evaluate_in_circuit(polynomial, z, window) == (evaluate(polynomial, z), None)


@pytest.mark.parametrize("value", EDGES)
def test_values_at_the_edges_of_the_field(value: int) -> None:
    assert evaluate_in_circuit(solve(value, POINT), POINT, 8) == (value, None)
    # as an accumulator too: the same two coefficients eight places higher
    polynomial = [*[0] * 8, *solve(value, POINT)]
    assert evaluate_in_circuit(polynomial, POINT, 8) == (value * pow(POINT, 8, P) % P, None)


def test_words_are_the_low_128_and_the_high_127_bits() -> None:
    inputs = make_case(*make_random(5, N))
    value = evaluate(*make_random(5, N))
    assert (inputs["out[0]"], inputs["out[1]"]) == (value % 2**128, value >> 128)
    assert load_horner(N).find_broken(inputs) == []


@pytest.mark.parametrize("window", [0, MAX_WINDOW + 1])
def test_invalid_window(window: int) -> None:
    cs = ConstraintSystem(evaluate=False)
    with pytest.raises(AssertionError, match=f"a window of {window}"):
        evaluate_at(cs, [[LC.constant(1)] * 4] * 3, cs.private("z"), window=window, name=NAME)


def test_invalid_single_coefficient() -> None:
    cs = ConstraintSystem(evaluate=False)
    with pytest.raises(AssertionError, match="a constant needs no evaluation"):
        evaluate_at(cs, [[LC.constant(1)] * 4], cs.private("z"), name=NAME)


# --- remainders that are not canonical -------------------------------------------------------------------------------
@pytest.mark.parametrize("target", EDGES[:3])
def test_accumulator_may_be_spelled_a_second_time(target: int) -> None:
    polynomial = [*[3] * 8, *solve(target, POINT)]
    inputs = make_false_case(polynomial, POINT, divide_at("window[0]", _one_p_higher))
    assert inputs != make_case(polynomial, POINT)
    assert [inputs[f"out[{i}]"] for i in (0, 1)] == [make_case(polynomial, POINT)[f"out[{i}]"] for i in (0, 1)]
    assert load_horner(N).find_broken(inputs) == []


@pytest.mark.parametrize("target", EDGES[3:])
def test_invalid_accumulator_of_256_bits(target: int) -> None:
    polynomial = [*[3] * 8, *solve(target, POINT)]
    inputs = make_false_case(polynomial, POINT, divide_at("window[0]", _one_p_higher))
    assert load_horner(N).find_broken_classes(inputs) >= {"x/window[*]/high/sum", "x/window[*]/modulo_r"}


def _one_p_higher(total: int) -> tuple[int, int]:
    return total // P - 1, total % P + P


@pytest.mark.parametrize("step", STEPS)
def test_invalid_remainder_one_p_lower(step: str) -> None:
    """Negative, so only as limbs that no bits spell: what is read of them is another number, and refused."""
    polynomial, z = make_random(6, N)
    inputs = make_case(polynomial, z)
    name = f"{NAME}/{step}"
    remainder = sum(inputs[f"{name}/remainder[{i}]"] << 65 * i for i in range(4)) - P
    inputs |= {f"{name}/remainder[{i}]": remainder >> 65 * i & (1 << 65) - 1 for i in range(4)}
    assert f"x/{step.split('[')[0]}[*]/modulo_r" in load_horner(N).find_broken_classes(inputs)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("what", ["quotient", "remainder"])
def test_invalid_limbs_swapped(step: str, what: str) -> None:
    inputs = make_case(*make_random(7, N))
    low, high = f"{NAME}/{step}/{what}[0]", f"{NAME}/{step}/{what}[1]"
    swapped = inputs | {low: inputs[high], high: inputs[low]}
    assert f"{NAME}/{step}/low/sum" in load_horner(N).find_broken(swapped)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("carry", ["low", "high"])
@pytest.mark.parametrize("shift", [1, -1])
def test_invalid_carry_spelled_otherwise(step: str, carry: str, shift: int) -> None:
    lies = {f"{NAME}/{step}/{carry}": lambda bits: _spell(bits, shift)}
    broken = load_horner(N).find_broken(make_case(*make_random(8, N)), lies)
    assert broken == [f"{NAME}/{step}/{carry}/sum"]


def _spell(bits: list[int], shift: int) -> list[int]:
    number = sum(bit << i for i, bit in enumerate(bits)) + shift
    return [number >> i & 1 for i in range(len(bits))]


# --- forgeries, determinism ------------------------------------------------------------------------------------------
FORGED = forge_horner()


@pytest.mark.parametrize("forged", FORGED, ids=lambda forged: forged.name)
def test_invalid_forgery_is_refused_by_what_should(forged: Forged) -> None:
    assert load_horner(N).find_broken_classes(forged.inputs, forged.lies) == forged.refused_by


def test_every_computed_wire_is_pinned() -> None:
    freedom = find_freedom([load_horner(N).evaluate(inputs) for inputs in get_honest_evaluations()])
    assert freedom.free == ()
    assert freedom.harmless == ()
