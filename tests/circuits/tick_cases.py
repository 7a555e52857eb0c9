"""Batches without any operation whose tick and close have everything to do: sixteen markets, each a case of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from rollup.activity import Activity
from rollup.close import close_header
from rollup.oracle import OracleMessages, SignedPrices
from rollup.params import UNUSED_MARKET, MarketParams, Params
from rollup.resources import NOTHING, Units
from rollup.signature import Signature, sign
from rollup.state import Resources, StateHeader
from rollup.tick import run_tick
from rollup.trace import BatchTrace
from rollup.units import MARKET_COUNT, PPM, PREMIUM_ONE
from tests.circuits.frame_cases import get_idle
from tests.scenarios import ORACLE_KEYS, PARAMS

__all__ = [
    "NOW",
    "QUIET",
    "STORM",
    "MarketCase",
    "TickCase",
    "get_storms",
    "make_header",
    "make_params",
    "say",
    "sign_as",
]

NOW = 1_760_200_000
TOP_INDEX = 2**72 - 1
QUIET = Activity((0,) * MARKET_COUNT, (0,) * MARKET_COUNT, NOTHING)


@dataclass(frozen=True)
class MarketCase:
    """One market before the batch, what the three signers say of it, and how far p* lies from the new mark."""

    mark: int = 1
    said: tuple[int, int, int] = (1, 1, 1)
    off: int = 0
    funding: int = 0
    premium: int = 0
    lots: int = 0  # open interest
    params: MarketParams = UNUSED_MARKET


def _rules(**changes: int) -> MarketParams:
    """Return the rules of a market that moves by a permille a second and has a funding clamp of 0.75 %."""
    some = {"initial_ppm": 50_003, "maintenance_ppm": 30_001, "liquidation_fee_ppm": 10_000, "band_ppm": 50_000}
    some |= {"max_move_ppm": 1_000, "funding_clamp_ppm": 7_500, "impact_lots": 10**9}
    some |= {"oi_low_usd": 1_000, "oi_high_usd": 9_001}
    return replace(UNUSED_MARKET, **(some | changes))


_HELD = 5 * 10**15  # at a mark of 1,000 ticks: 5,000 USD, between the bounds of open interest
STORM: tuple[MarketCase, ...] = (
    MarketCase(10**6, (1_300_000, 1_200_000, 1_100_000), 0, 10**12, 10**9, 10**7, _rules()),  # clamped on its way up
    MarketCase(10**6, (700_000, 900_000, 800_000), 0, -(10**12), -(10**9), 10**9, _rules()),  # on its way down
    MarketCase(1_000, (1_001, 1_000, 1_002), 0, 7, 1, _HELD, _rules(max_move_ppm=PPM)),  # free to move
    MarketCase(
        1_000, (998, 999, 997), 1, -7, -1, 2 * _HELD, _rules(max_move_ppm=PPM)
    ),  # more held than the upper bound
    MarketCase(1_000, (4_000, 3_000, 2_000), -1, 0, 0, 0, _rules(max_move_ppm=0)),  # nothing held: it may jump
    MarketCase(2**40, (2**40,) * 3, 0, TOP_INDEX, PREMIUM_ONE, 1, _rules(funding_clamp_ppm=PPM)),  # at the top already
    MarketCase(2**40, (2**40,) * 3, 0, -TOP_INDEX, -PREMIUM_ONE, 1, _rules(funding_clamp_ppm=PPM)),
    MarketCase(2**47, (2**47,) * 3, 0, 0, -3, 2**60 - 2, _rules(oi_low_usd=0, oi_high_usd=2**48 - 1)),
    MarketCase(1, (1, 2, 3), 0, 5, 5, 7, _rules(oi_low_usd=0, oi_high_usd=1)),  # a tick is too much to move
    MarketCase(2**48 - 1, (2**48 - 1,) * 3, 0, 0, 10**10, 1, _rules()),
    MarketCase(10**6, (10**6,) * 3, 50_000, 0, 0, 9, _rules()),  # p* at the top of the band
    MarketCase(10**6, (10**6,) * 3, -50_000, 0, 0, 9, _rules()),  # and at its bottom
    MarketCase(10, (10, 11, 12), 0, 0, 0, 9, _rules()),  # a band that holds the mark alone
    MarketCase(10**6, (10**6,) * 3, 10**6, 0, 0, 9, _rules(band_ppm=PPM, initial_ppm=1, maintenance_ppm=1)),
    MarketCase(10**6, (10**6,) * 3, 49_999, 0, 0, 9, _rules(initial_ppm=PPM, maintenance_ppm=PPM)),
    MarketCase(),
)


def make_params(markets: Sequence[MarketCase] = STORM) -> Params:
    """Return the parameters of these markets."""
    return replace(
        PARAMS,
        markets=tuple(market.params for market in markets),
        maker_fee_ppm=(-PPM, -100, 0, 1, 100, 200, 300, PPM),
        target_per_s=(3, 1, 50),
        min_base_fee=(10**12, 0, 7),
        fund_band_ppm=1_000,
        fund_rate_usd=3_600,
        oracle_max_age_s=60,
        funding_window_s=28_800,
        congestion_window_s=3_600,
        rent_period_s=31_536_000,
    )


def make_header(markets: Sequence[MarketCase] = STORM, *, before_s: int = NOW - 9, **resources: int) -> StateHeader:
    """Return the state before, at a time, with changes to its resources."""
    some = {"congestion_ppm": 700_001, "maintenance_factor_ppm": 1_050_000, "pending_factor_ppm": 1_100_000}
    some |= {"pending_since_s": before_s - 5, "fund_budget": 10**14}
    return replace(
        get_idle().header_before,
        marks_ticks=tuple(market.mark for market in markets),
        funding_index=tuple(market.funding for market in markets),
        premiums=tuple(market.premium for market in markets),
        open_interest_lots=tuple(market.lots for market in markets),
        resources=Resources(base_fees=(8 * 10**12 + 1, 10**17 + 3, 999), **(some | resources)),
        signer_times_s=(before_s - 1, before_s, 0),
        queue_consumed=12,
        vault_e6=34,
        timestamp_s=before_s,
        batch_number=7,
    )


def sign_as(signer: int, prices: Sequence[int], time_s: int, params: Params, secret: bytes = b"") -> SignedPrices:
    """Return a signer's message of prices, signed under its key or another."""
    message = SignedPrices(signer, tuple(prices), time_s, Signature((0, 1), 0))
    return replace(message, signature=sign(secret or ORACLE_KEYS[signer], message.message(params.domain)))


