"""Liquidations at their bounds: who, how much, where, at what penalty; one step beyond is refused by its rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from rollup.accounts import Account
from rollup.liquidation import LiquidationCase, make_case
from tests.circuits.lane_cases import Venue, kernel_hashing
from tests.circuits.lending import spell_numbers
from tests.circuits.trade_cases import TradeCase
from tests.circuits.trade_scenes import (
    CLEARING,
    FAR_MARKET,
    LOT,
    MARKS,
    TRADE_LANE,
    USER,
    LaneKind,
    make_account,
    make_liquidation_case,
    make_venue,
    margin_at,
    with_equity,
)


@pytest.fixture(autouse=True, scope="module")
def hashing() -> Iterator[None]:
    """Hash and sign through the kernel."""
    with kernel_hashing():
        yield


@dataclass(frozen=True)
class Victim:
    """An account with one large position, and the ticks by which the clearing price lies above the mark."""

    market: int
    size_lots: int
    edge_ticks: int

    @property
    def venue(self) -> Venue:
        """The venue at that clearing price."""
        prices = [*MARKS[:2], *CLEARING[2:]]
        prices[self.market] = MARKS[self.market] + self.edge_ticks
        return make_venue(clearing_ticks=tuple(prices))

    def open(self, *, below_maintenance: int = 1, equity: int | None = None) -> Account:
        """Return the account so many atoms below its maintenance requirement, or of this equity."""
        account = make_account(sizes={self.market: self.size_lots, 4: LOT})
        standing = margin_at(self.venue, account)
        return with_equity(self.venue, account, standing.maintenance - below_maintenance if equity is None else equity)

    def gain(self, fill_lots: int) -> int:
        """Return what closing so many lots adds to equity before the penalty, in atoms."""
        return fill_lots * self.edge_ticks * (1 if self.size_lots > 0 else -1) * 10**6

    def make_case(self, account: Account) -> LiquidationCase:
        """Return the model's case."""
        venue = self.venue
        case = make_case(USER, account.sizes_lots, margin_at(venue, account), venue.marks, venue.params)
        assert case is not None
        assert case.market == self.market
        return case

    def liquidate(self, account: Account, fill_lots: int, lane: LaneKind = TRADE_LANE) -> TradeCase:
        """Return the lane."""
        return make_liquidation_case(self.venue, account, self.market, fill_lots, lane=lane)


VICTIMS = {
    "long at the mark": Victim(0, 4_000 * LOT, 0),
    "long below the mark": Victim(0, 4_000 * LOT, -100_000),
    "long above the mark": Victim(0, 4_000 * LOT, 50_000),
    "short at the mark": Victim(1, -30 * LOT, 0),
    "short above the mark": Victim(1, -30 * LOT, 5_000_000),
    "far short below the mark": Victim(FAR_MARKET, -900 * LOT, -90_000),
}
every_victim = pytest.mark.parametrize("victim", VICTIMS.values(), ids=VICTIMS.keys())


