"""Honest lanes to forge from: orders of every kind, liquidations of every penalty, quotes, unused lanes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache

from rollup.accounts import Account
from rollup.orders import ANY_BUY_TICKS, ANY_SELL_TICKS, IOC, POST_ONLY, REDUCE_ONLY, Order
from rollup.rationing import Rationing
from tests.circuits.trade_cases import TradeCase, make_quote_case
from tests.circuits.trade_scenes import (
    ATOMS_PER_USD,
    CLEARING,
    FAR_MARKET,
    LOT,
    MARKS,
    TRADE_LANE,
    USER,
    LaneKind,
    make_account,
    make_fill_case,
    make_idle_case,
    make_liquidation_case,
    make_order,
    make_quote,
    make_venue,
    margin_at,
    with_equity,
    with_rationing,
    with_slot,
)

Scene = Callable[[LaneKind], TradeCase]
# a market's buys: 1000 lots and 7 for 3000 and 11; the first six places of the batch take one lot more
THIRD = Rationing(0, 1_000 * LOT + 7, 3_000 * LOT + 11, 6)
THIRD_OF_SALES = replace(THIRD, side=1)
BAND_HIGH, BAND_LOW = MARKS[0] * 105 // 100, MARKS[0] * 95 // 100


# --- orders ----------------------------------------------------------------------------------------------------------
def make_opening(lane: LaneKind = TRADE_LANE) -> TradeCase:
    """Return a first buy, complete, at a limit better than p*, in a fresh slot."""
    order = make_order(make_venue(), 40 * LOT, better_ticks=5)
    return make_fill_case(make_account(usd=3_000), [(order, 40 * LOT)], lane=lane)


def make_resting(lane: LaneKind = TRADE_LANE) -> TradeCase:
    """Return a partial fill, at the limit, of an order filled in part before; a far market's long becomes a short."""
    venue = make_venue()
    account = with_slot(make_account(usd=50_000, sizes={FAR_MARKET: 30 * LOT, 1: -2 * LOT}), 500, 12, 7 * LOT)
    order = make_order(venue, -100 * LOT, market=FAR_MARKET, slot=500)
    return make_fill_case(account, [(order, 70 * LOT)], lane=lane)


