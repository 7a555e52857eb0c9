"""Quotes: one signature over up to sixteen orders, of which any may fill, in a lane of their own."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollup import tags
from rollup.audit import check_batch
from rollup.errors import ValueOutOfRange
from rollup.orders import Order, pack_slot
from rollup.poseidon import poseidon
from rollup.quotes import QUOTE_ORDERS, Quote, QuotedOrder, SignedQuote
from rollup.rejections import (
    AccountNotOpen,
    EpochMismatch,
    MarginInsufficient,
    OrderExpired,
    OrderSuperseded,
    QuoteMismatch,
    SignatureInvalid,
)
from rollup.shapes import Shape
from rollup.trace import TradeLaneTrace
from rollup.transition import BatchResult
from tests.scenarios import AVAX_PRICE, ETH_PRICE, Exchange

LOTS = 1_000_000
SHAPE = Shape("test", (1, 1, 1, 2), 6, (2, 4))


def fund(shape: Shape = SHAPE) -> Exchange:
    ex = Exchange(shape=shape)
    assert ex.batch(cash=[ex.deposit(account, 10_000) for account in range(2, 8)]).rejected == ()
    return ex


def make_orders(ex: Exchange, account: int, n_orders: int, lots: int = LOTS) -> list[Order]:
    """Return orders in slots 0, 1, .. of the account, each a tick less eager than the one before."""
    direction = 1 if lots > 0 else -1
    return [ex.make_order(account, lots, AVAX_PRICE - direction * slot, slot=slot) for slot in range(n_orders)]


def list_fills(result: BatchResult) -> dict[tuple[int, int], int]:
    """Return lots by account and slot, the batch checked."""
    check_batch(result.trace)
    return {(fill.order.account, fill.order.slot): fill.fill_lots for fill in result.fills}


def get_used(result: BatchResult) -> list[TradeLaneTrace | None]:
    return [lane if lane.quote else None for lane in result.trace.quote_lanes]


def test_quote_fills_any_of_its_orders_in_their_places() -> None:
    ex = fund()
    bids = make_orders(ex, 2, 4)
    far = replace(bids[1], limit_ticks=AVAX_PRICE - 999)  # finds no price
    result = ex.batch(orders=[ex.quote(2, bids[0], far, None, bids[3]), ex.order(3, -9 * LOTS, AVAX_PRICE - 5)])
    assert list_fills(result) == {(2, 0): LOTS, (2, 3): LOTS, (3, 0): 2 * LOTS}
    narrow, wide = get_used(result)
    assert narrow is None
    assert wide is not None
    assert [fill.place for fill in wide.fills] == [0, 3]
    assert [fill.signature for fill in wide.fills] == [None, None]
    assert result.state.get_account(2).orders.get(3) == pack_slot(bids[3].nonce, LOTS)


def test_message_of_a_quote_covers_every_place() -> None:
    ex = fund()
    bids, domain = make_orders(ex, 2, 3), ex.params.domain
    messages = [bids[0].message(domain), 0, bids[2].message(domain), *[0] * 13]
    digest = poseidon(messages, tags.QUOTE)
    assert Quote(2, (bids[0], None, bids[2])).message(domain) == poseidon((domain, 4 | 2 << 4, digest, 0))


@given(st.integers(0, 15), st.integers(0, 15))
def test_quotes_that_differ_in_a_place_differ_in_their_message(one: int, other: int) -> None:
    order = Exchange().make_order(2, LOTS, AVAX_PRICE)

    def message(place: int) -> int:
        return Quote(2, tuple(order if k == place else None for k in range(QUOTE_ORDERS))).message(5)

    assert (message(one) == message(other)) == (one == other)


def test_invalid_quote_signed_by_another_or_altered() -> None:
    ex = fund()
    good = ex.quote(2, *make_orders(ex, 2, 2))
    orders = good.quote.orders
    for bad in (
        replace(good, signature=ex.quote(3, *make_orders(ex, 3, 2)).signature),
        replace(good, quote=Quote(2, orders[:1])),
        replace(good, quote=Quote(2, orders[::-1])),
    ):
        result = ex.batch(orders=[bad, ex.order(3, -9 * LOTS, AVAX_PRICE - 5)])
        ((refused, error),) = result.rejected
        assert refused is bad
        assert isinstance(error, SignatureInvalid)
        assert list_fills(result) == {}


def test_invalid_quote_with_an_order_of_another_account() -> None:
    ex = fund()
    (own,), (foreign,) = make_orders(ex, 2, 1), make_orders(ex, 3, 1)
    ((_, error),) = ex.batch(orders=[ex.quote(2, own, foreign)]).rejected
    assert isinstance(error, QuoteMismatch)
    assert (error.account_id, error.place, error.order_account_id) == (2, 1, 3)


@pytest.mark.parametrize("n_places", [0, 17])
def test_invalid_quote_of_no_place_or_too_many(n_places: int) -> None:
    with pytest.raises(ValueOutOfRange):
        Quote(2, (None,) * n_places).check()


@pytest.mark.parametrize("account", [0, 1, 2**21])
def test_invalid_quote_of_an_account_that_nobody_can_name(account: int) -> None:
    with pytest.raises(ValueOutOfRange):
        Quote(account, (None,)).check()


def test_invalid_quote_of_an_account_that_is_not_open() -> None:
    ex = fund()
    ((_, error),) = ex.batch(orders=[ex.quote(99, *make_orders(ex, 99, 1))]).rejected
    assert isinstance(error, AccountNotOpen)


def test_order_of_a_quote_falls_alone() -> None:
    ex = fund()
    bids = make_orders(ex, 2, 3)
    bids[1] = replace(bids[1], expiry_s=ex.now_s)
    bids[2] = replace(bids[2], epoch=7)
    quote = ex.quote(2, *bids)
    result = ex.batch(orders=[quote, ex.order(3, -9 * LOTS, AVAX_PRICE - 5)])
    assert list_fills(result) == {(2, 0): LOTS, (3, 0): LOTS}
    assert [refused for refused, _ in result.rejected] == [QuotedOrder(quote, 1), QuotedOrder(quote, 2)]
    assert [type(error) for _, error in result.rejected] == [OrderExpired, EpochMismatch]


def test_newer_quote_replaces_the_slots_it_names() -> None:
    ex = fund()
    old, new = make_orders(ex, 2, 2), make_orders(ex, 2, 1, 3 * LOTS)
    quotes = [ex.quote(2, *old), ex.quote(2, *new)]
    result = ex.batch(orders=[*quotes, ex.order(3, -9 * LOTS, AVAX_PRICE - 5)])
    ((refused, error),) = result.rejected
    assert refused == QuotedOrder(quotes[0], 0)
    assert isinstance(error, OrderSuperseded)
    # both quotes would fill an order: the one that came first takes a lane
    assert list_fills(result) == {(2, 1): LOTS, (3, 0): LOTS}
    assert result.waiting == (QuotedOrder(quotes[1], 0),)


def test_place_beyond_the_widest_lane_waits() -> None:
    ex = fund()
    quote = ex.quote(2, *make_orders(ex, 2, 5))
    result = ex.batch(orders=[quote, ex.order(3, -9 * LOTS, AVAX_PRICE - 9)])
    assert list_fills(result) == {**{(2, slot): LOTS for slot in range(4)}, (3, 0): 4 * LOTS}
    assert result.waiting == (QuotedOrder(quote, 4),)


def test_quote_without_a_lane_waits() -> None:
    ex = fund()
    quotes = [ex.quote(account, *make_orders(ex, account, 2)) for account in (2, 3, 4)]
    result = ex.batch(orders=[*quotes, ex.order(5, -9 * LOTS, AVAX_PRICE - 5)])
    assert {account for account, _ in list_fills(result)} == {2, 3, 5}
    assert {waiting.order.account for waiting in result.waiting} == {4}


def test_account_may_trade_by_quote_and_by_order_in_one_batch_each_lane_closed_on_its_own() -> None:
    ex = fund()
    (bid,) = make_orders(ex, 2, 1)
    single = ex.order(2, LOTS, ETH_PRICE, market=1, slot=300)
    others = [ex.order(3, -LOTS, AVAX_PRICE), ex.order(4, -LOTS, ETH_PRICE, market=1)]
    result = ex.batch(orders=[ex.quote(2, bid), single, *others])
    assert list_fills(result) == {(2, 0): LOTS, (2, 300): LOTS, (3, 0): LOTS, (4, 0): LOTS}
    own = [lane for lane in result.trace.order_lanes if lane.account_id == 2]
    assert own[0].after == own[1].before
    assert own[1].quote is not None


def test_quote_that_the_lane_before_leaves_no_margin_for_is_refused() -> None:
    ex = fund()
    lots = 10_000 * 10**18 // (AVAX_PRICE * 50_500) * 3 // 4  # three quarters of what 10,000 USD can carry
    quote = ex.quote(2, *make_orders(ex, 2, 1, lots))
    single = ex.order(2, lots, AVAX_PRICE, slot=300)
    result = ex.batch(orders=[quote, single, ex.order(3, -lots, AVAX_PRICE), ex.order(4, -lots, AVAX_PRICE)])
    ((refused, error),) = result.rejected
    assert refused == QuotedOrder(quote, 0)
    assert isinstance(error, MarginInsufficient)


def test_own_quote_and_order_do_not_trade_with_each_other() -> None:
    ex = fund()
    ask = ex.order(2, -LOTS, AVAX_PRICE, slot=9)
    result = ex.batch(orders=[ex.quote(2, *make_orders(ex, 2, 1)), ask])
    assert (list_fills(result), result.waiting) == ({}, (ask,))


def test_quotes_stand_behind_orders_in_the_batch() -> None:
    # three at the limit share five lots: the two extra ones go to the TradeLanes, although the quote came first
    ex = fund()
    quote = ex.quote(2, *make_orders(ex, 2, 1, -3))
    sells = [ex.order(account, -3, AVAX_PRICE) for account in (3, 4)]
    result = ex.batch(orders=[quote, *sells, ex.order(5, 5, AVAX_PRICE)])
    assert list_fills(result) == {(2, 0): 1, (3, 0): 2, (4, 0): 2, (5, 0): 5}


def test_quoted_orders_are_told_apart_by_place() -> None:
    ex = fund()
    quote = ex.quote(2, None, *make_orders(ex, 2, 2))
    assert [(quoted.place, quoted.order) for quoted in quote.quoted_orders] == [
        (1, quote.quote.orders[1]),
        (2, quote.quote.orders[2]),
    ]
    assert isinstance(quote, SignedQuote)