@every_victim
@pytest.mark.parametrize("lane", [LaneKind(1), LaneKind(2)])
def test_fills_up_to_the_largest(victim: Victim, lane: LaneKind) -> None:
    account = victim.open()
    most = victim.make_case(account).compute_max_fill(victim.venue.clearing[victim.market])
    assert 1 < most < abs(victim.size_lots)
    for lots in (1, most // 2, most - 1, most):
        assert victim.liquidate(account, lots, lane).find_broken_classes() == set(), lots


@every_victim
def test_invalid_fill_one_lot_beyond_the_largest(victim: Victim) -> None:
    account = victim.open()
    most = victim.make_case(account).compute_max_fill(victim.venue.clearing[victim.market])
    assert victim.liquidate(account, most + 1).find_broken_classes() == {"liquidation/not_too_large/if_flagged"}


@every_victim
@pytest.mark.parametrize("below", [0, -1])
def test_invalid_liquidation_at_or_above_maintenance(victim: Victim, below: int) -> None:
    account = victim.open(below_maintenance=below)
    assert victim.liquidate(account, LOT).find_broken_classes() == {"liquidation/unhealthy/if_flagged"}


@every_victim
def test_whole_position_and_invalid_one_lot_more(victim: Victim) -> None:
    account = victim.open(equity=10**17 - victim.gain(abs(victim.size_lots)))  # below initial to the last lot
    assert victim.liquidate(account, abs(victim.size_lots)).find_broken_classes() == set()
    crossing = victim.liquidate(account, abs(victim.size_lots) + 1).find_broken_classes()
    assert "order[*]/shrinks_where_it_must" in crossing


MARGIN = "margin/close/not_negative/sum"


@pytest.mark.parametrize(
    ("victim", "worse_ticks"), [(Victim(0, 4_000 * LOT, 0), -1), (Victim(1, -30 * LOT, 0), 1)], ids=["long", "short"]
)
def test_price_down_to_the_limit_and_invalid_one_tick_beyond(victim: Victim, worse_ticks: int) -> None:
    account = victim.open()
    limit = victim.make_case(account).compute_limit_ticks()
    at_limit = Victim(victim.market, victim.size_lots, limit - MARKS[victim.market])
    beyond = Victim(victim.market, victim.size_lots, limit + worse_ticks - MARKS[victim.market])
    assert at_limit.liquidate(account, LOT).find_broken_classes() == set()
    assert beyond.liquidate(account, LOT).find_broken_classes() == {MARGIN}


def test_any_of_several_largest_markets() -> None:
    venue = make_venue()
    # maintenance is 3 % of 25 USD in market 0 and 10 % of 9 USD in the far one: 90 USD each
    account = make_account(sizes={0: 120 * LOT, FAR_MARKET: -100 * LOT, 4: LOT})
    account = with_equity(venue, account, margin_at(venue, account).maintenance - 1)
    for market in (0, FAR_MARKET):
        assert make_liquidation_case(venue, account, market, LOT).find_broken_classes() == set()


@pytest.mark.parametrize("market", [0, 4])
@pytest.mark.parametrize("lane", [LaneKind(1), LaneKind(2)])
def test_invalid_liquidation_in_a_market_one_lot_smaller(market: int, lane: LaneKind) -> None:
    """The gap to the larger market is negative by an atom; in TradeLane(1) the far one's is held by bits of its own."""
    venue = make_venue()
    sizes = {0: 120 * LOT - 1, FAR_MARKET: 100 * LOT} if market == 0 else {0: 16 * LOT, 4: 30 * LOT - 1}
    account = make_account(sizes=sizes)
    account = with_equity(venue, account, margin_at(venue, account).maintenance - 1)
    broken = make_liquidation_case(venue, account, market, LOT, lane=lane).find_broken_classes()
    assert broken == {"liquidation/gap[*]/if_flagged"}


@pytest.mark.parametrize(("over_cap", "full", "none"), [(1, 1, 0), (0, 1, 0), (-1, 0, 0)])
def test_penalty_around_its_cap(over_cap: int, full: int, none: int) -> None:
    _check_penalty(_cap() + over_cap, full, none, penalty=min(_cap(), _cap() + over_cap))


@pytest.mark.parametrize(("equity_pre", "none"), [(1, 0), (0, 0), (-1, 1)])
def test_penalty_around_zero_equity(equity_pre: int, none: int) -> None:
    _check_penalty(equity_pre, 0, none, penalty=max(equity_pre, 0))


LONG = VICTIMS["long above the mark"]
FULL, NONE = "liquidation/penalty/full", "liquidation/penalty/none"


def _cap() -> int:
    return LOT * LONG.venue.clearing[0] * 10_000  # one unit at 1 %


def _check_penalty(equity_pre: int, full: int, none: int, *, penalty: int) -> None:
    """Check that the case named is accepted with this penalty; and every other case refused, or of the same penalty."""
    case = LONG.liquidate(LONG.open(equity=equity_pre - LONG.gain(LOT)), LOT)
    assert (case.inputs[FULL], case.inputs[NONE]) == (full, none)
    assert case.inputs["penalties_out"] == penalty
    assert case.find_broken_classes() == set()
    for flags in {(0, 0), (0, 1), (1, 0)} - {(full, none)}:
        named = case.inputs | dict(zip((FULL, NONE), flags, strict=True))
        broken = case.find_broken_classes(spell_numbers(case.template, case.capacity, named, {}))
        is_same_penalty = equity_pre == _cap() and flags == (0, 0)  # both cases name the same amount
        assert is_same_penalty == (not broken), (flags, broken)
