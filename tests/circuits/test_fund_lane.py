"""FundLane: accounts 0 and 1 take what is due, no more and no less; the fund trades as the model allows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from circuits.determinism import find_freedom
from rollup.accounts import Account
from rollup.errors import TxRejected
from rollup.field import R
from rollup.fund import FundDues, apply_fund_fill, compute_notional, get_fund_delta, is_fund_price
from rollup.trace import FundFillTrace
from tests.circuits.forging import assert_refused_as_meant
from tests.circuits.frame_cases import load_frame
from tests.circuits.fund_cases import FUND, FUND_OUTPUTS, TREASURY, FundTurn, make_fund_inputs
from tests.circuits.fund_forgeries import forge_fund_lanes, get_honest_fund_lanes
from tests.circuits.lane_cases import kernel_hashing
from tests.circuits.trade_scenes import LOT, MARKS, make_account, make_venue

MOST_CASH, MOST_SIZE = 2**120 - 1, 2**48 - 1


@pytest.fixture(autouse=True, scope="module")
def hashing() -> Iterator[None]:
    """Hash through the kernel."""
    with kernel_hashing():
        yield


def run_model(turn: FundTurn) -> tuple[Account, Account] | None:
    """Return fund and treasury after the lane by the model's rules, None where these do not allow it."""
    fill, venue = turn.fill, turn.venue
    try:
        fund = turn.holding
        if fill is not None:
            price, delta = venue.clearing[fill.market], get_fund_delta(fund, fill)
            allowed = 1 <= fill.fill_lots <= abs(fund.sizes_lots[fill.market])
            allowed &= is_fund_price(price, venue.marks[fill.market], delta, venue.params.fund_band_ppm)
            if not allowed or compute_notional(fill, venue.clearing) > turn.budget:
                return None
            fund = replace(fund, cash_atoms=fund.cash_atoms + turn.dues.fund_atoms)  # in range or not: the fill decides
            fund = apply_fund_fill(fund, fill.market, delta, price, venue.funding[fill.market])
        else:
            fund = fund.with_changes(cash_atoms=fund.cash_atoms + turn.dues.fund_atoms)
        treasury_cash = turn.treasury.cash_atoms + turn.dues.treasury_atoms
        return fund, turn.treasury.with_changes(cash_atoms=treasury_cash)
    except TxRejected:
        return None


def check_agreement(turn: FundTurn) -> bool:
    """Return whether the model takes the accounts after, having asserted that the lane is satisfied just then."""
    lane, expected = load_frame("FundLane"), run_model(turn)
    inputs = make_fund_inputs(turn)
    broken = lane.find_broken(inputs)
    assert (expected is not None) == (not broken), broken
    if expected is not None:
        assert expected == turn.force()
        followed = lane.follow(inputs | dict.fromkeys(FUND_OUTPUTS, 0), {}, FUND_OUTPUTS)
        assert {name: followed[name] for name in FUND_OUTPUTS} == {name: inputs[name] % R for name in FUND_OUTPUTS}
    return expected is not None


cash = st.sampled_from([0, MOST_CASH, -MOST_CASH]) | st.integers(-(10**30), 10**30)
atoms = st.sampled_from([0, 1]) | st.integers(0, 2**116)
sizes = st.sampled_from([0, 0, 1, -1, MOST_SIZE, -MOST_SIZE]) | st.integers(-(10**9), 10**9)
holdings = st.fixed_dictionaries(dict.fromkeys((0, 1, 9, 15), sizes))


