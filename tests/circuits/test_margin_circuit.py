"""Margins as constraints agree with `rollup.margin`; a lane closes at its bound and not one atom below."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from circuits import margin as circuit
from circuits.system import ConstraintSystem, Lie
from circuits.tables import table_ports
from rollup import margin as model
from rollup.units import CASH_BITS, EQUITY_BITS, REQUIREMENT_BITS
from tests.circuits.lane_cases import Values, Venue, kernel_hashing
from tests.circuits.trade_cases import TradeCase, make_trade_case
from tests.circuits.trade_scenes import LOT, LaneKind, make_account, make_fill_case, make_order, make_venue, margin_at
from tests.circuits.trade_strategies import MAX_CASH, positions, venues

CLOSE_RULE = "margin/close/not_negative/sum"
many = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
cash_amounts = st.sampled_from([0, -1, MAX_CASH, -MAX_CASH]) | st.integers(-MAX_CASH, MAX_CASH)


@pytest.fixture(autouse=True, scope="module")
def hashing() -> Iterator[None]:
    """Hash and sign through the kernel."""
    with kernel_hashing():
        yield


def get_table_inputs(venue: Venue) -> Values:
    """Return the tables' ports at a venue."""
    inputs = make_trade_case(venue, 2, make_account()).inputs
    return {name: value for name, value in inputs.items() if name.startswith("table/")}


def _signed(cs: ConstraintSystem, value: int) -> int:
    """Return a wire's value read as a signed number."""
    modulus = cs.value(-1) + 1
    return value - modulus if value > modulus // 2 else value


@many
@given(data=st.data(), cash_atoms=cash_amounts)
def test_margin_agrees_with_the_model(data: st.DataObject, cash_atoms: int) -> None:
    venue = data.draw(venues())
    sizes_lots = data.draw(positions(venue))
    account = make_account(cash_atoms=cash_atoms, sizes=sizes_lots, last_touched_s=venue.timestamp_s)
    cs = ConstraintSystem(get_table_inputs(venue))
    tables = table_ports(cs)
    cash = cs.witness(cash_atoms)
    sizes = [cs.witness(abs(size)) for size in account.sizes_lots]
    signs = [cs.witness(int(size < 0)) for size in account.sizes_lots]
    got = circuit.compute_margin(cs, cash, sizes, signs, tables, name="margin")
    free = circuit.compute_free_collateral(cs, cash, sizes, signs, tables, name="free")
    expected = margin_at(venue, account)
    assert cs.first_unsatisfied() is None
    values = [_signed(cs, cs.value(wire)) for wire in (got.equity, got.initial, got.maintenance, free)]
    assert values == [*expected, expected.equity - expected.initial]


requirements = st.integers(0, 2**100 - 1)
equities = st.integers(-(2**107), 2**107)


def _close(before: model.Margin, after: model.Margin, healthy: int, lies: dict[str, Lie] | None = None) -> list[str]:
    """Return the constraints of a close that are broken."""
    cs = ConstraintSystem(lies=lies)
    opened, closed = (circuit.Margin(*(cs.witness(part) for part in margin)) for margin in (before, after))
    circuit.assert_valid_close(cs, opened, closed, cs.witness(healthy), name="close")
    return cs.unsatisfied()


@many
@given(before=st.builds(model.Margin, equities, requirements, requirements), data=st.data())
def test_close_is_accepted_exactly_by_the_rule(before: model.Margin, data: st.DataObject) -> None:
    initial, maintenance = data.draw(requirements), data.draw(requirements)
    even = before.equity * maintenance // before.maintenance if before.maintenance else 0
    near = st.sampled_from([initial - 1, initial, initial + 1, even - 1, even, even + 1])
    after = model.Margin(data.draw(equities | near), initial, maintenance)
    assert (not _close(before, after, 1)) == (after.equity >= after.initial)
    if model.is_provable_close(before, after._replace(initial=after.equity + 1)):
        assert (not _close(before, after, 0)) == model.is_healthier(before, after)


@pytest.mark.parametrize("healthy", [0, 1])
def test_invalid_close_by_lying_bits(healthy: int) -> None:
    before, after = model.Margin(50, 100, 60), model.Margin(49, 100, 60)
    assert _close(before, after, healthy) == ["close/not_negative/sum"]
    surplus = -51 if healthy else 49 * 60 - 50 * 60
    in_one_bit = {"close/not_negative": lambda bits: [surplus, *bits[1:]]}
    zeros = {"close/not_negative": lambda bits: [surplus, *(0 for _ in bits[1:])]}
    assert "close/not_negative/bit[0]" in _close(before, after, healthy, in_one_bit)
    assert _close(before, after, healthy, zeros) == ["close/not_negative/bit[0]"]


def test_products_of_the_largest_margins_do_not_wrap() -> None:
    equity, required = 2**EQUITY_BITS - 1, 2**REQUIREMENT_BITS - 1
    best, worst = model.Margin(equity, 0, required), model.Margin(-equity, 0, required)
    assert _close(best, worst, 0) == ["close/not_negative/sum"]
    assert _close(worst, worst, 0) == []


@pytest.mark.parametrize(
    ("cash_atoms", "is_in_range"),
    [(-(2**CASH_BITS), True), (-(2**CASH_BITS) - 1, False), (2**CASH_BITS - 1, True), (2**CASH_BITS, False), (0, True)],
)
def test_cash_range(cash_atoms: int, is_in_range: bool) -> None:
    cs = ConstraintSystem()
    circuit.assert_cash_in_range(cs, cs.witness(cash_atoms), name="cash")
    assert cs.unsatisfied() == ([] if is_in_range else ["cash/sum"])


def _close_with_surplus(surplus_atoms: int, capacity: int, market: int) -> TradeCase:
    """Return a lane that closes with so much equity over the initial requirement."""
    venue = make_venue()
    order = make_order(venue, -7 * LOT, market=market)
    account = make_account(sizes={0: 3 * LOT, 9: -LOT})
    for _ in range(2):
        case = make_fill_case(account, [(order, 7 * LOT)], venue=venue, lane=LaneKind(capacity))
        closed = margin_at(venue, case.lane.after)
        account = replace(account, cash_atoms=account.cash_atoms + closed.initial - closed.equity + surplus_atoms)
    assert closed.equity - closed.initial == surplus_atoms
    return case


@pytest.mark.parametrize("market", [0, 1, 9])
@pytest.mark.parametrize("capacity", [1, 2])
@pytest.mark.parametrize("surplus_atoms", [0, 1])
def test_close_at_the_initial_requirement(capacity: int, market: int, surplus_atoms: int) -> None:
    assert _close_with_surplus(surplus_atoms, capacity, market).find_broken_classes() == set()


@pytest.mark.parametrize("market", [0, 1, 9])
@pytest.mark.parametrize("capacity", [1, 2])
def test_invalid_close_one_atom_below_the_initial_requirement(capacity: int, market: int) -> None:
    case = _close_with_surplus(-1, capacity, market)
    assert case.find_broken_classes({"margin/healthy": 1}) == {CLOSE_RULE}
    assert "order[*]/shrinks_where_it_must" in case.find_broken_classes({"margin/healthy": 0})
