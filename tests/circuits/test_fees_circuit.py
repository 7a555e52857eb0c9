"""Charges and rates as constraints agree with `rollup.fees`."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circuits.fees import charge_first_fill, compute_fee_rate
from circuits.system import ConstraintSystem, Lie
from rollup import fees as model
from rollup.orders import POST_ONLY, Order
from rollup.units import PPM
from tests.circuits.forging import tell
from tests.circuits.order_gadgets import MAX_48, amounts, signed

ORDER = Order(2, 0, 0, 0, 0, 0, 0, MAX_48, 1)
flags = st.integers(0, 1)


def _charge(
    active: int, filled: int, fee_e6: int, tip_e6: int, lies: dict[str, Lie] | None = None
) -> tuple[list[str], tuple[int, int]]:
    cs = ConstraintSystem(lies=lies)
    charge = charge_first_fill(
        cs,
        active=cs.witness(active),
        filled_before=cs.witness(filled),
        order_fee_e6=cs.witness(fee_e6),
        tip_e6=cs.witness(tip_e6),
    )
    return cs.unsatisfied(), (cs.value(charge.base_fee_e6), cs.value(charge.tip_e6))


@given(active=flags, filled=amounts, fee_e6=amounts, tip_e6=st.integers(0, 2**16 - 1))
def test_charge_agrees_with_the_model(active: int, filled: int, fee_e6: int, tip_e6: int) -> None:
    expected = model.compute_order_charge(replace(ORDER, tip_e6=tip_e6), filled, fee_e6)
    due = (expected.fee_e6, expected.tip_e6) if active else (0, 0)
    assert _charge(active, filled, fee_e6, tip_e6) == ([], due)


@pytest.mark.parametrize(
    ("filled", "lies", "broken"),
    [
        (0, {"first_fill/is_untouched/product": 1}, "first_fill/is_untouched/product"),  # as if filled before
        (5, {"first_fill/is_untouched/inverse": 0}, "first_fill/is_untouched/annihilates"),  # as if not
        (0, {"first_fill/flag": 0}, "first_fill/flag"),
        (0, {"first_fill/base_fee": 8}, "first_fill/base_fee"),
        (0, {"first_fill/tip": 0}, "first_fill/tip"),
    ],
)
def test_invalid_charge_by_a_lie(filled: int, lies: dict[str, int], broken: str) -> None:
    assert _charge(1, filled, 9, 4, {name: tell(value) for name, value in lies.items()})[0] == [broken]


@given(flag=flags, taker=st.integers(0, PPM), maker=st.integers(-PPM, PPM))
def test_fee_rate_agrees_with_the_model(flag: int, taker: int, maker: int) -> None:
    cs = ConstraintSystem()
    rate = compute_fee_rate(cs, cs.witness(flag), cs.witness(taker), cs.witness(maker))
    order = replace(ORDER, flags=POST_ONLY * flag)
    assert cs.first_unsatisfied() is None
    assert signed(cs, rate) == model.compute_fee_rate_ppm(order, 1, (0, taker), (0, maker))
