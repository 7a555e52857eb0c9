"""Random TradeLanes, allowed or not, with every margin and bound hit from both sides."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from rollup.accounts import Account
from rollup.liquidation import find_largest_markets, make_case
from rollup.margin import Margin, compute_margin
from rollup.orders import Order
from rollup.params import MarketParams, Params
from rollup.units import FUNDING_BITS, MARKET_COUNT, PPM, PRICE_BITS, SIZE_BITS
from tests.circuits.lane_cases import Venue
from tests.circuits.trade_cases import TradeCase
from tests.circuits.trade_scenes import (
    USER,
    make_account,
    make_fill_case,
    make_liquidation_case,
    make_venue,
    margin_at,
    with_equity,
    with_slot,
)

MAX_SIZE, MAX_PRICE, MAX_FUNDING = 2**SIZE_BITS - 1, 2**PRICE_BITS - 1, 2**FUNDING_BITS - 1
MAX_CASH = 2**120 - 1
# what a liquidation can be proved for: requirements of one market below 2**92 atoms
MODEST_SIZE, MODEST_PRICE = 2**36, 2**32


def get_margins(case: TradeCase) -> tuple[Margin, Margin]:
    """Return the account's margin before and after the lane."""
    header, lane = case.trace.header_after, case.lane
    prices = (header.marks_ticks, header.funding_index, case.trace.params)
    before, after = (
        compute_margin(account.cash_atoms, account.sizes_lots, *prices) for account in (lane.before, lane.after)
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
    clearing = tuple(draw(st.just(p) | st.integers(max(1, p - p // 20), min(max_price, p + p // 20))) for p in marks)
    return make_venue(
        params=Params(31337, 0xC0DE, 1, tuple(draw(_fees) for _ in range(8)), tuple(draw(_markets(n_markets)))),
        marks_ticks=marks,
        clearing_ticks=clearing,
        funding_index=tuple(draw(fundings) for _ in marks),
        others={3: Account(cash_atoms=5)},
    )


_fees = st.sampled_from([0, 100, 500, PPM])


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
def fill_lanes(draw: st.DrawFn, capacity: int) -> TradeCase:
    """Return a lane of 1 to `capacity` signed fills, one direction a market, mostly close to its margin."""
    venue = draw(venues())
    account = make_account(draw(_ids), sizes=draw(positions(venue, MAX_SIZE)), tier=draw(st.integers(0, 7)))
    fills: list[tuple[Order, int]] = []
    for k in range(draw(st.integers(1, capacity))):
        step = draw(st.sampled_from([0, 0, 0, 1, 1, 1, 255, 255, 255, 256, -1])) if k == 0 else 9
        filled = draw(st.sampled_from([0, 7])) if k == 0 else 0
        order, fill_lots = draw(_orders(venue, account, [order for order, _ in fills], 0 if step else filled))
        if k == 0:
            slot_nonce = min(max(0, order.nonce - step), 2**32 - 1)
            account = with_slot(account, order.slot, slot_nonce, filled)
        fills.append((order, fill_lots))
    account_id = account.owner - 0xA0000
    return _near_margin(draw, venue, account, account_id, fills, capacity)


_ids = st.sampled_from([USER, 2**21 - 1]) | st.integers(4, 2**21 - 1)


_flaws = st.sampled_from([*[""] * 20, "expired", "overfilled", "beyond the limit", "left open"])


@st.composite
def _orders(
    draw: st.DrawFn, venue: Venue, account: Account, before: list[Order], filled_lots: int
) -> tuple[Order, int]:
    """Return an order of which so much is filled already, and the lots of it that trade."""
    market = draw(st.integers(0, len(venue.marks_ticks) - 1))
    sides = [order.side for order in before if order.market == market]  # nobody trades against himself
    held = abs(account.sizes_lots[market])
    closing = int(account.sizes_lots[market] > 0)
    side = sides[0] if sides else draw(st.sampled_from([closing, 1 - closing]))
    lots = st.sampled_from([1, max(held, 1), min(held + 1, MAX_SIZE), max(held // 2, 1)]) | st.integers(1, 10**9)
    fill_lots = min(draw(lots), MAX_SIZE - 9)
    rest, better, flaw = draw(st.sampled_from([0, 2])), draw(st.sampled_from([0, 3])), draw(_flaws)
    rest, better = (0, better) if better else (rest, 0)  # a better order is filled completely
    rest = {"overfilled": -1, "left open": 1}.get(flaw, rest)
    better = {"beyond the limit": -1, "left open": 1}.get(flaw, better)
    price = venue.clearing[market]
    order = Order(
        account=account.owner - 0xA0000,
        market=market,
        side=side,
        slot=draw(st.sampled_from([0, 77, 511])) if not before else 300,
        nonce=draw(st.sampled_from([0, 2**32 - 1]) | st.integers(0, 600)) if not before else 9,
        epoch=account.epoch,
        expiry_s=venue.timestamp_s + (-1 if flaw == "expired" else draw(st.sampled_from([0, 1, 10**6]))),
        size_lots=max(1, min(MAX_SIZE, filled_lots + fill_lots + rest)),
        limit_ticks=max(1, min(MAX_PRICE, price + (-better if side else better))),
        tip_e6=draw(st.integers(0, 2**16 - 1)),
    )
    return order, fill_lots


def _near_margin(
    draw: st.DrawFn,
    venue: Venue,
    account: Account,
    account_id: int,
    fills: list[tuple[Order, int]],
    capacity: int,
) -> TradeCase:
    """Return the lane, cash moved so that it closes near the initial margin, or opens between it and maintenance."""

    def make(account: Account) -> TradeCase:
        return make_fill_case(account, fills, venue=venue, capacity=capacity, account_id=account_id, signer=account_id)

    case = make(account)
    if draw(st.booleans()):
        closed = margin_at(venue, case.lane.after)
        cash = closed.initial - closed.equity + draw(nudges)
    else:
        opened = margin_at(venue, account)
        cash = draw(st.sampled_from([opened.maintenance, opened.initial, 0])) - opened.equity + draw(nudges)
    return make(replace(account, cash_atoms=max(-MAX_CASH, min(MAX_CASH, account.cash_atoms + cash))))


@st.composite
def liquidation_lanes(draw: st.DrawFn, capacity: int) -> TradeCase:
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
    return make_liquidation_case(venue, account, market, min(lots, MAX_SIZE), capacity=capacity)
