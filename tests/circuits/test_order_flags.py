"""Reduce-only and post-only as constraints agree with `rollup.orders`, also where a hint lies."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circuits.order_flags import Flags, assert_post_only, compute_effective_rest
from circuits.system import ConstraintSystem, Lie
from rollup.orders import POST_ONLY, REDUCE_ONLY, Order, compute_effective_remaining, is_passive
from tests.circuits.forging import tell
from tests.circuits.order_gadgets import MAX_48, amounts, make_fields, make_fill, signed

ORDER = Order(2, 0, 0, 0, 0, 0, 0, MAX_48, 1)
flags = st.integers(0, 1)


def _rest(
    flag: int, rest: int, left: int, *, binds: int, gap: int, lies: dict[str, Lie] | None = None
) -> tuple[list[str], int]:
    """Return what is broken, and what may still be filled where `left` lots of the position are left."""
    cs = ConstraintSystem({"reduce_only/binds": binds}, lies=lies)
    fields = make_fields(cs, {"reduce_gap": gap})
    effective = compute_effective_rest(
        cs, cs.witness(flag), make_fill(cs, size_after=left), cs.witness(rest), fields["reduce_gap"]
    )
    return cs.unsatisfied(), signed(cs, effective)


@given(flag=flags, rest=amounts, left=amounts, fill=st.integers(1, 9), side=flags)
def test_effective_rest_agrees_with_the_model(flag: int, rest: int, left: int, fill: int, side: int) -> None:
    order = replace(ORDER, side=side, size_lots=rest + fill, flags=REDUCE_ONLY * flag)
    held = left + fill  # before the fill, on the side that it closes
    expected = compute_effective_remaining(order, 0, held if side else -held) - fill
    binds = int(flag and left < rest)
    assert _rest(flag, rest, left, binds=binds, gap=abs(rest - left) * flag) == ([], expected)


@given(rest=amounts, left=amounts)
def test_invalid_effective_rest_that_is_not_the_smaller(rest: int, left: int) -> None:
    binds = int(left >= rest)
    broken, effective = _rest(1, rest, left, binds=binds, gap=abs(rest - left))
    assert effective == max(rest, left)
    assert (broken == ["reduce_only/smaller"]) == (rest != left)
    if rest != left:
        gap = {"reduce_gap": tell(-abs(rest - left))}
        assert _rest(1, rest, left, binds=binds, gap=0, lies=gap)[0] == ["reduce_gap/bit[0]"]


@pytest.mark.parametrize(("flag", "binds"), [(0, 1), (1, 2), (1, -1)])
def test_invalid_position_binding_an_order_of_another_kind(flag: int, binds: int) -> None:
    gap = 5 * (2 * binds - 1) * flag
    lies: dict[str, Lie] = {"reduce_gap": tell(gap)} if gap < 0 else {}
    broken, effective = _rest(flag, 12, 7, binds=binds, gap=max(gap, 0), lies=lies)
    assert effective == 12 - 5 * binds
    assert "reduce_only/binds/is_zero_or_flag" in broken
    assert set(broken) <= {"reduce_only/binds/is_zero_or_flag", "reduce_gap/bit[0]"}


def _post(
    flag: int, side: int, price: int, mark: int, limit_gap: int, gap: int, lies: dict[str, Lie] | None = None
) -> list[str]:
    cs = ConstraintSystem(lies=lies)
    fill = make_fill(cs, edge_of_sale=side * (price - mark), clearing_price=price, mark=mark)
    fields = make_fields(cs, {"limit_gap": limit_gap, "post_gap": gap})
    assert_post_only(cs, cs.witness(flag), fill, fields["limit_gap"], fields["post_gap"])
    return cs.unsatisfied()


ticks = st.sampled_from([1, MAX_48]) | st.integers(1, 40) | st.integers(1, MAX_48)


@given(flag=flags, side=flags, price=ticks, mark=ticks, limit_gap=st.integers(0, 40))
def test_post_only_is_satisfied_exactly_inside_the_mark(
    flag: int, side: int, price: int, mark: int, limit_gap: int
) -> None:
    limit = price - limit_gap if side else price + limit_gap
    order = replace(ORDER, side=side, limit_ticks=limit, flags=POST_ONLY * flag)
    inside = (limit - mark if side else mark - limit) - 1
    allowed = not flag or is_passive(order, mark)
    assert (_post(flag, side, price, mark, limit_gap, max(inside, 0)) == []) == allowed
    if not allowed:
        assert _post(1, side, price, mark, limit_gap, 0, {"post_gap": tell(inside)}) == ["post_gap/bit[0]"]


def test_flags_stand_lowest_first() -> None:
    cs = ConstraintSystem()
    word = Flags(*(cs.witness(bit) for bit in (1, 0, 1))).word()
    assert cs.value(word) == 1 + POST_ONLY
