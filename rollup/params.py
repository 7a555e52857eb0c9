"""Governable parameters: markets, fees, resources, oracle, and the deployment everything signed is bound to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from rollup import tags
from rollup.babyjubjub import IDENTITY, Point, is_in_subgroup
from rollup.market_params import UNUSED_MARKET, MarketParams, ParamsInvalid, check_param
from rollup.packing import pack
from rollup.poseidon import poseidon
from rollup.units import (
    BASE_FEE_BITS,
    COUNTER_BITS,
    MARKET_COUNT,
    ORACLE_COUNT,
    OWNER_BITS,
    PARAM_USD_BITS,
    PPM,
    PPM_BITS,
    RESOURCE_COUNT,
    TIER_COUNT,
    WINDOW_BITS,
)

__all__ = ["NO_ORACLE_KEYS", "UNUSED_MARKET", "MarketParams", "Params", "ParamsInvalid"]

NO_ORACLE_KEYS = (IDENTITY,) * ORACLE_COUNT  # nobody can sign for it
_FREE = (0,) * TIER_COUNT


@dataclass(frozen=True)
class Params:
    """All parameters of a deployment, behind `params_hash`. Fees have 8 tiers; `markets` is padded to 16.

    Raises ParamsInvalid.
    """

    chain_id: int
    contract: int  # 160-bit address of the settlement contract
    version: int
    taker_fee_ppm: tuple[int, ...]
    markets: tuple[MarketParams, ...]
    maker_fee_ppm: tuple[int, ...] = _FREE  # signed: a rebate is negative
    target_per_s: tuple[int, ...] = (1,) * RESOURCE_COUNT  # units a second at which a base fee stays: half of capacity
    min_base_fee: tuple[int, ...] = (0,) * RESOURCE_COUNT  # atoms a unit
    fund_band_ppm: int = 0  # how much worse than the mark the insurance fund may trade
    fund_rate_usd: int = 0  # notional the insurance fund may trade an hour
    oracle_keys: tuple[tuple[int, int], ...] = NO_ORACLE_KEYS
    oracle_max_age_s: int = 60
    funding_window_s: int = 28_800
    congestion_window_s: int = 3_600
    rent_period_s: int = 31_536_000  # holding a leaf this long costs as much as creating one

    def __post_init__(self) -> None:
        check_param("chain_id", self.chain_id, 0, 2**64 - 1)
        check_param("contract", self.contract, 0, 2**OWNER_BITS - 1)
        check_param("version", self.version, 0, 2**COUNTER_BITS - 1)
        check_param("number of markets", len(self.markets), 0, MARKET_COUNT)
        _check_each("taker_fee_ppm", self.taker_fee_ppm, TIER_COUNT, 0, PPM)
        _check_each("maker_fee_ppm", self.maker_fee_ppm, TIER_COUNT, -PPM, PPM)
        _check_each("target_per_s", self.target_per_s, RESOURCE_COUNT, 1, 2**COUNTER_BITS - 1)
        _check_each("min_base_fee", self.min_base_fee, RESOURCE_COUNT, 0, 2**BASE_FEE_BITS - 1)
        check_param("fund_band_ppm", self.fund_band_ppm, 0, PPM)
        check_param("fund_rate_usd", self.fund_rate_usd, 0, 2**PARAM_USD_BITS - 1)
        check_param("oracle_max_age_s", self.oracle_max_age_s, 0, 2**COUNTER_BITS - 1)
        check_param("funding_window_s", self.funding_window_s, 1, 2**WINDOW_BITS - 1)
        check_param("congestion_window_s", self.congestion_window_s, 1, 2**WINDOW_BITS - 1)
        check_param("rent_period_s", self.rent_period_s, 1, 2**COUNTER_BITS - 1)
        check_param("number of oracle_keys", len(self.oracle_keys), ORACLE_COUNT, ORACLE_COUNT)
        for signer, key in enumerate(self.oracle_keys):
            check_param(f"oracle_keys[{signer}] in the subgroup", int(is_in_subgroup(key)), 1, 1)
        _check_signers_differ(self.oracle_keys)
        padding = (UNUSED_MARKET,) * (MARKET_COUNT - len(self.markets))
        object.__setattr__(self, "markets", self.markets + padding)

    def is_market_open(self, market: int) -> bool:
        """Return whether orders may name this market: it exists and is not padding."""
        return 0 <= market < MARKET_COUNT and self.markets[market].name != ""

    @cached_property
    def initial_ppm(self) -> tuple[int, ...]:
        """Initial fractions by market, before open interest and congestion raise them."""
        return tuple(market.initial_ppm for market in self.markets)

    @cached_property
    def maintenance_ppm(self) -> tuple[int, ...]:
        """Maintenance fractions by market, before congestion raises them."""
        return tuple(market.maintenance_ppm for market in self.markets)

    @cached_property
    def domain(self) -> int:
        """What every signature is bound to: chain, contract and version."""
        return poseidon((self.chain_id, self.contract, self.version), tags.DOMAIN)

    @property
    def taker_packed(self) -> int:
        """The taker fees by tier as one field element, 20 bits each, tier 0 lowest."""
        return pack(*((fee_ppm, PPM_BITS) for fee_ppm in self.taker_fee_ppm))

    @property
    def maker_packed(self) -> int:
        """The maker fees by tier, each raised by 10**6 so that none is negative, 21 bits each."""
        return pack(*((fee_ppm + PPM, PPM_BITS + 1) for fee_ppm in self.maker_fee_ppm))

    @property
    def fees_words(self) -> tuple[int, int]:
        """target_per_s | fund_band_ppm | fund_rate_usd, and min_base_fee."""
        targets = ((target, COUNTER_BITS) for target in self.target_per_s)
        fund = ((self.fund_band_ppm, PPM_BITS), (self.fund_rate_usd, PARAM_USD_BITS))
        return pack(*targets, *fund), pack(*((fee, BASE_FEE_BITS) for fee in self.min_base_fee))

    @property
    def times_word(self) -> int:
        """oracle_max_age_s | funding_window_s | congestion_window_s | rent_period_s."""
        return pack(
            (self.oracle_max_age_s, COUNTER_BITS),
            (self.funding_window_s, WINDOW_BITS),
            (self.congestion_window_s, WINDOW_BITS),
            (self.rent_period_s, COUNTER_BITS),
        )

    @cached_property
    def params_hash(self) -> int:
        """The public input that commits to all of these (docs/rules.md, Formats)."""
        risk = poseidon([market.risk_word for market in self.markets], tags.MARKET_PARAMS)
        sizes = poseidon([market.size_word for market in self.markets], tags.MARKET_SIZES)
        keys = poseidon([axis for key in self.oracle_keys for axis in key], tags.ORACLE_KEYS)
        fees = (self.taker_packed, self.maker_packed)
        return poseidon((self.domain, *fees, risk, sizes, *self.fees_words, self.times_word, keys), tags.PARAMS)


def _check_signers_differ(oracle_keys: Sequence[Point]) -> None:
    # under one key in two places one signer would be a majority, and alone set the median
    signing = [key for key in oracle_keys if key != IDENTITY]  # nobody can sign for the identity
    check_param("number of distinct oracle_keys", len(set(signing)), len(signing), len(signing))


def _check_each(name: str, values: Sequence[int], count: int, minimum: int, maximum: int) -> None:
    check_param(f"number of {name}", len(values), count, count)
    for i, value in enumerate(values):
        check_param(f"{name}[{i}]", value, minimum, maximum)
