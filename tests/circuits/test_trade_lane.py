"""TradeLane(K) accepts exactly what the model allows, and leaves no computed wire to the prover's choice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from circuits.determinism import find_freedom
from rollup.margin import is_provable_close
from tests.circuits.honest_lanes import get_scene, get_scene_names
from tests.circuits.lane_cases import kernel_hashing
from tests.circuits.lane_verdicts import is_allowed, is_cash_in_range_between
from tests.circuits.trade_cases import load_trade_lane
from tests.circuits.trade_scenes import (
    LOT,
    LaneKind,
    make_account,
    make_fill_case,
    make_order,
    make_venue,
)
from tests.circuits.trade_strategies import fill_lanes, get_margins, liquidation_lanes

lanes = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(autouse=True, scope="module")
def hashing() -> Iterator[None]:
    """Hash and sign through the kernel."""
    with kernel_hashing():
        yield


@pytest.mark.parametrize("lane", [LaneKind(1), LaneKind(2)])
@lanes
@given(data=st.data())
def test_fills_satisfy_the_circuit_exactly_when_the_model_allows_them(lane: LaneKind, data: st.DataObject) -> None:
    case = data.draw(fill_lanes(lane))
    assume(is_provable_close(*get_margins(case)) and is_cash_in_range_between(case))
    assert (not case.find_broken_classes()) == is_allowed(case)


@pytest.mark.parametrize("lane", [LaneKind(1), LaneKind(2)])
@lanes
@given(data=st.data())
def test_liquidations_satisfy_the_circuit_exactly_when_the_model_allows_them(
    lane: LaneKind, data: st.DataObject
) -> None:
    case = data.draw(liquidation_lanes(lane))
    assert (not case.find_broken_classes()) == is_allowed(case)


@pytest.mark.parametrize("lane", [LaneKind(1), LaneKind(2)])
def test_every_scene_is_allowed_by_model_and_circuit(lane: LaneKind) -> None:
    for name in get_scene_names(lane):
        case = get_scene(name, lane)
        assert is_allowed(case), name
        assert case.find_broken_classes() == set(), name


def test_partial_fills_of_one_order_over_several_lanes() -> None:
    venue, account = make_venue(), make_account(usd=20_000)
    order = make_order(venue, 10 * LOT)
    for fill_lots in (1, 4 * LOT, 6 * LOT - 1):
        case = make_fill_case(account, [(order, fill_lots)], venue=venue)
        assert case.find_broken_classes() == set()
        account = case.lane.after
    assert not is_allowed(make_fill_case(account, [(order, 1)], venue=venue))


def test_invalid_growth_before_a_larger_reduction_though_the_model_would_net_it() -> None:
    """The circuit looks at each fill, the model at the lane: they part only where an account trades on both sides of a
    market in one batch, which the auction holds back as trading against himself."""
    venue = make_venue(clearing_ticks=(), params=replace(make_venue().params, taker_fee_ppm=(0,) * 8))
    account = make_account(sizes={0: 100 * LOT})
    account = replace(account, cash_atoms=-100 * LOT * (venue.marks[0] * 10**6 - venue.funding[0]) + 60 * 10**18)
    buy, sell = make_order(venue, 2 * LOT), make_order(venue, -50 * LOT, slot=5)
    case = make_fill_case(account, [(buy, 2 * LOT), (sell, 50 * LOT)], venue=venue, lane=LaneKind(2))
    assert is_allowed(case)
    assert case.find_broken_classes() == {"order[*]/shrinks_where_it_must"}
    one_sided = make_fill_case(account, [(sell, 48 * LOT)], venue=venue, lane=LaneKind(2))
    assert one_sided.find_broken_classes() == set()


@pytest.mark.parametrize("lane", [LaneKind(1), LaneKind(2)])
def test_no_computed_wire_is_free(lane: LaneKind) -> None:
    """Free at no scene; harmless (the inverse of a zero, which nothing reads) at some, but each pinned by another."""
    cases = [get_scene(name, lane) for name in get_scene_names(lane)]
    freedom = find_freedom(case.template.evaluate(case.inputs) for case in cases)
    assert freedom.free == ()
    assert freedom.harmless == ()


@pytest.mark.parametrize(
    "dropped",
    [
        "order[*]/position_after/size/bit[*]",
        "account/leaf_after/rounds/sbox[*][*]/fifth",
        "order[*]/signature/ladder/step[*]/first_slope",
    ],
)
def test_invalid_circuit_without_a_constraint_has_a_free_wire(dropped: str) -> None:
    lane = load_trade_lane(1)
    freedom = find_freedom([lane.evaluate(get_scene("opening").inputs)], without=[dropped])
    assert freedom.free
