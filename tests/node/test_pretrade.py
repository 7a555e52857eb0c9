"""Whatever an account was let in with, no subset of its orders takes it below its initial requirement."""

from __future__ import annotations

import pickle
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollup.accounts import NO_POSITIONS, Account
from rollup.auction import compute_band
from rollup.errors import ValueOutOfRange
from rollup.liquidation import is_liquidatable
from rollup.margin import Margin, compute_fill_cash, compute_margin, is_only_reducing
from rollup.orders import ANY_BUY_TICKS, ANY_SELL_TICKS, POST_ONLY, REDUCE_ONLY, Order, compute_effective_remaining
from rollup.tick import Tick
from rollup.txs.effect import compute_margin_at
from rollup.units import ATOMS_PER_E6, MARKET_COUNT
from sequencer.node.exposure import PretradeTerms
from sequencer.node.liquidation_price import compute_liquidation_price
from sequencer.node.pretrade import (
    ChargesNotCovered,
    OrdersNotCovered,
    RestingTotals,
    admit_order,
    compute_free_collateral_e6,
    find_pretrade_fault,
)
from tests.node.test_risk_book import NOW_S, make_tick
from tests.scenarios import PARAMS

FUNDING = (3, -5, *[0] * 14)
MARK = 1_000
DOLLAR_E6 = 10**6


