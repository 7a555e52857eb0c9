"""The parameter record behind the public `params_hash`, opened in one way only. Twin of rollup/params.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from circuits.bits import from_bits
from circuits.inputs import private_bits
from circuits.linear import LC, sum_lc
from circuits.poseidon import poseidon
from circuits.system import ConstraintSystem
from rollup import tags
from rollup.units import (
    BASE_FEE_BITS,
    COUNTER_BITS,
    MARKET_COUNT,
    ORACLE_COUNT,
    PARAM_USD_BITS,
    PPM,
    PPM_BITS,
    RESOURCE_COUNT,
    SIZE_BITS,
    TIER_COUNT,
    WINDOW_BITS,
)

Layout = tuple[tuple[str, int], ...]
"""The fields of a packed word by name and width, least significant first."""

RISK: Final[Layout] = tuple(
    (f"{name}_ppm", PPM_BITS)
    for name in ("initial", "maintenance", "liquidation_fee", "band", "max_move", "funding_clamp")
)
SIZES: Final[Layout] = (("impact_lots", SIZE_BITS), ("oi_low_usd", PARAM_USD_BITS), ("oi_high_usd", PARAM_USD_BITS))
TAKER: Final[Layout] = tuple((f"taker_fee_ppm[{t}]", PPM_BITS) for t in range(TIER_COUNT))
MAKER: Final[Layout] = tuple((f"maker_fee_ppm[{t}]", PPM_BITS + 1) for t in range(TIER_COUNT))  # raised by 10**6
FEES_1: Final[Layout] = (
    *((f"target_per_s[{r}]", COUNTER_BITS) for r in range(RESOURCE_COUNT)),
    ("fund_band_ppm", PPM_BITS),
    ("fund_rate_usd", PARAM_USD_BITS),
)
FEES_2: Final[Layout] = tuple((f"min_base_fee[{r}]", BASE_FEE_BITS) for r in range(RESOURCE_COUNT))
TIMES: Final[Layout] = (
    ("oracle_max_age_s", COUNTER_BITS),
    ("funding_window_s", WINDOW_BITS),
    ("congestion_window_s", WINDOW_BITS),
    ("rent_period_s", COUNTER_BITS),
)
DEPLOYMENT: Final = ("chain_id", "contract", "version")


@dataclass(frozen=True)
class OpenParams:
    """The record by field; what has an index by its index in square brackets. Every field is in its width."""

    domain: LC
    fields: dict[str, LC]  # of one number, or of one for each tier or resource
    markets: list[dict[str, LC]]
    oracle_keys: list[tuple[LC, LC]]

    def __getitem__(self, name: str) -> LC:
        return self.fields[name]

    def each(self, name: str, count: int) -> list[LC]:
        """Return the fields name[0], name[1], .."""
        return [self.fields[f"{name}[{i}]"] for i in range(count)]

    @property
    def maker_fees_ppm(self) -> list[LC]:
        """The maker fees by tier, signed."""
        return [fee - PPM for fee in self.each("maker_fee_ppm", TIER_COUNT)]


def open_params(cs: ConstraintSystem) -> OpenParams:
    """Return the parameters behind the port params_hash.

    Private: params/{field}, params/market[m]/{field}, params/oracle_key[i]_x and _y. Every packed field is made of its
    own bits, so each word opens in one way. What the record may say is for those who govern it.
    Constraints: 7,255, named params/...
    """
    with cs.scope("params"):
        domain = poseidon(cs, [cs.private(name) for name in DEPLOYMENT], tags.DOMAIN, name="domain")
        fields: dict[str, LC] = {}
        words = [_open_word(cs, layout, fields) for layout in (TAKER, MAKER, FEES_1, FEES_2, TIMES)]
        markets, risk, sizes = _open_markets(cs)
        keys = [(cs.private(f"oracle_key[{i}]_x"), cs.private(f"oracle_key[{i}]_y")) for i in range(ORACLE_COUNT)]
        keys_hash = poseidon(cs, [axis for key in keys for axis in key], tags.ORACLE_KEYS, name="oracle_keys")
        taker, maker, fees_1, fees_2, times = words
        record = [domain, taker, maker, risk, sizes, fees_1, fees_2, times, keys_hash]
        params_hash = poseidon(cs, record, tags.PARAMS, name="hash")
    cs.assert_equal(params_hash, cs.port("params_hash"), name="params/hash/is_public")
    return OpenParams(domain, fields, markets, keys)


def _open_markets(cs: ConstraintSystem) -> tuple[list[dict[str, LC]], LC, LC]:
    """Return each market's fields, and the hashes of the risk words and of the size words."""
    markets: list[dict[str, LC]] = []
    risk, sizes = [], []
    for m in range(MARKET_COUNT):
        fields: dict[str, LC] = {}
        with cs.scope(f"market[{m}]"):
            risk.append(_open_word(cs, RISK, fields))
            sizes.append(_open_word(cs, SIZES, fields))
        markets.append(fields)
    risk_hash = poseidon(cs, risk, tags.MARKET_PARAMS, name="risk")
    return markets, risk_hash, poseidon(cs, sizes, tags.MARKET_SIZES, name="sizes")


def _open_word(cs: ConstraintSystem, layout: Layout, fields: dict[str, LC]) -> LC:
    """Return a packed word, its fields put into `fields`."""
    shift, parts = 0, []
    for name, n_bits in layout:
        fields[name] = from_bits(private_bits(cs, name, n_bits))
        parts.append(fields[name] * (1 << shift))
        shift += n_bits
    return sum_lc(parts)
