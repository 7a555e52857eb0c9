"""The contract's margin, fills, fees and liquidations against rollup/, over random scenes and at the exact edges."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollup.liquidation import compute_penalty, find_largest_markets, is_liquidatable, make_case
from rollup.margin import Margin, compute_fill_cash, compute_margin, is_healthier, is_valid_close
from rollup.units import ATOMS_PER_E6, LOT_TICK_ATOMS, MARKET_COUNT, SIZE_BITS
from tests.verifier.direct_scenes import (
    ORDER_FEE_E6,
    SIXTEEN,
    Scene,
    address_of,
    make_order,
    pack_liquidation,
    pack_settle,
    pack_turn,
    sign_fill,
)
from verifier.base_layer import Reverted

TRADER, OTHER = 1, 2
RICH = 2**119
EXAMPLES = 30


@dataclass(frozen=True)
class Fractions:
    initial_ppm: tuple[int, ...]
    maintenance_ppm: tuple[int, ...]


def draw_scene(random: Random) -> tuple[Scene, Fractions]:
    """Return marks, funding and fractions of any size in sixteen markets."""
    marks = [random.randrange(1_000, 1 << random.randrange(11, 40)) for _ in range(MARKET_COUNT)]
    funding = [random.randrange(-(2**60), 2**60) for _ in range(MARKET_COUNT)]
    initial = tuple(random.randrange(1, 10**6 + 1) for _ in range(MARKET_COUNT))
    maintenance = tuple(random.randrange(1, ppm + 1) for ppm in initial)
    return Scene(marks, funding, initial, maintenance, rent_rate=random.randrange(10**9)), Fractions(
        initial, maintenance
    )


def draw_sizes(random: Random) -> list[int]:
    """Return positions in some markets, of either sign."""
    held = random.sample(range(MARKET_COUNT), random.choice([1, 1, 2, 3, 16]))
    sizes = [0] * MARKET_COUNT
    for market in held:
        sizes[market] = random.choice([-1, 1]) * random.randrange(1, 1 << random.randrange(1, 34))
    return sizes


def draw_price(random: Random, mark: int) -> int:
    reach = mark * SIXTEEN.markets[0].band_ppm // 10**6
    return random.randint(mark - reach, mark + reach)


@settings(max_examples=EXAMPLES, deadline=None)
@given(seed=st.integers(0, 2**32), above=st.sampled_from([-1, 0, 1, None]))
def test_fill_is_taken_as_the_model_says(seed: int, above: int | None) -> None:
    """`above` puts the account's equity after the fill that many atoms above its initial requirement."""
    random = Random(seed)
    scene, fractions = draw_scene(random)
    sizes, tier, since_s = draw_sizes(random), random.randrange(8), random.randrange(1_000)
    market = random.choice([m for m in range(MARKET_COUNT) if sizes[m]] + [random.randrange(MARKET_COUNT)])
    lots = random.choice([-1, 1]) * random.randrange(1, 2 * abs(sizes[market]) + 2)
    price = draw_price(random, scene.marks[market])
    fee = abs(lots) * price * SIXTEEN.taker_fee_ppm[tier] + 9 * ATOMS_PER_E6
    paid = fee + ORDER_FEE_E6 * ATOMS_PER_E6
    rent, gained = since_s * scene.rent_rate, compute_fill_cash(lots, price, scene.funding[market])
    after = [size + lots if m == market else size for m, size in enumerate(sizes)]
    bare = compute_margin(gained - paid, after, scene.marks, scene.funding, fractions)
    gap = random.randrange(-(2**70), 2**70) if above is None else above
    cash = bare.initial - bare.equity + gap  # after rent

    opened = compute_margin(cash, sizes, scene.marks, scene.funding, fractions)
    closed = compute_margin(cash + gained - paid, after, scene.marks, scene.funding, fractions)
    assert above is None or closed.equity == closed.initial + above
    is_valid = is_valid_close(opened, closed, sizes, after)

    trader, other = address_of(TRADER), address_of(OTHER)
    scene.put(trader, cash + rent, sizes, tier=tier, since_s=since_s)
    scene.put(other, RICH, [0] * MARKET_COUNT)
    turns = [
        pack_turn([sign_fill(who, make_order(market, signed, price, tip_e6=9), abs(lots))])
        for who, signed in ((TRADER, lots), (OTHER, -lots))
    ]
    if not is_valid:
        with pytest.raises(Reverted, match=rf"MarginBroken\(.*equity={closed.equity}, required={closed.initial}\)"):
            scene.run("settle", *pack_settle({market: price}, *turns))
        return
    done = scene.run("settle", *pack_settle({market: price}, *turns), accounts=[trader, other])
    assert (done.accounts[0].cash_atoms, list(done.accounts[0].sizes_lots)) == (cash + gained - paid, after)
    assert done.accounts[1].sizes_lots[market] == -lots
    assert done.due_atoms == rent + 2 * ORDER_FEE_E6 * ATOMS_PER_E6
    other_fee = abs(lots) * price * SIXTEEN.taker_fee_ppm[0] + 9 * ATOMS_PER_E6
    assert done.treasury_atoms == fee + other_fee