def say(params: Params, markets: Sequence[MarketCase], times_s: Sequence[int | None]) -> OracleMessages:
    """Return each signer's message of what it says of these markets; None of one that is given no time."""
    return tuple(
        None if time_s is None else sign_as(i, [market.said[i] for market in markets], time_s, params)
        for i, time_s in enumerate(times_s)
    )


@dataclass(frozen=True)
class TickCase:
    """A state, what the signers say and how the prices clear: an honest batch follows."""

    before: StateHeader
    oracle: OracleMessages
    now_s: int = NOW
    params: Params = field(default_factory=make_params)
    off: Sequence[int] = tuple(market.off for market in STORM)
    activity: Activity = QUIET

    @property
    def trace(self) -> BatchTrace:
        """The batch that the model makes of it."""
        tick = run_tick(self.before, self.params, self.oracle, self.now_s)
        prices = tuple(mark + off for mark, off in zip(tick.header.marks_ticks, self.off, strict=True))
        after = close_header(tick, self.params, prices, self.activity)
        after.check()
        return replace(
            get_idle(),
            params=self.params,
            header_before=self.before,
            header_after=after,
            oracle=self.oracle,
            clearing_prices_ticks=prices,
        )


def _turn(markets: Sequence[MarketCase], places: int) -> tuple[MarketCase, ...]:
    """Return the markets in other places."""
    return (*markets[places:], *markets[:places])


BUSY = Activity(
    volume_lots=(10**8, 1, 10**9, 10**9 + 7, 0, 2**48, 2**58, 3, 0, 5, 10**9 - 1, 10**9, 1, 1, 1, 0),
    open_interest_change_lots=(5, -7, 10**6, -(10**6), 3, -1, 0, 1, -7, 0, 9, -9, 1, 1, 1, 0),
    used=Units(9, 40, 100),
)
CROWDED = replace(QUIET, used=Units(2**32 - 1, 0, 2**31))


@cache
def get_storms() -> dict[str, TickCase]:
    """Return four ticks that take every case of every rule, each market in another one each time."""

    def make(
        markets: Sequence[MarketCase], before: StateHeader, *times_s: int | None, activity: Activity = QUIET
    ) -> TickCase:
        params = make_params(markets)
        off = [market.off for market in markets]
        return TickCase(before, say(params, markets, times_s), params=params, off=off, activity=activity)

    turned, again, far = _turn(STORM, 1), _turn(STORM, 5), _turn(STORM, 8)
    calm = make_header(congestion_ppm=100_000)
    rising = make_header(turned, maintenance_factor_ppm=PPM, pending_factor_ppm=PPM, fund_budget=0)
    ripe = make_header(again, before_s=NOW - 3_595, congestion_ppm=PPM)
    young = make_header(far, before_s=NOW - 70_000, pending_since_s=NOW - 3_599, pending_factor_ppm=1_110_000)
    return {
        "a fall of congestion, all signers": make(STORM, calm, NOW, NOW - 5, NOW - 60, activity=BUSY),
        "a rise of congestion, a signer missing": make(turned, rising, NOW - 7, None, NOW - 1),
        "an hour after a rise, one signer": make(again, ripe, None, None, NOW),
        "after a day, nobody": make(far, young, None, None, None, activity=CROWDED),
    }
