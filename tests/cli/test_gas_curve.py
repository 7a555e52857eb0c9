"""The curve of gas an order: the law, what fits a blob, and where it meets half of StarkEx's figure."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollup.blob import ELEMENT_COUNT
from rollup.segment import count_elements
from rollup.shapes import BLOCK, SHAPES, Shape
from sequencer.gas_curve import (
    ORDER_STEPS,
    PROOF_STEPS,
    TARGET_GAS,
    AffineLaw,
    compute_curve,
    count_fitting_orders,
    find_orders,
    find_orders_in_one_blob,
    fit_law,
)
from verifier.group import MAX_BATCHES, count_fitting

PINS = json.loads((Path(__file__).parents[1] / "pins" / "gas.json").read_text())
SETTLE_GAS = {n: PINS[f"Rollup: settle {n} of block"] for n in (1, 2, 16, 64)}
LAW = fit_law(SETTLE_GAS)


def test_law_meets_its_ends_and_the_lone_batch() -> None:
    assert [round(LAW.compute_gas(n)) for n in (1, 2, 64)] == [SETTLE_GAS[n] for n in (1, 2, 64)]
    assert LAW.compute_error(2) == pytest.approx(0, abs=1e-12)


def test_gas_of_groups_is_affine() -> None:
    """The point between the ends is on the line; a lone batch, whose proof needs no random factors, is below it."""
    assert abs(LAW.compute_error(16)) < 0.002
    assert 0.03 < LAW.compute_error(1) < 0.04


@given(fixed=st.integers(1, 10**6), each=st.integers(1, 10**6), n_proofs=st.integers(2, 64))
def test_law_of_an_affine_cost_is_that_cost(fixed: int, each: int, n_proofs: int) -> None:
    law = fit_law({n: fixed + each * n for n in (1, 2, 16, 64)})
    assert law.compute_gas(n_proofs) == pytest.approx(fixed + each * n_proofs)
    assert law.compute_error(16) == pytest.approx(0, abs=1e-9)


def test_invalid_cost_that_is_not_affine_shows_as_an_error() -> None:
    assert fit_law({n: 1_000 + n * n for n in (1, 2, 16, 64)}).compute_error(16) > 0.5


def test_curve_of_block() -> None:
    points = {(point.proofs, point.orders): point for point in compute_curve(LAW)}
    assert set(points) == {(n, o) for n in PROOF_STEPS for o in ORDER_STEPS}
    for n in SETTLE_GAS:
        share = SETTLE_GAS[n] / (n * BLOCK.max_orders)
        assert points[n, BLOCK.max_orders].gas_per_order == pytest.approx(share, rel=0.002)
    assert all(points[n, BLOCK.max_orders].fits_one_blob for n in PROOF_STEPS)
    assert points[16, 344].fits_one_blob
    assert not points[64, 172].fits_one_blob


@given(n_proofs=st.integers(1, 64), target=st.floats(100, 5_000))
def test_found_orders_are_the_fewest(n_proofs: int, target: float) -> None:
    orders = find_orders(LAW, n_proofs, target)
    assert LAW.compute_gas(n_proofs) <= target * n_proofs * orders * (1 + 1e-12)
    assert LAW.compute_gas(n_proofs) > target * n_proofs * (orders - 1)


def test_orders_at_half_of_starkex() -> None:
    assert TARGET_GAS == 213
    assert [find_orders(LAW, n) for n in (16, 64)] == [374, 303]


@pytest.mark.parametrize("shape", SHAPES.values(), ids=lambda shape: shape.name)
def test_fitting_orders_agree_with_the_shape(shape: Shape) -> None:
    """As many batches of the shape as a blob holds have room for its orders each; one more has none."""
    most = ELEMENT_COUNT // count_elements(shape)
    assert min(most, MAX_BATCHES) == count_fitting(count_elements(shape))
    assert count_fitting_orders(most, shape) >= shape.max_orders > count_fitting_orders(most + 1, shape)


@given(st.integers(1, 63))
def test_more_batches_leave_less_room(n_proofs: int) -> None:
    assert count_fitting_orders(n_proofs) >= count_fitting_orders(n_proofs + 1) > BLOCK.max_orders


def test_point_in_one_blob_is_the_last_that_fits() -> None:
    point = find_orders_in_one_blob(LAW)
    assert point is not None
    assert (point.proofs, point.orders) == (26, 338)
    assert point.gas_per_order <= TARGET_GAS
    assert point.orders <= count_fitting_orders(point.proofs)
    assert find_orders(LAW, point.proofs + 1) > count_fitting_orders(point.proofs + 1)


def test_invalid_target_below_what_a_blob_can_give() -> None:
    assert find_orders_in_one_blob(LAW, 5) is None
    assert find_orders_in_one_blob(AffineLaw(0, 1, {1: 1})) is not None