@settings(max_examples=EXAMPLES, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_reduction_below_initial_is_taken_as_the_model_says(seed: int) -> None:
    random = Random(seed)
    scene, fractions = draw_scene(random)
    sizes = draw_sizes(random)
    market = random.choice([m for m in range(MARKET_COUNT) if sizes[m]])
    lots = -random.randint(1, abs(sizes[market])) * (1 if sizes[market] > 0 else -1)
    price = draw_price(random, scene.marks[market])
    paid = abs(lots) * price * SIXTEEN.taker_fee_ppm[0] + ORDER_FEE_E6 * ATOMS_PER_E6
    gained = compute_fill_cash(lots, price, scene.funding[market])
    after = [size + lots if m == market else size for m, size in enumerate(sizes)]
    bare = compute_margin(0, sizes, scene.marks, scene.funding, fractions)
    # below the initial requirement before, on both sides of nothing
    cash = random.randint(-bare.initial, bare.initial) - bare.equity
    opened = compute_margin(cash, sizes, scene.marks, scene.funding, fractions)
    closed = compute_margin(cash + gained - paid, after, scene.marks, scene.funding, fractions)
    scene.put(address_of(TRADER), cash, sizes)
    scene.put(address_of(OTHER), RICH, [0] * MARKET_COUNT)
    turns = [
        pack_turn([sign_fill(who, make_order(market, signed, price), abs(lots))])
        for who, signed in ((TRADER, lots), (OTHER, -lots))
    ]
    if is_valid_close(opened, closed, sizes, after):
        done = scene.run("settle", *pack_settle({market: price}, *turns), accounts=[address_of(TRADER)])
        assert (done.accounts[0].cash_atoms, list(done.accounts[0].sizes_lots)) == (cash + gained - paid, after)
    else:
        with pytest.raises(Reverted, match="MarginBroken"):
            scene.run("settle", *pack_settle({market: price}, *turns))


@settings(max_examples=EXAMPLES, deadline=None)
@given(seed=st.integers(0, 2**32), below=st.sampled_from([-1, 0, 1, None]), more=st.sampled_from([-1, 0, 1]))
def test_liquidation_is_taken_as_the_model_says(seed: int, below: int | None, more: int) -> None:
    """`below` is by how many atoms equity misses the maintenance requirement, `more` by how many lots a fill exceeds
    the largest that is allowed."""
    random = Random(seed)
    scene, fractions = draw_scene(random)
    sizes = draw_sizes(random)
    bare = compute_margin(0, sizes, scene.marks, scene.funding, fractions)
    shortfall = random.randrange(1, bare.maintenance + 1) if below is None else below
    cash = bare.maintenance - shortfall - bare.equity
    margin = compute_margin(cash, sizes, scene.marks, scene.funding, fractions)
    market = random.choice((*find_largest_markets(sizes, scene.marks, fractions), random.randrange(MARKET_COUNT)))
    price = draw_price(random, scene.marks[market])
    case = make_case(TRADER + 1, sizes, margin, scene.marks, fractions)
    largest = case.compute_max_fill(price) if case and case.market == market else abs(sizes[market])
    lots = max(1, min(largest + more, 2**SIZE_BITS - 1))
    expected = judge_liquidation(margin, sizes, market, lots, price, scene, fractions)

    direction = -1 if sizes[market] > 0 else 1
    scene.put(address_of(TRADER), cash, sizes)
    scene.put(address_of(OTHER), RICH, [0] * MARKET_COUNT)
    turns = [
        pack_liquidation(address_of(TRADER), market, lots),
        pack_turn([sign_fill(OTHER, make_order(market, -direction * lots, price), lots)]),
    ]
    if isinstance(expected, str):
        with pytest.raises(Reverted, match=expected):
            scene.run("settle", *pack_settle({market: price}, *turns))
        return
    done = scene.run("settle", *pack_settle({market: price}, *turns), accounts=[address_of(TRADER)])
    gained = compute_fill_cash(direction * lots, price, scene.funding[market])
    assert done.accounts[0].cash_atoms == cash + gained - expected
    assert done.accounts[0].sizes_lots[market] == sizes[market] + direction * lots
    assert done.due_atoms == expected + ORDER_FEE_E6 * ATOMS_PER_E6


def judge_liquidation(
    margin: Margin, sizes: list[int], market: int, lots: int, price: int, scene: Scene, fractions: Fractions
) -> int | str:
    """Return the penalty in atoms, or why the liquidation is refused: docs/rules.md, word for word."""
    if not is_liquidatable(margin):
        return "NotLiquidatable"
    if market not in find_largest_markets(sizes, scene.marks, fractions):
        return "NotLargestMarket"
    if lots > abs(sizes[market]):
        return "LiquidationTooLarge"
    direction, mark = (-1 if sizes[market] > 0 else 1), scene.marks[market]
    gain = -direction * (price - mark) * LOT_TICK_ATOMS
    initial = margin.initial - (lots - 1) * mark * fractions.initial_ppm[market]
    if margin.equity + (lots - 1) * gain >= initial:
        return "LiquidationTooLarge"
    maintenance = margin.maintenance - lots * mark * fractions.maintenance_ppm[market]
    equity = margin.equity + lots * gain
    if not is_healthier(margin, Margin(equity, 0, maintenance)):
        return "HealthFalls"
    return compute_penalty(lots, price, SIXTEEN.markets[market].liquidation_fee_ppm, equity)
