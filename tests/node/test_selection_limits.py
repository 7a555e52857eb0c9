"""What makes an order that was left out matter after all, each staged: another batch, and `covers` says so."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from rollup.accounts import NO_POSITIONS
from rollup.orders import REDUCE_ONLY, SignedOrder
from rollup.quotes import SignedQuote
from rollup.rejections import EpochMismatch
from rollup.signature import derive_public_key
from rollup.txs import CancelAll, SignedCashOp
from rollup.units import FUND_ACCOUNT
from tests.node.wide_books import MARK, USERS, Pair, WideBook

RICH = 10**18


class Stage:
    """A book in which everybody is rich and flat, and far orders that nobody meets make leaving out worth while."""

    def __init__(self, fund_lots: int = 0) -> None:
        self.wide = WideBook(Random(7))
        self.ex = self.wide.ex
        for user in USERS:
            own = {"key": derive_public_key(self.ex.key_of(user)), "owner": self.ex.owner_of(user)}
            self.ex.put(user, cash_atoms=RICH, sizes_lots=NO_POSITIONS, **own)
        self.ex.put(FUND_ACCOUNT, cash_atoms=RICH, sizes_lots=(fund_lots, *NO_POSITIONS[1:]))
        for user in USERS[-8:]:
            self.rest(user, 3, MARK - 40, slot=99)

    def rest(self, account: int, lots: int, limit: int, slot: int = 0, flags: int = 0) -> SignedOrder:
        signed = self.ex.sign(self.ex.make_order(account, lots, limit, slot=slot, flags=flags, tip_e6=0))
        self.wide.orders.add(signed, len(self.wide.resting))
        self.wide.resting.append(signed)
        return signed

    def build(self, *cash: SignedCashOp) -> Pair:
        return self.wide.build(list(cash), 0, (0,))


def list_slots(pair: Pair) -> set[tuple[int, int]]:
    """Return account and slot of the orders that filled with the whole book."""
    return {(fill.order.account, fill.order.slot) for fill in pair.whole.fills}


def test_nothing_happens_and_the_selection_covers() -> None:
    stage = Stage()
    stage.rest(2, 5, MARK)
    stage.rest(3, -5, MARK)
    pair = stage.build()
    assert list_slots(pair) == {(2, 0), (3, 0)}
    assert pair.chosen.is_whole
    assert not pair.chosen.selection.is_all
    assert pair.chosen.result.trace == pair.whole.trace
    assert pair.chosen.selection.n_orders < len(stage.wide.orders)


def test_an_order_comes_free_when_the_older_that_it_crosses_is_cancelled() -> None:
    stage = Stage()
    older = stage.rest(2, -5, MARK + 20, slot=1)
    stage.rest(2, 5, MARK + 25, slot=2)
    stage.rest(3, -5, MARK + 15)
    pair = stage.build(stage.ex.cancel(2, 1, older.order.nonce))
    assert list_slots(pair) == {(2, 2), (3, 0)}
    assert pair.chosen.selection.crossing == {2}
    assert pair.chosen.result.trace != pair.whole.trace
    assert not pair.chosen.is_whole
    assert stage.build().chosen.is_whole


def test_a_forced_trade_gives_a_reduce_only_order_something_to_reduce() -> None:
    stage = Stage()
    stage.rest(2, -5, MARK - 3, flags=REDUCE_ONLY)
    stage.rest(3, 5, MARK)
    pair = stage.build(stage.ex.forced_trade((2, 4), 5, MARK))
    assert list_slots(pair) == {(2, 0), (3, 0)}
    assert pair.chosen.selection.idle == {2}
    assert pair.chosen.result.trace != pair.whole.trace
    assert not pair.chosen.is_whole
    assert stage.build(stage.ex.forced_trade((5, 4), 5, MARK)).chosen.is_whole


def test_the_fund_meets_the_most_eager_order_although_it_may_not_trade() -> None:
    stage = Stage(fund_lots=4)
    pair = stage.build()
    assert pair.chosen.selection.fund_sides == {(0, 1)}
    assert len(pair.chosen.selection.eager) == 1
    assert pair.chosen.is_whole
    assert not replace(pair.chosen.selection, fund_sides=frozenset()).covers(pair.chosen.result)


def test_a_refused_order_may_have_hidden_another_that_the_fund_meets() -> None:
    stage = Stage(fund_lots=4)
    stage.rest(2, 5, MARK + 1)
    pair = stage.wide.build([stage.ex.request(CancelAll, 2)], 0, (1,))
    assert [type(error) for _, error in pair.chosen.result.rejected] == [EpochMismatch]
    assert (2, 0) in pair.chosen.selection.eager
    assert not pair.chosen.is_whole


def test_a_price_that_moves_beyond_what_was_offered_is_seen() -> None:
    # 3's order falls for want of margin; then 5's, which finds no price either way, keeps the price up
    stage = Stage()
    stage.ex.put(3, cash_atoms=0)
    stage.rest(2, -5, MARK + 2)
    stage.rest(3, 5, MARK + 20)
    stage.rest(4, 5, MARK + 12)
    stage.rest(5, 3, MARK + 8)
    pair = stage.build()
    prices = [one.trace.clearing_prices_ticks[0] for one in (pair.whole, pair.chosen.result)]
    assert prices == [MARK + 9, MARK + 2]
    assert not pair.chosen.is_whole
    wider = stage.wide.build([], 0, (0, 4)).chosen
    assert (wider.n_builds, wider.is_whole, wider.selection.is_all) == (2, True, False)
    assert wider.result.trace == pair.whole.trace


def test_places_of_a_quote_that_do_not_matter_are_withdrawn() -> None:
    stage = Stage()
    places = [stage.ex.make_order(2, 2, MARK, slot=1), stage.ex.make_order(2, 2, MARK - 45, slot=2)]
    quote = stage.ex.quote(2, *places)
    stage.wide.orders.add_quote(quote, len(stage.wide.resting))
    stage.wide.resting.append(quote)
    stage.rest(3, -2, MARK)
    pair = stage.build()
    (offered,) = [one for one in pair.chosen.selection.orders if isinstance(one, SignedQuote)]
    assert offered.withdrawn == {1}
    assert pair.chosen.is_whole
    assert pair.chosen.result.trace == pair.whole.trace
