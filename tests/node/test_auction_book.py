"""The book of resting orders: slots, depth, expiry, fills, and who takes part in the auction of a tick."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from rollup.admission import ALONE, OpenOrder, TurnKey, compute_lots, may_trade_now
from rollup.auction import Entry, clear_market, find_self_trades
from rollup.orders import IOC, POST_ONLY, Order
from rollup.quotes import QuotedOrder, SignedQuote
from rollup.rejections import SignatureInvalid
from rollup.signature_cache import SignatureCache
from rollup.units import MARKET_COUNT
from rollup.workspace import Workspace
from sequencer.node.auction_book import AuctionBook, Level
from sequencer.node.order_table import OrderTable, RestingOrder
from sequencer.node.risk_book import RiskBook
from sequencer.node.selection import withdraw_places
from tests.node.wide_books import MARK, WideBook


def make_book(*orders: Order, first: int = 0) -> tuple[WideBook, AuctionBook]:
    wide, book = WideBook(Random(1)), AuctionBook()
    for sequence, order in enumerate(orders, first):
        book.add(wide.ex.sign(order), sequence)
    return wide, book


def order(account: int, lots: int, limit: int, **fields: int) -> Order:
    plain = Order(account, 0, int(lots < 0), 0, 1, epoch=1, expiry_s=10**10, size_lots=abs(lots), limit_ticks=limit)
    return replace(plain, **fields)


def test_depth_sums_what_rests_at_each_price_best_first() -> None:
    _, book = make_book(
        order(2, 5, 990),
        order(3, 7, 990),
        order(4, 1, 995),
        order(5, -2, 1_001),
        order(6, -3, 1_005),
        order(7, -4, 1_000, market=1),
    )
    depth = book.get_depth(0, 5)
    assert depth.bids == (Level(995, 1, 1), Level(990, 12, 2))
    assert depth.asks == (Level(1_001, 2, 1), Level(1_005, 3, 1))
    assert book.get_depth(0, 1) == (depth.bids[:1], depth.asks[:1])
    assert book.get_depth(1, 1) == ((), (Level(1_000, 4, 1),))
    assert book.get_depth(2, 9) == ((), ())


def test_depth_counts_what_is_left_of_an_order() -> None:
    wide, book = make_book()
    book.add(wide.ex.sign(order(2, 5, 990)), 0, 3)
    assert book.get_depth(0, 1).bids == (Level(990, 2, 1),)


def test_an_order_takes_the_place_of_what_rests_in_its_slot() -> None:
    wide, book = make_book(order(2, 5, 990), order(3, 5, 991))
    book.add(wide.ex.sign(order(2, 4, 980, nonce=2)), 9)
    assert len(book) == 2
    assert book.get_depth(0, 3).bids == (Level(991, 5, 1), Level(980, 4, 1))
    removed = book.remove(2, 0)
    assert removed is not None
    assert removed.sequence == 9
    assert book.remove(2, 0) is None
    assert book.get(2, 0) is None
    assert len(book) == 1


def test_expired_orders_go_when_a_batch_would_refuse_them() -> None:
    _, book = make_book(order(2, 5, 990, expiry_s=99), order(3, 5, 990, expiry_s=100))
    assert [one.sent.order.account for one in book.remove_expired(100)] == [2]
    assert len(book) == 1
    assert book.remove_expired(100) == []


def test_rows_are_used_again_and_grow() -> None:
    random, table, wide = Random(3), OrderTable(), WideBook(Random(1))
    expected: dict[tuple[int, int], int] = {}
    signed = wide.ex.sign(order(2, 5, 990))
    for step in range(5_000):
        account, slot = random.randrange(2, 30), random.randrange(200)
        if random.random() < 0.3:
            assert (table.remove(account, slot) is not None) == (expected.pop((account, slot), None) is not None)
        else:
            one = replace(signed, order=replace(signed.order, account=account, slot=slot, limit_ticks=step + 1))
            table.put(RestingOrder(one, step, 0))
            expected[account, slot] = step + 1
    assert len(table) == len(expected) > 1_024
    rows = table.rows
    columns = (table.column(name, rows).tolist() for name in ("account", "limit"))
    assert sorted(zip(*columns, strict=True)) == sorted((account, limit) for (account, _), limit in expected.items())
    assert [table.get_row(row).sent.order.limit_ticks for row in rows.tolist()] == table.column("limit", rows).tolist()


def test_fills_shrink_orders_and_end_them() -> None:
    wide = WideBook(Random(2))
    for account in range(2, 7):
        wide.ex.put(account, cash_atoms=10**18)
    book = wide.orders
    for sequence, one in enumerate(
        (order(2, 5, MARK), order(3, 9, MARK, flags=IOC), order(4, -7, MARK), order(5, -1, MARK), order(6, 5, 960))
    ):
        signed = wide.ex.sign(one)
        wide.resting.append(signed)
        book.add(signed, sequence)
    result = wide.build([], 0).chosen.result
    filled = {fill.order.account: fill.fill_lots for fill in result.fills}
    assert len(filled) >= 3
    book.apply_fills(result.fills)
    for account in range(2, 7):
        left, sent = book.get(account, 0), wide.resting[account - 2].order  # type: ignore[union-attr]
        lots = filled.get(account, 0)
        if lots == sent.size_lots or (lots and sent.is_ioc):
            assert left is None
        else:
            assert left is not None
            assert left.filled_lots == lots
    replaced = wide.ex.sign(order(6, 3, 950, nonce=7))
    book.add(replaced, 77)
    book.apply_fills([replace(result.fills[0], order=wide.resting[4].order)])  # type: ignore[union-attr]
    assert book.get(6, 0) == RestingOrder(replaced, 77, 0)  # a fill of what was replaced since


@pytest.mark.parametrize("seed", range(60))
def test_participants_are_those_that_may_trade(seed: int) -> None:
    random = Random(seed)
    wide = WideBook(random, random.choice([3, 20, 60]))
    wide.send(60)
    tick = replace(wide.ex.next_tick(), stale=random.random() < 0.1, order_fee_e6=random.choice([0, 5 * 10**6 + 1]))
    book, state = wide.orders, wide.ex.state
    for row in random.sample(book.table.rows.tolist(), 10):
        resting = book.table.get_row(row)
        if resting.sent.order.size_lots > 1:
            book.table.put(replace(resting, filled_lots=1))
    workspace = Workspace(state, wide.ex.params, tick, SignatureCache())
    everybody = [book.table.get_row(row) for row in book.table.rows.tolist()]
    everybody.sort(key=lambda one: (one.sequence, getattr(one.sent, "place", 0)))
    opened = [
        OpenOrder(rank, one.sent, TurnKey(one.sent.order.account, ALONE), one.filled_lots)
        for rank, one in enumerate(everybody)
    ]
    able = [one for one in opened if may_trade_now(workspace, one)]
    entries: list[list[Entry]] = [[] for _ in range(MARKET_COUNT)]
    for one in able:
        terms, lots = one.order, compute_lots(workspace, one)
        entries[terms.market].append(Entry(one.rank, terms.account, terms.direction, terms.limit_ticks, lots))
    held = {rank for market in entries for rank in find_self_trades(market)}
    expected = [one for one in able if one.rank not in held]

    risk = RiskBook(state.accounts)
    found = book.find_participants(tick, risk.get_positions)
    order_of = np.argsort(found.keys)
    got = [book.table.get_row(row).sent for row in found.rows[order_of].tolist()]
    assert got == [one.sent for one in expected]
    assert found.lots[order_of].tolist() == [compute_lots(workspace, one) for one in expected]
    assert found.crossing == {opened[rank].order.account for rank in held}

    crossings = book.find_crossings(tick, wide.ex.params, found, {})
    for market in range(MARKET_COUNT):
        kept = [entry for entry in entries[market] if entry.rank not in held]
        args = (tick.header.marks_ticks[market], wide.ex.params.markets[market].band_ppm)
        assert crossings[market].price_ticks == clear_market(kept, *args).price_ticks


def test_places_withdrawn_from_a_quote_do_not_trade_and_its_signature_still_holds() -> None:
    wide = WideBook(Random(1))
    wide.ex.put(2, cash_atoms=10**18)
    places = [order(2, 4, MARK, slot=1), None, order(2, 3, MARK, slot=2)]
    signed = wide.ex.quote(2, *places)
    seller = wide.ex.sign(order(3, -9, MARK))
    wide.ex.put(3, cash_atoms=10**18)
    book = wide.orders
    book.add_quote(signed, 0)
    book.add(seller, 1)
    book.remove(2, 1)
    wide.resting = [withdraw_places(signed, [2]), seller]
    assert [part.place for part in wide.resting[0].quoted_orders] == [2]  # type: ignore[union-attr]
    pair = wide.build([], 0)
    bought = [(fill.order.slot, fill.fill_lots) for fill in pair.chosen.result.fills if fill.order.account == 2]
    assert bought == [(2, 3)]
    assert pair.chosen.result.trace == pair.whole.trace
    forged = SignedQuote(replace(signed.quote, orders=(None, None, places[2])), signed.signature)
    wide.resting = [forged, seller]
    refused = [error for _, error in wide.build([], 0).whole.rejected]
    assert [type(error) for error in refused] == [SignatureInvalid]
    assert QuotedOrder(signed, 2).order == places[2]


def test_post_only_waits_at_the_mark_but_is_in_the_depth() -> None:
    wide, book = make_book(order(2, 5, MARK, flags=POST_ONLY))
    assert book.get_depth(0, 1).bids == (Level(MARK, 5, 1),)
    risk = RiskBook(wide.ex.state.accounts)
    assert len(book.find_participants(wide.ex.next_tick(), risk.get_positions).rows) == 0
