"""Random TradeLanes, allowed or not, with every margin and bound hit from both sides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hypothesis import strategies as st

from rollup.accounts import Account
from rollup.liquidation import find_largest_markets, make_case
from rollup.margin import Margin, compute_margin
from rollup.orders import Order
from rollup.params import MarketParams, Params
from rollup.rent import compute_rent
from rollup.state import Resources
from rollup.units import FUNDING_BITS, MARKET_COUNT, PPM
from tests.circuits.lane_cases import Venue
from tests.circuits.order_strategies import MAX_PRICE, MAX_SIZE, filled_orders, rationings, starts
from tests.circuits.trade_cases import TradeCase, make_quote_case
from tests.circuits.trade_scenes import (
    FEES,
    USER,
    LaneKind,
    make_account,
    make_fill_case,
    make_liquidation_case,
    make_quote,
    make_venue,
    margin_at,
    with_equity,
    with_slot,
)

MAX_FUNDING = 2**FUNDING_BITS - 1
MAX_CASH = 2**120 - 1
# what a liquidation can be proved for: requirements of one market below 2**92 atoms
MODEST_SIZE, MODEST_PRICE = 2**36, 2**32


def get_margins(case: TradeCase) -> tuple[Margin, Margin]:
    """Return the account's margin at open, its rent paid, and after the lane."""
    trace, lane = case.trace, case.lane
    prices = (trace.header_after.marks_ticks, trace.header_after.funding_index, trace.tick.fractions)
    before, after = (
        compute_margin(account.cash_atoms - compute_rent(account, trace.tick), account.sizes_lots, *prices)
        for account in (lane.before, lane.after)
    )
    return before, after


nudges = st.sampled_from([-1, 0, 0, 1]) | st.integers(0, 10**24)


