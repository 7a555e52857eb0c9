"""Takeovers and deleveraging at DirectSettlement: who is in trouble, what the fund can bear, and who bears it then."""

from __future__ import annotations

import pytest

from rollup.units import MARKET_COUNT
from tests.verifier.direct_auction import BUYER, LOTS, MARK, NO_LOTS, RICH, SELLER, STRANGER
from tests.verifier.direct_scenes import Outcome, Scene, address_of, base_of
from verifier.base_layer import Reverted
from verifier.direct.calldata import pack_takings
from verifier.direct.deployment import FUND_ADDRESS

VICTIM, FIRST, SECOND = BUYER, SELLER, STRANGER
FUNDING = 7 * 10**9
LONG = [LOTS, *NO_LOTS[1:]]
MAINTENANCE = LOTS * MARK * 30_000
WORTH = LOTS * (MARK * 10**6 - FUNDING)  # of LOTS held long, relative to the funding index


def make_scene(equity: int, fund_cash: int, sizes: list[int] = LONG, **changes: bool) -> Scene:
    """Return a victim with an equity, and a fund that holds nothing."""
    count = MARKET_COUNT
    scene = Scene([MARK] * count, [FUNDING] * count, [50_000] * count, [30_000] * count, **changes)
    worth = sum(size * (MARK * 10**6 - FUNDING) for size in sizes)
    scene.put(address_of(VICTIM), equity - worth, sizes)
    scene.put_house(fund_cash, NO_LOTS)
    return scene


def short(scene: Scene, who: int, lots: int, equity: int, market: int = 0) -> None:
    """Give somebody a short position and an equity."""
    sizes = [-lots if m == market else 0 for m in range(MARKET_COUNT)]
    scene.put(address_of(who), equity + lots * (MARK * 10**6 - FUNDING), sizes)


def deleverage(scene: Scene, *takings: tuple[int, int, int]) -> Outcome:
    """Close the victim against others: (who, market, lots) each."""
    packed = pack_takings([(address_of(who), market, lots) for who, market, lots in takings])
    accounts = [address_of(who) for who in (VICTIM, FIRST, SECOND)]
    return scene.run("deleverage", address_of(VICTIM), packed, accounts=accounts)


def refuse(reason: str, scene: Scene, *takings: tuple[int, int, int]) -> None:
    with pytest.raises(Reverted, match=reason):
        deleverage(scene, *takings)