@st.composite
def fund_turns(draw: st.DrawFn) -> FundTurn:
    """Return any accounts, takeovers and dues, and mostly a fill at the edge of what it may be."""
    # rents, fees and penalties of a batch; the treasury's may be negative: rebates
    dues = FundDues(draw(atoms), draw(st.integers(0, 2**60)), draw(atoms), draw(atoms) - 5, draw(st.integers(0, 2**30)))
    held, more = draw(holdings), draw(holdings)
    fund = Account(cash_atoms=draw(cash), sizes_lots=make_account(sizes=held).sizes_lots)
    taken = make_account(cash_atoms=draw(st.integers(-(10**28), 10**28)), sizes=more)
    market = draw(st.sampled_from([0, 1, 9, 15]))
    edge = abs(held[market] + more[market])
    lots = draw(st.sampled_from([1, edge, edge, edge + 1]) | st.integers(1, 10**9))
    fill = FundFillTrace(market, max(lots, 1)) if lots <= MOST_SIZE and draw(st.booleans()) else None
    ticks = {
        m: draw(st.sampled_from([-1, 1])) * (MARKS[m] // 1_000 + draw(st.sampled_from([-1, 0, 1]))) for m in (0, 1)
    }
    base = FundTurn().venue
    clearing = tuple(MARKS[m] + ticks[m] for m in (0, 1))
    venue = replace(base, clearing_ticks=clearing)
    notional = compute_notional(fill, venue.clearing)
    budget = draw(st.sampled_from([notional, notional + 1, max(notional - 1, 0), 2**88 - 1]))
    treasury = replace(TREASURY, cash_atoms=draw(cash), last_touched_s=draw(st.integers(0, 2**40 - 1)))
    return FundTurn(fund, treasury, taken, dues, fill, min(budget, 2**88 - 1), venue)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(turn=fund_turns())
def test_turns_agree_with_the_model(turn: FundTurn) -> None:
    check_agreement(turn)


NOTHING = FundDues(0, 0, 0, 0, 0)
PENNIES = FundDues(10, 0, 0, 10, 0)


@pytest.mark.parametrize(("over_atoms", "accepted"), [(-1, True), (0, True), (1, False)])
@pytest.mark.parametrize("which", [0, 1])
def test_cash_up_to_its_edge(which: int, over_atoms: int, accepted: bool) -> None:
    accounts = [FUND, TREASURY]
    accounts[which] = replace(accounts[which], cash_atoms=MOST_CASH - 10 + over_atoms)
    assert check_agreement(FundTurn(accounts[0], accounts[1], dues=PENNIES)) is accepted


def test_debt_down_to_one_atom_past_the_model() -> None:
    """The circuit's range is [-2**120, 2**120): on the negative side one atom wider than |cash| < 2**120."""
    lane = load_frame("FundLane")
    for cash_atoms, accepted in ((-MOST_CASH, True), (-MOST_CASH - 1, True), (-MOST_CASH - 2, False)):
        inputs = make_fund_inputs(FundTurn(replace(FUND, cash_atoms=cash_atoms), dues=NOTHING))
        assert (lane.find_broken(inputs) == []) is accepted


@pytest.mark.parametrize(("more_lots", "accepted"), [(-1, True), (0, True), (1, False)])
def test_fill_up_to_the_whole_position(more_lots: int, accepted: bool) -> None:
    for market, size in ((0, 40 * LOT), (1, -2 * LOT)):
        turn = FundTurn(taken=make_account(sizes={market: size}))
        assert check_agreement(replace(turn, fill=FundFillTrace(market, abs(size) + more_lots))) is accepted


@pytest.mark.parametrize(("ticks", "accepted"), [(-1, True), (0, True), (1, False)])
@pytest.mark.parametrize(("market", "size"), [(0, 40 * LOT), (1, -2 * LOT)])
def test_fill_at_the_end_of_the_band(market: int, size: int, ticks: int, accepted: bool) -> None:
    params = FundTurn().venue.params
    away = (MARKS[market] * params.fund_band_ppm // 10**6 + ticks) * (-1 if size > 0 else 1)
    prices = (*MARKS[:market], MARKS[market] + away)
    venue = make_venue(params=params, clearing_ticks=prices)
    turn = FundTurn(taken=make_account(sizes={market: size}), fill=FundFillTrace(market, LOT), venue=venue)
    assert check_agreement(turn) is accepted


@pytest.mark.parametrize(("more", "accepted"), [(1, True), (0, True), (-1, False)])
def test_fill_down_to_the_last_of_the_budget(more: int, accepted: bool) -> None:
    turn = FundTurn(taken=make_account(sizes={0: 40 * LOT}), fill=FundFillTrace(0, LOT))
    notional = compute_notional(turn.fill, turn.venue.clearing)
    inputs = make_fund_inputs(replace(turn, budget=notional))
    inputs |= {"budget_in": notional + more, "budget_out": more}
    assert (load_frame("FundLane").find_broken_classes(inputs) == set()) is accepted


def test_honest_fund_lanes_are_accepted() -> None:
    lane, honest = load_frame("FundLane"), get_honest_fund_lanes()
    assert {name: lane.find_broken(inputs) for name, inputs in honest.items()} == {name: [] for name in honest}


def test_invalid_fund_lanes_are_refused_by_the_rule_they_break() -> None:
    assert_refused_as_meant(load_frame("FundLane"), forge_fund_lanes())


def test_no_computed_wire_is_free() -> None:
    lane = load_frame("FundLane")
    freedom = find_freedom([lane.evaluate(inputs) for inputs in get_honest_fund_lanes().values()])
    assert freedom.free == freedom.harmless == ()