def make_terms(marks: tuple[int, ...] = (MARK, MARK // 2), rent_rate: int = 0) -> PretradeTerms:
    tick = make_tick((*marks, *[1] * (MARKET_COUNT - len(marks))), FUNDING, rent_rate)
    fractions = replace(tick.fractions, initial_ppm=(50_000, 40_000, *[10**6] * 14))
    fractions = replace(fractions, maintenance_ppm=(30_000, 20_000, *[10**6] * 14))
    return PretradeTerms(replace(tick, fractions=fractions), PARAMS)


def make_account(equity_atoms: int, sizes: tuple[int, ...], terms: PretradeTerms, tier: int = 0) -> Account:
    held = (*sizes, *NO_POSITIONS[len(sizes) :])
    header = terms.tick.header
    worth = compute_margin(0, held, header.marks_ticks, header.funding_index, PARAMS).equity
    return Account((1, 1), cash_atoms=equity_atoms - worth, sizes_lots=held, tier=tier, last_touched_s=NOW_S - 9)


def order(lots: int, limit: int, market: int = 0, slot: int = 0, flags: int = 0, **fees: int) -> Order:
    plain = Order(2, market, int(lots < 0), slot, 1, epoch=1, expiry_s=1, size_lots=abs(lots), limit_ticks=limit)
    return replace(plain, flags=flags, **fees)


def fill(account: Account, one: Order, filled: int, lots: int, terms: PretradeTerms) -> Account:
    """Return the account after a fill at the order's limit, or the band's edge; the dearest charge paid."""
    position = account.sizes_lots[one.market]
    lots = min(lots, compute_effective_remaining(one, filled, position))
    if lots == 0:
        return account
    low, high = compute_band(terms.tick.header.marks_ticks[one.market], PARAMS.markets[one.market].band_ppm)
    price = max(one.limit_ticks, low) if one.side else min(one.limit_ticks, high)
    rate = (PARAMS.maker_fee_ppm if one.is_post_only else PARAMS.taker_fee_ppm)[account.tier]
    charge = 0 if filled else (one.max_fee_e6 + one.tip_e6) * ATOMS_PER_E6
    sizes = list(account.sizes_lots)
    sizes[one.market] += one.direction * lots
    received = compute_fill_cash(one.direction * lots, price, terms.tick.header.funding_index[one.market])
    cash_atoms = account.cash_atoms + received - lots * price * rate - charge
    return replace(account, sizes_lots=tuple(sizes), cash_atoms=cash_atoms)


def draw_order(random: Random, slot: int) -> Order:
    market, direction = random.randrange(2), random.choice([1, -1])
    mark = (MARK, MARK // 2)[market]
    limit = mark + direction * random.randint(-60, 30)
    if random.random() < 0.1:
        limit = ANY_BUY_TICKS if direction > 0 else ANY_SELL_TICKS
    flags = random.choice([0, 0, 0, REDUCE_ONLY, POST_ONLY])
    lots = direction * random.choice([1, random.randint(1, 3_000), random.randint(1, 300)])
    return order(lots, limit, market, slot, flags, max_fee_e6=random.choice([0, 0, 1]), tip_e6=random.choice([0, 3]))


def check_every_way(random: Random, account: Account, opened: list[tuple[Order, int]], terms: PretradeTerms) -> None:
    """Fill subsets in many orders, wholly or partly, and ask for the margin rule each time."""
    ways = [random.sample(opened, random.randint(0, len(opened))) for _ in range(8)]
    for sides in ((0, 0), (0, 1), (1, 0), (1, 1)):  # as far as it goes in each market, reduce-only first
        one_way = [one for one in opened if one[0].side == sides[one[0].market]]
        ways.append(sorted(one_way, key=lambda one: not one[0].is_reduce_only))
        ways.append(sorted(opened, key=lambda one: (one[0].side != sides[one[0].market], not one[0].is_reduce_only)))
    for way in ways:
        after = account
        for one, filled in way:
            after = fill(after, one, filled, random.choice([2**48, 2**48, 2**48, random.randint(1, 900)]), terms)
        margin = compute_margin_at(after, terms.tick)
        is_covered = margin.equity - 9 * terms.tick.rent_rate >= margin.initial
        assert is_covered or is_only_reducing(account.sizes_lots, after.sizes_lots)


@settings(max_examples=250)
@given(st.randoms(use_true_random=False))
def test_no_subset_of_admitted_orders_breaks_the_margin_rule(random: Random) -> None:
    terms = make_terms(rent_rate=random.choice([0, 10**12]))
    sizes = (random.choice([0, random.randint(-2_000, 2_000)]), random.choice([0, random.randint(-2_000, 2_000)]))
    flat = compute_margin(0, (*sizes, *[0] * 14), terms.tick.header.marks_ticks, FUNDING, terms.tick.fractions)
    equity = random.choice([flat.initial + random.randint(-(10**9), 10**11), 10**12, flat.maintenance, -5])
    account = make_account(equity, sizes, terms, random.randrange(8))
    resting = RestingTotals()
    open_orders: dict[int, tuple[Order, int]] = {}
    for _ in range(random.randint(1, 25)):
        slot = random.randrange(9)
        if random.random() < 0.15:
            resting.remove(slot)
            open_orders.pop(slot, None)
            continue
        one = draw_order(random, slot)
        fault = find_pretrade_fault(account, resting, one, terms)
        assert type(admit_order(account, resting, one, terms)) is type(fault)
        if fault is None:
            open_orders[slot] = (one, 0)
        assert {s: resting.get(s) for s in range(9) if resting.get(s)} == open_orders
    assert len(resting) == len(open_orders)
    check_every_way(random, account, list(open_orders.values()), terms)


@settings(max_examples=250)
@given(st.randoms(use_true_random=False))
def test_what_open_orders_are_said_to_need_is_enough_to_the_atom(random: Random) -> None:
    terms, resting = make_terms(rent_rate=random.choice([0, 10**12])), RestingTotals()
    sizes, tier = (
        (random.choice([0, -9, random.randint(-2_000, 2_000)]), random.randint(-900, 900)),
        random.randrange(8),
    )
    opened = [(draw_order(random, slot), 0) for slot in range(random.randint(1, 6))]
    for one, _ in opened:
        resting.put(one)
    totals = resting.get_standing(make_account(0, sizes, terms, tier), terms).totals
    needed = totals.required_atoms + totals.cost_atoms + resting.charges_atoms + 9 * terms.tick.rent_rate
    check_every_way(random, make_account(needed, sizes, terms, tier), opened, terms)


@settings(max_examples=150)
@given(st.randoms(use_true_random=False))
def test_sums_kept_are_those_of_all_orders(random: Random) -> None:
    kept, tier = RestingTotals(), 0
    account, terms = make_account(10**13, (5, -7), make_terms()), make_terms()
    everything: dict[int, tuple[Order, int]] = {}
    for _ in range(30):
        step, slot = random.randrange(5), random.randrange(9)
        if step == 0:
            kept.remove(slot)
            everything.pop(slot, None)
        elif step == 1:
            terms = make_terms((MARK + random.choice([0, 0, 7]), MARK // 2 + random.choice([0, -3])))
        elif step == 2:
            tier = random.choice([tier, tier, random.randrange(8)])
            account = make_account(10**13, (random.randint(-9, 9), random.randint(-9, 9)), terms, tier)
        else:
            one = draw_order(random, slot)
            everything[slot] = (one, random.choice([0, one.size_lots // 2]))
            kept.put(*everything[slot])
        anew = RestingTotals()
        for resting in everything.values():
            anew.put(*resting)
        assert kept.charges_atoms == anew.charges_atoms
        got, expected = kept.get_standing(account, terms), anew.get_standing(account, terms)
        assert (got.totals, got.equity_atoms) == (expected.totals, expected.equity_atoms)
        assert [got.get_extremes(m) for m in range(3)] == [expected.get_extremes(m) for m in range(3)]


def test_an_order_is_refused_one_atom_short_and_says_why() -> None:
    terms = make_terms()
    required = 100 * MARK * 50_000 + 100 * MARK * 500  # initial of 100 lots, and the taker's fee at the limit
    for missing, refused in ((0, False), (1, True)):
        account = make_account(required + 4 * ATOMS_PER_E6 - missing, (), terms)
        fault = find_pretrade_fault(account, RestingTotals(), order(100, MARK, max_fee_e6=1, tip_e6=3), terms)
        assert (fault is not None) == refused
    assert isinstance(fault, OrdersNotCovered)
    assert fault.get_facts() == {
        "account_id": 2,
        "market": 0,
        "equity_atoms": 100 * MARK * 50_000 - 1,
        "required_atoms": 100 * MARK * 50_000,
    }
    assert "market 0" in str(fault)
    assert str(pickle.loads(pickle.dumps(fault))) == str(fault)


def test_what_rests_counts_and_replacing_frees_it() -> None:
    terms, resting = make_terms(), RestingTotals()
    account = make_account(160 * MARK * 50_000, (), terms)
    assert admit_order(account, resting, order(100, MARK - 30, slot=1), terms) is None
    assert isinstance(admit_order(account, resting, order(100, MARK - 30, slot=2), terms), OrdersNotCovered)
    assert resting.get(2) is None
    assert admit_order(account, resting, order(150, MARK - 30, slot=1), terms) is None
    assert isinstance(admit_order(account, resting, order(170, MARK - 30, slot=1), terms), OrdersNotCovered)
    assert resting.get(1) == (order(150, MARK - 30, slot=1), 0)
    # the other side of the same market does not add: both never stand open together
    assert admit_order(account, resting, order(-150, MARK + 30, slot=3), terms) is None
    assert isinstance(admit_order(account, resting, order(1_000, 500, 1, slot=4), terms), OrdersNotCovered)


def test_an_account_below_its_initial_requirement_may_only_reduce() -> None:
    terms = make_terms()
    account = make_account(100 * MARK * 20_000, (100,), terms)
    assert find_pretrade_fault(account, RestingTotals(), order(-100, 960), terms) is None
    assert find_pretrade_fault(account, RestingTotals(), order(-900, ANY_SELL_TICKS, flags=REDUCE_ONLY), terms) is None
    assert isinstance(find_pretrade_fault(account, RestingTotals(), order(-101, MARK), terms), OrdersNotCovered)
    assert isinstance(find_pretrade_fault(account, RestingTotals(), order(1, MARK), terms), OrdersNotCovered)


def test_reduce_only_may_let_another_order_go_further() -> None:
    terms, resting = make_terms(), RestingTotals()
    account = make_account(100 * MARK * 60_000, (-100,), terms)
    assert admit_order(account, resting, order(100, MARK - 9, flags=REDUCE_ONLY), terms) is None
    assert resting.get_standing(account, terms).get_extremes(0) == (-100, 0)
    # without the first it could only close the short; with it, it could open as large a long, and no larger
    assert admit_order(account, resting, order(100, MARK - 9, slot=1), terms) is None
    assert resting.get_standing(account, terms).get_extremes(0) == (-100, 100)
    assert isinstance(admit_order(account, resting, order(130, MARK - 9, slot=1), terms), OrdersNotCovered)


def test_charges_must_be_paid_for_even_to_reduce() -> None:
    terms = make_terms()
    equity = 100 * MARK * 20_000
    account = make_account(equity, (100,), terms)
    fault = find_pretrade_fault(account, RestingTotals(), order(-1, MARK, max_fee_e6=DOLLAR_E6), terms)
    assert isinstance(fault, ChargesNotCovered)
    assert fault.get_facts() == {"account_id": 2, "charges_atoms": 10**18, "equity_atoms": equity}
    assert "charged" in str(fault)
    assert str(pickle.loads(pickle.dumps(fault))) == str(fault)


def test_a_position_no_account_can_hold_is_refused() -> None:
    terms = make_terms((1, 1))
    account = make_account(2**119, (2**47,), terms)
    assert find_pretrade_fault(account, RestingTotals(), order(2**47 - 1, 1), terms) is None
    fault = find_pretrade_fault(account, RestingTotals(), order(2**47, 1), terms)
    assert isinstance(fault, ValueOutOfRange)
    assert fault.value == 2**48


def test_free_collateral_is_what_one_may_do_without() -> None:
    terms, resting = make_terms(), RestingTotals()
    account = make_account(10**18 + 50 * MARK * 50_000 + 7, (50,), terms)
    assert compute_free_collateral_e6(account, resting, terms) == DOLLAR_E6
    resting.put(order(-1, MARK, max_fee_e6=1))
    assert (
        compute_free_collateral_e6(account, resting, terms) == DOLLAR_E6 - 2
    )  # the fee of the fill is less than a unit
    poor = make_account(-5, (50,), terms)
    assert compute_free_collateral_e6(poor, RestingTotals(), terms) == 0


# --- liquidation price ----------------------------------------------------------------------------------------------
def is_below(account: Account, market: int, mark: int, tick: Tick) -> bool:
    marks = list(tick.header.marks_ticks)
    marks[market] = mark
    cash = account.cash_atoms - 9 * tick.rent_rate
    margin: Margin = compute_margin(cash, account.sizes_lots, marks, tick.header.funding_index, tick.fractions)
    return is_liquidatable(margin)


@settings(max_examples=300)
@given(*[st.integers(-30, 30)] * 2, st.integers(-(10**11), 10**11), st.integers(0, 1), st.sampled_from([1, 7, 10**6]))
def test_liquidation_price_is_where_liquidation_begins(
    first: int, second: int, equity: int, market: int, ppm: int
) -> None:
    terms = make_terms((100, 50), rent_rate=1_000)
    maintenance = list(terms.tick.fractions.maintenance_ppm)
    maintenance[0] = ppm
    tick = replace(terms.tick, fractions=replace(terms.tick.fractions, maintenance_ppm=tuple(maintenance)))
    account = make_account(equity, (first, second), terms)
    got = compute_liquidation_price(account, market, tick)
    size = (first, second)[market]
    if size == 0:
        assert got is None
        return
    towards = 1 if size < 0 else -1  # where it gets worse
    worst = 2**48 - 1 if size < 0 else 1
    if got is None:
        assert not is_below(account, market, worst, tick)
        return
    assert 1 <= got < 2**48
    assert is_below(account, market, got, tick)
    assert not 1 <= got - towards < 2**48 or not is_below(account, market, got - towards, tick)


@pytest.mark.parametrize(("sizes", "expected"), [((100,), 993), ((-100,), 1_006), ((0,), None)])
def test_liquidation_price_of_a_plain_position(sizes: tuple[int, ...], expected: int | None) -> None:
    terms = make_terms()
    account = make_account(100 * MARK * 36_000, sizes, terms)
    assert compute_liquidation_price(account, 0, terms.tick) == expected
