"""Funding as constraints agrees with `rollup.funding`, rounding included; each lie is refused by its constraint."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits import funding as circuit
from circuits.linear import LC
from circuits.system import ConstraintSystem, Lie
from rollup import funding as model
from rollup.units import MAX_ELAPSED_S, PPM, PREMIUM_ONE
from tests.circuits.forging import tell
from tests.circuits.gadget_cases import Ran, run_gadget

TOP = model.MAX_FUNDING_INDEX
MARK = 25_000_000
indices = st.sampled_from([0, TOP, -TOP, TOP - 1, 1 - TOP]) | st.integers(-TOP, TOP)
premiums = st.sampled_from([0, 1, -1, PREMIUM_ONE, -PREMIUM_ONE]) | st.integers(-PREMIUM_ONE, PREMIUM_ONE)
clamps = st.sampled_from([0, 1, PPM]) | st.integers(0, PPM)
marks = st.sampled_from([1, MARK, 2**48 - 1]) | st.integers(1, 2**48 - 1)
seconds = st.sampled_from([1, 28_800, MAX_ELAPSED_S]) | st.integers(1, MAX_ELAPSED_S)


def run_index(*operands: int, lies: dict[str, Lie] | None = None) -> Ran:
    return run_gadget(circuit.step_funding_index, *operands, lies=lies)


def run_sample(price: int, mark: int, lies: dict[str, Lie] | None = None) -> Ran:
    return run_gadget(lambda cs, p, m: circuit.compute_sample(cs, p, m, name="x"), price, mark, lies=lies)


def run_premium(
    premium: int, sample: int, weight_ppm: int, elapsed_s: int, window_s: int, lies: dict[str, Lie] | None = None
) -> Ran:
    def gadget(cs: ConstraintSystem, *wires: LC) -> LC:
        before, sampled, weight, elapsed, window = wires
        return circuit.step_premium(cs, before, sampled, weight, seconds=elapsed, whole=window * PPM, name="x")

    return run_gadget(gadget, premium, sample, weight_ppm, min(elapsed_s, window_s), window_s, lies=lies)


@given(index=indices, premium=premiums, clamp_ppm=clamps, mark=marks, elapsed_s=seconds)
def test_index_agrees_with_the_model(index: int, premium: int, clamp_ppm: int, mark: int, elapsed_s: int) -> None:
    operands = (index, premium, clamp_ppm, mark, elapsed_s)
    ran = run_index(*operands)
    assert (ran.value, ran.broken, ran.free) == (model.step_funding_index(*operands), (), ())


def test_index_at_the_most_that_funding_can_be() -> None:
    for sign in (1, -1):
        operands = (sign * TOP, sign * PREMIUM_ONE, PPM, 2**48 - 1, MAX_ELAPSED_S)
        assert (run_index(*operands).value, run_index(*operands).broken) == (sign * TOP, ())
        back = (-sign * TOP, *operands[1:])
        assert run_index(*back).value == model.step_funding_index(*back) != -sign * TOP


@given(mark=marks, data=st.data())
def test_sample_agrees_with_the_model(mark: int, data: st.DataObject) -> None:
    price = data.draw(st.integers(0, min(2 * mark, 2**48 - 1)))
    ran = run_sample(price, mark)
    assert (ran.value, ran.broken, ran.free) == (model.compute_sample(price, mark), (), ())


@given(premium=premiums, sample=premiums, weight_ppm=clamps, elapsed_s=seconds, window_s=st.integers(1, 2**16 - 1))
def test_premium_agrees_with_the_model(
    premium: int, sample: int, weight_ppm: int, elapsed_s: int, window_s: int
) -> None:
    operands = (premium, sample, weight_ppm, elapsed_s, window_s)
    ran = run_premium(*operands)
    assert (ran.value, ran.broken) == (model.step_premium(*operands), ())
    assert ran.free == ()


def test_premium_of_full_weight_is_the_sample() -> None:
    assert run_premium(-PREMIUM_ONE, PREMIUM_ONE, PPM, 9, 9).value == PREMIUM_ONE
    assert run_premium(PREMIUM_ONE, -PREMIUM_ONE, PPM, 9, 9).value == -PREMIUM_ONE


LONG_PAYS = (0, 10**9 - 7, 1_000, MARK, 60)  # almost 0.1 % over eight hours, for a minute


@pytest.mark.parametrize(
    ("lies", "broken"),
    [
        ({"rate": tell(1)}, {"rate"}),
        ({"rate/within": tell(0)}, {"rate/within"}),
        ({"rate/negative": tell(1)}, {"rate/magnitude/sum"}),
        ({"paid/a_second": tell(0)}, {"paid/a_second"}),
        ({"paid": tell(0)}, {"paid"}),
        ({"change": lambda said: [said[0] + 1, said[1]]}, {"change/product"}),
        ({"index/within": tell(5)}, {"index/within"}),
        ({"index/negative": tell(1)}, {"index/magnitude/sum"}),
    ],
)
def test_invalid_index_from_a_lie(lies: dict[str, Lie], broken: set[str]) -> None:
    assert set(run_index(*LONG_PAYS, lies=lies).broken) == broken


def test_invalid_index_rounded_up() -> None:
    operands = (0, -1, PPM, 1, 1)  # floors to -1
    lied = run_index(*operands, lies={"change": lambda said: [said[0] + 1, said[1] - 28_800 * PPM]})
    assert (run_index(*operands).value, lied.value) == (-1, 0)
    assert lied.broken == ("change/remainder/sum",)


def test_invalid_premium_rounded_otherwise() -> None:
    lied = run_premium(
        5, 9, 500_000, 60, 28_800, lies={"x/average": lambda said: [said[0] + 1, said[1] - 28_800 * PPM]}
    )
    assert lied.broken == ("x/average/remainder/sum",)
    lied = run_premium(
        5, 9, 500_000, 60, 28_800, lies={"x/average": lambda said: [said[0] - 1, said[1] + 28_800 * PPM]}
    )
    assert lied.broken == ("x/average/below/sum",)


def test_invalid_premium_over_no_window() -> None:
    assert run_premium(5, 9, 500_000, 60, 0).broken == ("x/average/below/sum",)


@pytest.mark.parametrize(("price", "refused"), [(2 * MARK, False), (3 * MARK, True)])
def test_invalid_sample_of_a_price_beyond_every_band(price: int, refused: bool) -> None:
    assert bool(run_sample(price, MARK).broken) is refused


@settings(max_examples=5)
@given(price=st.integers(1, MARK))
def test_invalid_sample_over_no_mark(price: int) -> None:
    assert run_sample(price, 0).broken == ("x/ratio/below/sum", "x/ratio/product")


def test_counts() -> None:
    counted = (run_index(*LONG_PAYS), run_sample(MARK, MARK), run_premium(0, 0, 0, 1, 1))
    assert tuple(ran.n_constraints for ran in counted) == (283, 141, 120)
