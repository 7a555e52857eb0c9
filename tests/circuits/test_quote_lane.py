"""QuoteLane(K) accepts exactly what the model allows: any of a quote's first K orders, under its one signature."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from circuits.determinism import find_freedom
from rollup.margin import is_provable_close
from tests.circuits.honest_lanes import get_scene, get_scene_names, make_quoted_fills, make_quoted_orders
from tests.circuits.lane_cases import kernel_hashing
from tests.circuits.lane_verdicts import is_allowed, is_cash_in_range_between
from tests.circuits.trade_scenes import CLEARING, LOT, ORDER_FEE_E6, LaneKind, make_account, make_fill_case
from tests.circuits.trade_strategies import fill_lanes, get_margins

QUOTE_LANE = LaneKind(2, is_quote=True)
lanes = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(autouse=True, scope="module")
def hashing() -> Iterator[None]:
    """Hash and sign through the kernel."""
    with kernel_hashing():
        yield


@lanes
@given(data=st.data())
def test_quotes_satisfy_the_circuit_exactly_when_the_model_allows_them(data: st.DataObject) -> None:
    case = data.draw(fill_lanes(QUOTE_LANE))
    assume(is_provable_close(*get_margins(case)) and is_cash_in_range_between(case))
    assert (not case.find_broken_classes()) == is_allowed(case)


def test_every_scene_is_allowed_by_model_and_circuit() -> None:
    for name in get_scene_names(QUOTE_LANE):
        case = get_scene(name, QUOTE_LANE)
        assert is_allowed(case), name
        assert case.find_broken_classes() == set(), name


def test_quote_lane_does_to_an_account_what_a_trade_lane_does() -> None:
    orders, account = make_quoted_orders(), make_account(usd=50_000)
    fills = {place: orders[place].size_lots for place in (0, 1)}
    quoted = make_quoted_fills(account, fills, orders, QUOTE_LANE)
    alone = make_fill_case(account, [(orders[place], lots) for place, lots in fills.items()], lane=LaneKind(2))
    assert quoted.find_broken_classes() == alone.find_broken_classes() == set()
    totals = {name for name in quoted.inputs if "_out" in name}
    assert {name: quoted.inputs[name] for name in totals} == {name: alone.inputs[name] for name in totals}
    assert quoted.lane.after.cash_atoms < account.cash_atoms


def test_no_computed_wire_is_free() -> None:
    cases = [get_scene(name, QUOTE_LANE) for name in get_scene_names(QUOTE_LANE)]
    freedom = find_freedom(case.template.evaluate(case.inputs) for case in cases)
    assert freedom.free == ()
    assert freedom.harmless == ()


def test_partial_fills_of_one_quote_over_several_batches() -> None:
    account, order = make_account(usd=50_000), replace(make_quoted_orders()[0], limit_ticks=CLEARING[1])
    for first, lots in enumerate((1, 3 * LOT, 2 * LOT - 1)):
        case = make_fill_case(account, [(order, lots)], lane=QUOTE_LANE)
        assert case.find_broken_classes() == set()
        assert case.inputs["base_fees_e6_out"] == (0 if first else ORDER_FEE_E6)
        account = case.lane.after
    assert not is_allowed(make_fill_case(account, [(order, 1)], lane=QUOTE_LANE))
