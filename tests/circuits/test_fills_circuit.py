"""A fill as constraints agrees with `rollup.settle` and `rollup.margin`, at every edge of positions and prices."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from circuits.fills import Fill, apply_fill, split_sign
from circuits.system import ConstraintSystem, Lie
from circuits.tables import table_ports
from rollup.field import R
from rollup.margin import compute_fill_cash
from rollup.units import LOT_TICK_ATOMS, SIZE_BITS
from tests.circuits.forging import tell
from tests.circuits.lane_cases import Values, Venue, kernel_hashing
from tests.circuits.test_margin_circuit import get_table_inputs
from tests.circuits.trade_scenes import make_account, make_venue
from tests.circuits.trade_strategies import MAX_SIZE, positions, venues

EDGES = [0, 1, -1, MAX_SIZE, -MAX_SIZE]


@pytest.fixture(autouse=True, scope="module")
def hashing() -> Iterator[None]:
    """Hash and sign through the kernel."""
    with kernel_hashing():
        yield


def _split(position: int, lies: dict[str, Lie] | None = None) -> tuple[list[str], int, int]:
    """Return what is broken, the size and the sign."""
    cs = ConstraintSystem(lies=lies)
    size, short = split_sign(cs, cs.witness(position), name="position")
    return cs.unsatisfied(), cs.value(size), cs.value(short)


@given(position=st.sampled_from(EDGES) | st.integers(-MAX_SIZE, MAX_SIZE))
def test_split_sign_agrees_with_the_model(position: int) -> None:
    assert _split(position) == ([], abs(position), int(position < 0))


@given(position=st.sampled_from(EDGES) | st.integers(-MAX_SIZE, MAX_SIZE))
def test_invalid_sign_by_a_lying_hint(position: int) -> None:
    broken, _, _ = _split(position, {"position/short": lambda short: 1 - short})
    assert broken == (["position/zero_is_positive"] if position == 0 else ["position/size/sum"])


@pytest.mark.parametrize("position", [2**SIZE_BITS, -(2**SIZE_BITS), 2**49 - 1, 1 - 2**49])
def test_invalid_position_beyond_its_bits(position: int) -> None:
    for short in (0, 1):
        broken, _, _ = _split(position, {"position/short": tell(short)})
        assert broken == ["position/size/sum"]


def test_invalid_sign_that_is_no_boolean_makes_a_position_vanish() -> None:
    broken, size, _ = _split(5, {"position/short": tell((R + 1) // 2)})
    assert (broken, size) == (["position/is_short"], 0)


def _apply(
    venue: Venue, sizes_lots: tuple[int, ...], executed: int, **values: int
) -> tuple[ConstraintSystem, Fill, list[int]]:
    """Return the system after one fill, the fill, and the signed sizes after."""
    inputs: Values = {**get_table_inputs(venue), **values}
    cs = ConstraintSystem(inputs)
    tables = table_ports(cs)
    sizes = [cs.witness(abs(size)) for size in sizes_lots]
    signs = [cs.witness(int(size < 0)) for size in sizes_lots]
    fill = apply_fill(cs, tables, cs.witness(executed), sizes, signs)
    after = [cs.value(size) * (1 - 2 * cs.value(sign)) for size, sign in zip(sizes, signs, strict=True)]
    return cs, fill, after


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_fill_agrees_with_the_model(data: st.DataObject) -> None:
    venue = data.draw(venues())
    sizes = make_account(sizes=data.draw(positions(venue))).sizes_lots
    market, side = data.draw(st.integers(0, 15)), data.draw(st.integers(0, 1))
    held = abs(sizes[market])
    lots = data.draw(st.sampled_from([1, max(held, 1), MAX_SIZE]) | st.integers(1, MAX_SIZE))
    delta = -lots if side else lots
    cs, fill, after = _apply(venue, sizes, 1, fill=lots, side=side, market=market)
    expected = [size + delta * (m == market) for m, size in enumerate(sizes)]
    if abs(expected[market]) > MAX_SIZE:
        assert cs.unsatisfied() == ["position_after/size/sum"]
        return
    assert (cs.unsatisfied(), after) == ([], expected)
    price, mark, funding = venue.clearing[market], venue.marks[market], venue.funding[market]
    assert cs.value(fill.cash_change) == compute_fill_cash(delta, price, funding) % R
    assert cs.value(fill.value_change) == delta * (mark * LOT_TICK_ATOMS - funding) % R
    assert cs.value(fill.notional) == lots * price
    assert (cs.value(fill.size_before), cs.value(fill.size_after)) == (held, abs(expected[market]))
    assert [cs.value(hot) for hot in fill.hot] == [int(m == market) for m in range(16)]


@pytest.mark.parametrize("market", [0, 7, 8, 15])
def test_nothing_executed_changes_nothing(market: int) -> None:
    sizes = make_account(sizes={0: 5, 8: -MAX_SIZE}).sizes_lots
    cs, fill, after = _apply(make_venue(), sizes, 0, fill=0, side=1, market=market)
    assert (cs.unsatisfied(), after) == ([], list(sizes))
    assert cs.value(fill.cash_change) == cs.value(fill.notional) == cs.value(fill.value_change) == 0


@pytest.mark.parametrize(("executed", "lots", "rule"), [(0, 1, "fill/none_if_idle"), (1, 0, "fill/at_least_one_lot")])
def test_invalid_fill_without_execution_or_execution_without_fill(executed: int, lots: int, rule: str) -> None:
    cs, _, _ = _apply(make_venue(), make_account().sizes_lots, executed, fill=lots, side=0, market=3)
    assert cs.unsatisfied() == [rule]