def make_reducing(lane: LaneKind = TRADE_LANE) -> TradeCase:
    """Return a fill that reduces a short while equity lies below the initial requirement, above maintenance."""
    venue = make_venue()
    account = make_account(sizes={1: -30 * LOT, 0: 100 * LOT})
    standing = margin_at(venue, account)
    account = with_equity(venue, account, (standing.initial + standing.maintenance) // 2)
    order = make_order(venue, 3 * LOT, market=1, better_ticks=9)
    return make_fill_case(account, [(order, 3 * LOT)], lane=lane)


def make_sharing(lane: LaneKind = TRADE_LANE, *, position: int = 5) -> TradeCase:
    """Return an order's share of its side, floored, and one lot more as it stands before the cutoff."""
    venue = with_rationing(make_venue(), 0, THIRD)
    order = make_order(venue, 40 * LOT)
    share = THIRD.compute_share(40 * LOT, position)
    return make_fill_case(make_account(usd=3_000), [(order, share)], venue=venue, lane=lane, position=position)


def make_after_cutoff(lane: LaneKind = TRADE_LANE) -> TradeCase:
    """Return the same share without the extra lot: the order stands at the cutoff."""
    return make_sharing(lane, position=6)


def make_other_side(lane: LaneKind = TRADE_LANE) -> TradeCase:
    """Return a complete sale at its limit while the buys are rationed."""
    venue = with_rationing(make_venue(), 0, THIRD)
    order = make_order(venue, -40 * LOT)
    return make_fill_case(make_account(usd=3_000), [(order, 40 * LOT)], venue=venue, lane=lane)


def make_market_buy(lane: LaneKind = TRADE_LANE) -> TradeCase:
    """Return an IOC market order's share at the highest price of the band: its slot moves on to the next nonce."""
    venue = with_rationing(make_venue(clearing_ticks=(BAND_HIGH, *CLEARING[1:])), 0, THIRD)
    order = make_order(venue, 40 * LOT, limit_ticks=ANY_BUY_TICKS, flags=IOC)
    share = THIRD.compute_share(40 * LOT, 0)
    return make_fill_case(make_account(usd=3_000), [(order, share)], venue=venue, lane=lane)


def make_market_sale(lane: LaneKind = TRADE_LANE) -> TradeCase:
    """Return a market order's share at the lowest price of the band."""
    venue = with_rationing(make_venue(clearing_ticks=(BAND_LOW, *CLEARING[1:])), 0, THIRD_OF_SALES)
    order = make_order(venue, -40 * LOT, limit_ticks=ANY_SELL_TICKS)
    share = THIRD_OF_SALES.compute_share(40 * LOT, 9)
    account = make_account(usd=3_000)
    return make_fill_case(account, [(order, share)], venue=venue, lane=lane, position=9)


def make_closing(lane: LaneKind = TRADE_LANE) -> TradeCase:
    """Return a reduce-only sale that is larger than the long it closes: complete with the position."""
    order = make_order(make_venue(), -100 * LOT, better_ticks=3, flags=REDUCE_ONLY)
    account = make_account(usd=3_000, sizes={0: 30 * LOT, 3: -LOT})
    return make_fill_case(account, [(order, 30 * LOT)], lane=lane)


def make_reduce_share(lane: LaneKind = TRADE_LANE) -> TradeCase:
    """Return a reduce-only, immediate buy's share, of the 21 lots that its short leaves it."""
    venue = with_rationing(make_venue(), 0, THIRD)
    order = make_order(venue, 80 * LOT, flags=REDUCE_ONLY | IOC)
    account = make_account(usd=3_000, sizes={0: -21 * LOT})
    share = THIRD.compute_share(21 * LOT, 0)
    return make_fill_case(account, [(order, share)], venue=venue, lane=lane)


def make_rebate(lane: LaneKind = TRADE_LANE) -> TradeCase:
    """Return a complete post-only sale above the mark, paid for by the exchange."""
    order = make_order(make_venue(), -4 * LOT, flags=POST_ONLY)
    return make_fill_case(make_account(usd=3_000), [(order, 4 * LOT)], lane=lane)


def make_reducing_maker(lane: LaneKind = TRADE_LANE) -> TradeCase:
    """Return a post-only, reduce-only buy one tick below the mark, which the order and not the position bounds."""
    venue = make_venue(clearing_ticks=(MARKS[0] - 3, *CLEARING[1:]))
    order = make_order(venue, 4 * LOT, better_ticks=2, flags=POST_ONLY | REDUCE_ONLY)
    account = make_account(usd=3_000, sizes={0: -5 * LOT})
    return make_fill_case(account, [(order, 4 * LOT)], venue=venue, lane=lane)


# --- liquidations ----------------------------------------------------------------------------------------------------
def make_long_liquidated(lane: LaneKind = TRADE_LANE) -> TradeCase:
    """Return a liquidation of part of a long that pays the full penalty."""
    venue = make_venue()
    account = make_account(sizes={0: 4_000 * LOT, 1: LOT, FAR_MARKET: -3 * LOT})
    account = with_equity(venue, account, margin_at(venue, account).maintenance - 1)
    return make_liquidation_case(venue, account, 0, 700 * LOT, lane=lane)


def make_short_liquidated(lane: LaneKind = TRADE_LANE) -> TradeCase:
    """Return a liquidation of a whole short whose equity does not cover the penalty's cap."""
    venue = make_venue()
    account = make_account(sizes={1: -30 * LOT, FAR_MARKET: 5 * LOT})
    account = with_equity(venue, account, -298 * ATOMS_PER_USD)  # the price brings 300 USD
    return make_liquidation_case(venue, account, 1, 30 * LOT, lane=lane)


def make_bankrupt(lane: LaneKind = TRADE_LANE) -> TradeCase:
    """Return a liquidation with negative equity, better priced than the mark: no penalty."""
    venue = make_venue(clearing_ticks=(MARKS[0] + 1_200_000, *CLEARING[1:]))
    account = make_account(sizes={0: 4_000 * LOT, 5: -LOT})
    account = with_equity(venue, account, -4_000 * ATOMS_PER_USD)
    return make_liquidation_case(venue, account, 0, 1_000 * LOT, lane=lane)


def make_unused(lane: LaneKind = TRADE_LANE) -> TradeCase:
    """Return a lane that opens account 0 and changes nothing."""
    return make_idle_case(make_venue(), 0, Account(cash_atoms=12), lane)


# --- lanes of two ----------------------------------------------------------------------------------------------------
def make_two_fills(lane: LaneKind) -> TradeCase:
    """Return two orders in one market and one slot: the second, of a higher nonce, is filled in part."""
    venue = make_venue()
    first = make_order(venue, 5 * LOT, better_ticks=1)
    second = make_order(venue, 9 * LOT, nonce=13)
    account = with_slot(make_account(usd=5_000, sizes={0: -8 * LOT, 3: LOT}), 77, 2, 99)
    return make_fill_case(account, [(first, 5 * LOT), (second, 4 * LOT)], lane=lane)


def make_two_sales(lane: LaneKind) -> TradeCase:
    """Return a sale that flips a long, filled in part, and one that opens a short; a new nonce in either slot."""
    venue = make_venue()
    first = make_order(venue, -50 * LOT, market=FAR_MARKET, slot=1)
    second = make_order(venue, -3 * LOT, market=1, slot=2, better_ticks=4)
    account = make_account(usd=50_000, sizes={FAR_MARKET: 30 * LOT})
    return make_fill_case(account, [(first, 40 * LOT), (second, 3 * LOT)], lane=lane)


def make_two_shares(lane: LaneKind) -> TradeCase:
    """Return two shares of one side on either side of the cutoff; the second only reduces what the first leaves."""
    venue = with_rationing(make_venue(), 0, THIRD)
    first, second = make_order(venue, 30 * LOT), make_order(venue, 90 * LOT, slot=3, flags=REDUCE_ONLY)
    shares = [THIRD.compute_share(30 * LOT, 5), 0]
    shares[1] = THIRD.compute_share(50 * LOT - shares[0], 6)
    account = make_account(usd=5_000, sizes={0: -50 * LOT})
    fills = list(zip((first, second), shares, strict=True))
    return make_fill_case(account, fills, venue=venue, lane=lane, position=5)


# --- quotes ----------------------------------------------------------------------------------------------------------
def make_quoted_fills(
    before: Account, fills: Mapping[int, int], orders: Mapping[int, Order], lane: LaneKind, *, position: int = 0
) -> TradeCase:
    """Return the QuoteLane in which a quote's orders at these places fill so many lots."""
    venue = make_venue()
    filled = {place: (orders[place], lots) for place, lots in fills.items()}
    return make_quote_case(venue, USER, before, make_quote(orders), filled, capacity=lane.capacity, position=position)


def make_quoted_orders() -> dict[int, Order]:
    """Return a maker's orders around the mark, two in the first two places and two that need a wider lane."""
    venue = make_venue()
    return {
        0: make_order(venue, 5 * LOT, market=1, better_ticks=1, slot=0),
        1: make_order(venue, -6 * LOT, better_ticks=4, slot=1, flags=POST_ONLY),
        2: make_order(venue, 7 * LOT, market=2, slot=2),
        9: make_order(venue, -8 * LOT, market=3, slot=9),
    }


def make_whole_quote(lane: LaneKind) -> TradeCase:
    """Return a quote whose first two orders fill."""
    return make_quoted_fills(make_account(usd=50_000), {0: 5 * LOT, 1: 6 * LOT}, make_quoted_orders(), lane)


def make_second_alone(lane: LaneKind) -> TradeCase:
    """Return a quote of which only the second order fills, later in the batch and once more, an empty place before."""
    order = make_order(make_venue(), -40 * LOT, slot=1, better_ticks=2)
    account = with_slot(make_account(usd=5_000, sizes={0: 3 * LOT}), 1, 12, 2 * LOT)
    orders = {1: order, 9: make_quoted_orders()[9]}
    return make_quoted_fills(account, {1: 38 * LOT}, orders, lane, position=5)


def make_first_alone(lane: LaneKind) -> TradeCase:
    """Return a quote of which only the first order fills."""
    return make_quoted_fills(make_account(usd=50_000), {0: 5 * LOT}, make_quoted_orders(), lane)


ORDERS: dict[str, Scene] = {
    "opening": make_opening,
    "resting": make_resting,
    "reducing": make_reducing,
    "sharing": make_sharing,
    "after the cutoff": make_after_cutoff,
    "other side": make_other_side,
    "market buy": make_market_buy,
    "market sale": make_market_sale,
    "closing": make_closing,
    "reduce share": make_reduce_share,
    "rebate": make_rebate,
    "reducing maker": make_reducing_maker,
    "unused": make_unused,
}
LIQUIDATIONS: dict[str, Scene] = {
    "long liquidated": make_long_liquidated,
    "short liquidated": make_short_liquidated,
    "bankrupt": make_bankrupt,
}
PAIRS: dict[str, Scene] = {"two fills": make_two_fills, "two sales": make_two_sales, "two shares": make_two_shares}
QUOTES: dict[str, Scene] = {
    "whole quote": make_whole_quote,
    "second alone": make_second_alone,
    "first alone": make_first_alone,
}


def get_scene_names(lane: LaneKind) -> list[str]:
    """Return the honest lanes there are of this kind."""
    own = QUOTES if lane.is_quote else LIQUIDATIONS
    return [*ORDERS, *own, *(PAIRS if lane.capacity > 1 else ())]


@lru_cache(maxsize=96)
def get_scene(name: str, lane: LaneKind = TRADE_LANE) -> TradeCase:
    """Return an honest lane by name; pairs and quotes need a capacity of 2 or more."""
    return (ORDERS | LIQUIDATIONS | PAIRS | QUOTES)[name](lane)