@pytest.mark.parametrize("above", [-1, 0, 1])
def test_takeover_at_half_of_maintenance(above: int) -> None:
    scene = make_scene(MAINTENANCE // 2 + above, fund_cash=RICH)
    if above >= 0:
        with pytest.raises(Reverted, match="NotInTrouble"):
            scene.run("takeOver", address_of(VICTIM))
        return
    done = scene.run("takeOver", address_of(VICTIM), accounts=[address_of(VICTIM)])
    assert (done.accounts[0].cash_atoms, done.accounts[0].sizes_lots) == (0, tuple(NO_LOTS))
    assert done.fund % 2**128 == (RICH + MAINTENANCE // 2 + above - WORTH) % 2**128
    assert done.house >> 128 & 0xFFFF == 1


@pytest.mark.parametrize("above", [-1, 0, 1])
def test_takeover_of_what_the_fund_can_bear(above: int) -> None:
    scene = make_scene(-(10**15), fund_cash=10**15 + above)
    if above < 0:
        with pytest.raises(Reverted, match="FundTooSmall"):
            scene.run("takeOver", address_of(VICTIM))
    else:
        scene.run("takeOver", address_of(VICTIM))


def test_takeover_of_many_positions_over_the_fund_s_own() -> None:
    sizes = [(-1) ** m * (m + 1) * 100 for m in range(MARKET_COUNT)]
    scene = make_scene(-1, fund_cash=0, sizes=sizes)
    scene.put_house(RICH, [-size if m % 3 == 0 else size for m, size in enumerate(sizes)])
    done = scene.run("takeOver", address_of(VICTIM), words=[base_of(FUND_ADDRESS) + 1 + i for i in range(6)])
    assert done.house >> 128 & 0xFFFF == sum(1 << m for m in range(MARKET_COUNT) if m % 3)
    for market, size in enumerate(sizes):
        lane = done.words[market // 3] >> 56 * (market % 3) & 2**56 - 1
        assert lane == (0 if market % 3 == 0 else 2 * size) % 2**56


@pytest.mark.parametrize("equity", [-(10**15), 10**13])
def test_deleveraging_shares_debt_and_leaves_the_rest_to_the_fund(equity: int) -> None:
    scene = make_scene(equity, fund_cash=-(2 * 10**15))
    short(scene, FIRST, LOTS, 10**17)
    short(scene, SECOND, LOTS, 10**18)
    done = deleverage(scene, (FIRST, 0, LOTS - 999), (SECOND, 0, 999))
    victim, first, second = done.accounts
    assert (victim.cash_atoms, victim.sizes_lots) == (0, tuple(NO_LOTS))
    owed = max(-equity, 0)
    share = owed * (LOTS - 999) // LOTS
    lot = MARK * 10**6 - FUNDING
    assert first.cash_atoms == 10**17 + LOTS * lot - (LOTS - 999) * lot - share
    assert second.cash_atoms == 10**18 + LOTS * lot - 999 * lot - (owed - share)
    assert done.fund % 2**128 == (max(equity, 0) - 2 * 10**15) % 2**128


def test_invalid_deleveraging_of_what_the_fund_can_bear() -> None:
    scene = make_scene(-(10**15), fund_cash=10**15)
    short(scene, FIRST, LOTS, 10**18)
    refuse("FundSuffices", scene, (FIRST, 0, LOTS))


def make_ruin() -> Scene:
    """A victim that owes, no fund, and two with shorts, the first the more leveraged."""
    scene = make_scene(-(10**15), fund_cash=0)
    short(scene, FIRST, LOTS, 10**17)
    short(scene, SECOND, LOTS, 10**18)
    return scene


@pytest.mark.parametrize(
    ("reason", "takings"),
    [
        ("LeftOver", ((FIRST, 0, LOTS - 1),)),
        ("LeftOver", ()),
        ("TakingRefused", ((FIRST, 0, LOTS + 1),)),
        ("TakingRefused", ((FIRST, 0, 0), (SECOND, 0, LOTS))),
        ("TakingRefused", ((FIRST, 1, 1),)),
        ("TakingRefused", ((VICTIM, 0, LOTS),)),
        ("MarketUnknown", ((FIRST, 16, 1),)),
        ("OrderOfTakingsWrong", ((SECOND, 0, 1), (FIRST, 0, LOTS - 1))),
    ],
)
def test_invalid_takings(reason: str, takings: tuple[tuple[int, int, int], ...]) -> None:
    deleverage(make_ruin(), (FIRST, 0, LOTS))
    refuse(reason, make_ruin(), *takings)


@pytest.mark.parametrize("above", [-1, 0, 1])
def test_counterparty_can_pay_its_share(above: int) -> None:
    scene = make_scene(-(10**15), fund_cash=0)
    short(scene, FIRST, LOTS, 10**15 + above)
    if above < 0:
        refuse("TakingRefused", scene, (FIRST, 0, LOTS))
    else:
        assert deleverage(scene, (FIRST, 0, LOTS)).accounts[1].cash_atoms == above


def test_invalid_rescue_at_stale_prices() -> None:
    scene = make_scene(-(10**15), fund_cash=0, stale=True)
    short(scene, FIRST, LOTS, 10**18)
    refuse("PricesStale", scene, (FIRST, 0, LOTS))
    with pytest.raises(Reverted, match="PricesStale"):
        scene.run("takeOver", address_of(VICTIM))


def test_invalid_takings_cut_off() -> None:
    with pytest.raises(Reverted, match="Malformed"):
        make_ruin().run("deleverage", address_of(VICTIM), bytes(26))