@st.composite
def venues(draw: st.DrawFn, *, max_price: int = MAX_PRICE, max_funding: int = MAX_FUNDING) -> Venue:
    """Return 1 to 16 markets at any prices, fractions and funding; the others are padding."""
    n_markets = draw(st.integers(1, MARKET_COUNT))
    prices = st.sampled_from([1, max_price]) | st.integers(1, max_price) | st.integers(10**6, 10**9)
    fundings = st.sampled_from([0, max_funding, -max_funding]) | st.integers(-max_funding, max_funding)
    marks = tuple(draw(prices) for _ in range(n_markets))
    # within 5 % of the mark, as the tick holds it
    bands = [(max(1, p - p // 20), min(max_price, p + p // 20)) for p in marks]
    clearing = tuple(
        draw(st.sampled_from([p, low, high]) | st.integers(low, high))
        for p, (low, high) in zip(marks, bands, strict=True)
    )
    return make_venue(
        params=Params(
            31337,
            0xC0DE,
            1,
            tuple(draw(_fees) for _ in range(8)),
            tuple(draw(_markets(n_markets))),
            maker_fee_ppm=tuple(draw(_rebates) for _ in range(8)),
        ),
        marks_ticks=marks,
        clearing_ticks=clearing,
        funding_index=tuple(draw(fundings) for _ in marks),
        resources=draw(_resources),
        others={3: Account(cash_atoms=5)},
    )


_fees = st.sampled_from([0, 100, 500, PPM])
_rebates = st.sampled_from([0, -50, 200, PPM, -PPM])
_resources = st.sampled_from([Resources(), FEES, Resources(base_fees=(2**64 - 1,) * 3)])


@st.composite
def _markets(draw: st.DrawFn, count: int) -> list[MarketParams]:
    fractions = st.sampled_from([1, 30_000, 50_000, PPM]) | st.integers(1, PPM)
    markets = []
    for m in range(count):
        maintenance, initial = sorted((draw(fractions), draw(fractions)))
        markets.append(
            MarketParams(f"M{m}", 6, 6, initial, maintenance, draw(st.sampled_from([0, 10_000, PPM])), 50_000)
        )
    return markets


@st.composite
def positions(draw: st.DrawFn, venue: Venue, max_size: int = MAX_SIZE) -> dict[int, int]:
    """Return signed sizes in lots by market."""
    sizes = st.sampled_from([0, 0, 1, max_size]) | st.integers(0, max_size) | st.integers(0, 10**9)
    count = len(venue.marks_ticks)
    return {m: draw(sizes) * draw(st.sampled_from([1, -1])) for m in range(count)}


@st.composite
def fill_lanes(draw: st.DrawFn, lane: LaneKind) -> TradeCase:
    """Return a lane of one or more signed or quoted fills, one direction a market, mostly close to its margin."""
    position = draw(starts)
    venue = replace(draw(venues()), rationing=draw(rationings(position)))
    account = make_account(draw(_ids), sizes=draw(positions(venue, MAX_SIZE)), tier=draw(st.integers(0, 7)))
    account_id, sizes = account.owner - 0xA0000, list(account.sizes_lots)
    fills: dict[int, tuple[Order, int]] = {}
    for place in draw(_places(lane)):
        step = draw(st.sampled_from([0, 0, 0, 1, 1, 1, 255, 255, 255, 256, -1])) if not fills else 9
        filled = draw(st.sampled_from([0, 7])) if not fills else 0
        taken, counted = [order for order, _ in fills.values()], 0 if step else filled
        at = {"filled_lots": counted, "position": position + place}
        order, fill_lots = draw(filled_orders(venue, account_id, sizes, taken, **at))
        if not fills:
            account = with_slot(account, order.slot, min(max(0, order.nonce - step), 2**32 - 1), filled)
        sizes[order.market] += order.direction * fill_lots
        fills[place] = order, fill_lots

    def make(account: Account) -> TradeCase:
        if not lane.is_quote:
            turn = {"account_id": account_id, "signer": account_id, "position": position}
            return make_fill_case(account, list(fills.values()), lane=lane, venue=venue, **turn)
        orders = {place: order for place, (order, _) in fills.items()}
        quote = make_quote(orders, signer=account_id, account_id=account_id, domain=venue.params.domain)
        at = {"capacity": lane.capacity, "position": position}
        return make_quote_case(venue, account_id, account, quote, fills, **at)

    return _near_margin(draw, venue, account, make)


def _places(lane: LaneKind) -> st.SearchStrategy[list[int]]:
    """Return places that fill: any of a QuoteLane's, the first ones of a TradeLane's."""
    first = [list(range(count)) for count in range(1, lane.capacity + 1)]
    alone = [[place] for place in range(1, lane.capacity)] if lane.is_quote else []
    return st.sampled_from(first + alone)


_ids = st.sampled_from([USER, 2**21 - 1]) | st.integers(4, 2**21 - 1)


def _near_margin(draw: st.DrawFn, venue: Venue, account: Account, make: Callable[[Account], TradeCase]) -> TradeCase:
    """Return the lane, cash moved so that it closes near the initial margin, or opens between it and maintenance."""
    case = make(account)
    if draw(st.booleans()):
        closed = margin_at(venue, case.lane.after)
        cash = closed.initial - closed.equity + draw(nudges)
    else:
        opened = margin_at(venue, account)
        cash = draw(st.sampled_from([opened.maintenance, opened.initial, 0])) - opened.equity + draw(nudges)
    return make(replace(account, cash_atoms=max(-MAX_CASH, min(MAX_CASH, account.cash_atoms + cash))))


@st.composite
def liquidation_lanes(draw: st.DrawFn, lane: LaneKind) -> TradeCase:
    """Return a liquidation lane with the penalty it owes: of equity and lots around their bounds."""
    venue = draw(venues(max_price=MODEST_PRICE, max_funding=2**60))
    account = make_account(sizes={0: 1} | draw(positions(venue, MODEST_SIZE)))
    standing = margin_at(venue, account)
    bound = draw(st.sampled_from([standing.maintenance, standing.maintenance - 1, standing.maintenance // 2, 0]))
    account = with_equity(venue, account, bound - draw(nudges))
    largest = find_largest_markets(account.sizes_lots, venue.marks, venue.params)[0]
    market = draw(st.sampled_from([largest] * 6 + [0]))
    case = make_case(USER, account.sizes_lots, margin_at(venue, account), venue.marks, venue.params)
    most = case.compute_max_fill(venue.clearing[case.market]) if case else 1
    held = abs(account.sizes_lots[market])
    lots = draw(st.sampled_from([1, most - 1, most, most, most + 1, held, held + 1]))
    return make_liquidation_case(venue, account, market, min(lots, MAX_SIZE), lane=lane)
