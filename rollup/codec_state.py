"""How parameters, the state's header and the oracle's messages stand in a batch file."""

from __future__ import annotations

from rollup.codec_common import COUNTER, POINT, PPM_VALUE, PRICES, SIGNATURE, TIMESTAMP, signed, vector
from rollup.codec_fields import FIELD_ELEMENT, Integer, ListOf, Optional, Record, Text, unsigned
from rollup.oracle import SignedPrices
from rollup.params import MarketParams, Params
from rollup.state import Resources, StateHeader
from rollup.units import (
    BASE_FEE_BITS,
    FUND_BUDGET_BITS,
    FUNDING_BITS,
    MARKET_COUNT,
    OPEN_INTEREST_BITS,
    ORACLE_COUNT,
    OWNER_BITS,
    PARAM_USD_BITS,
    PPM,
    PREMIUM_ONE,
    RESOURCE_COUNT,
    SIZE_BITS,
    TIER_COUNT,
    VAULT_E6_BITS,
    WINDOW_BITS,
)

__all__ = ["HEADER", "ORACLE", "PARAMS"]

_USD = unsigned(PARAM_USD_BITS)
_FACTOR = Integer(PPM, 2 * PPM)
_MARKET = Record(
    MarketParams,
    {
        "name": Text(64),
        "size_decimals": Integer(0, 12),
        "price_decimals": Integer(0, 12),
        "initial_ppm": PPM_VALUE,
        "maintenance_ppm": PPM_VALUE,
        "liquidation_fee_ppm": PPM_VALUE,
        "band_ppm": PPM_VALUE,
        "max_move_ppm": PPM_VALUE,
        "funding_clamp_ppm": PPM_VALUE,
        "impact_lots": unsigned(SIZE_BITS),
        "oi_low_usd": _USD,
        "oi_high_usd": _USD,
    },
)
PARAMS = Record(
    Params,
    {
        "chain_id": unsigned(64),
        "contract": unsigned(OWNER_BITS),
        "version": COUNTER,
        "taker_fee_ppm": vector(PPM_VALUE, TIER_COUNT),
        "markets": ListOf(_MARKET, MARKET_COUNT, MARKET_COUNT),
        "maker_fee_ppm": vector(Integer(-PPM, PPM), TIER_COUNT),
        "target_per_s": vector(COUNTER, RESOURCE_COUNT),
        "min_base_fee": vector(unsigned(BASE_FEE_BITS), RESOURCE_COUNT),
        "fund_band_ppm": PPM_VALUE,
        "fund_rate_usd": _USD,
        "oracle_keys": vector(POINT, ORACLE_COUNT),
        "oracle_max_age_s": COUNTER,
        "funding_window_s": unsigned(WINDOW_BITS),
        "congestion_window_s": unsigned(WINDOW_BITS),
        "rent_period_s": COUNTER,
    },
)
_RESOURCES = Record(
    Resources,
    {
        "base_fees": vector(unsigned(BASE_FEE_BITS), RESOURCE_COUNT),
        "congestion_ppm": PPM_VALUE,
        "maintenance_factor_ppm": _FACTOR,
        "pending_factor_ppm": _FACTOR,
        "pending_since_s": TIMESTAMP,
        "fund_budget": unsigned(FUND_BUDGET_BITS),
    },
)
HEADER = Record(
    StateHeader,
    {
        "accounts_root": FIELD_ELEMENT,
        "marks_ticks": PRICES,
        "funding_index": vector(signed(FUNDING_BITS), MARKET_COUNT),
        "premiums": vector(Integer(-PREMIUM_ONE, PREMIUM_ONE), MARKET_COUNT),
        "open_interest_lots": vector(unsigned(OPEN_INTEREST_BITS), MARKET_COUNT),
        "resources": _RESOURCES,
        "signer_times_s": vector(TIMESTAMP, ORACLE_COUNT),
        "queue_consumed": COUNTER,
        "vault_e6": unsigned(VAULT_E6_BITS),
        "timestamp_s": TIMESTAMP,
        "batch_number": COUNTER,
    },
)
_PRICES = Record(
    SignedPrices,
    {
        "signer": Integer(0, ORACLE_COUNT - 1),
        "prices_ticks": PRICES,
        "time_s": TIMESTAMP,
        "signature": SIGNATURE,
    },
)
ORACLE = vector(Optional(_PRICES), ORACLE_COUNT)
