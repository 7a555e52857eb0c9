"""From a tape to a market: prices in ticks, contracts in lots, and the tape cut into one slice a batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from rollup.babyjubjub import Point
from rollup.params import MarketParams, Params
from rollup.units import PPM, PRICE_BITS, TIER_COUNT
from sequencer.errors import OptionInvalid
from sequencer.settlement.people import Deployment
from sequencer.tape import PRICE_E9, Trade

__all__ = [
    "CONTRACT_USD",
    "MARKET",
    "Slice",
    "compute_price_ticks",
    "compute_size_lots",
    "cut_slices",
    "make_params",
    "move_price",
    "move_slices",
]

MARKET: Final = 0  # the tape's market is the first; the other fifteen are unused
PRICE_DECIMALS: Final = 6  # 1e-6 USD resolves any price from a cent to 280 million USD
SIZE_DECIMALS: Final = 12 - PRICE_DECIMALS
CONTRACT_USD: Final = 10  # face value of one contract of the coin-margined perpetuals
_LOTS_TICKS_PER_USD: Final = 10**12


@dataclass(frozen=True)
class Slice:
    """The part of the tape that one batch stands for."""

    timestamp_s: int  # when the batch closes
    mark_ticks: int  # last price known then
    trades: tuple[Trade, ...]


def make_params(oracle_keys: tuple[Point, ...], deployment: Deployment) -> Params:
    """Return the parameters of a development deployment with one market: 10x leverage, liquidation below 5%.

    Takers pay 0.05 %, makers are paid 0.01 %. The mark moves by at most 2 % a second, funding is at most 0.75 % for
    eight hours, and the initial fraction rises from 20 to 50 million USD of open interest. The capacity is a full block
    a second.
    """
    market = MarketParams(
        name="PERP-USD",
        size_decimals=SIZE_DECIMALS,
        price_decimals=PRICE_DECIMALS,
        initial_ppm=100_000,
        maintenance_ppm=50_000,
        liquidation_fee_ppm=10_000,
        band_ppm=50_000,
        max_move_ppm=20_000,
        funding_clamp_ppm=7_500,
        impact_lots=1_000 * 10**SIZE_DECIMALS,
        oi_low_usd=20_000_000,
        oi_high_usd=50_000_000,
    )
    return Params(
        deployment.chain_id,
        deployment.contract,
        version=1,
        taker_fee_ppm=(500,) * TIER_COUNT,
        markets=(market,),
        maker_fee_ppm=(-100,) * TIER_COUNT,
        target_per_s=(40, 1, 600),  # half of a full block a second: 80 units of proving, 1,140 bytes
        min_base_fee=(5 * 10**14, 10**17, 10**12),  # 0.0005 USD an order, 0.10 USD a leaf, 0.000001 USD a byte
        fund_band_ppm=20_000,
        fund_rate_usd=20_000_000,
        oracle_keys=oracle_keys,
    )


def compute_price_ticks(price_e9: int) -> int:
    """Return a price in ticks of 1e-6 USD, floored. Raises OptionInvalid where no 48 bits hold it, or it is 0."""
    ticks = price_e9 * 10**PRICE_DECIMALS // PRICE_E9
    if not 0 < ticks < 2**PRICE_BITS:
        raise OptionInvalid("price", f"{price_e9 / PRICE_E9} USD", f"1 to {2**PRICE_BITS - 1} ticks of 1e-6 USD")
    return ticks


def compute_size_lots(contracts: int, price_ticks: int) -> int:
    """Return what `contracts` of 10 USD buy at a price, in lots, floored, at least 1 lot."""
    return max(1, contracts * CONTRACT_USD * _LOTS_TICKS_PER_USD // price_ticks)


def move_price(price_ticks: int, by_ppm: int) -> int:
    """Return a price moved by so many millionths, floored, at least 1 tick."""
    return max(1, price_ticks * (PPM + by_ppm) // PPM)


def cut_slices(trades: Sequence[Trade], n_batches: int) -> list[Slice]:
    """Return the tape as n_batches slices of equally many trades, so that busy minutes get more batches than calm ones.

    Timestamps are those of each slice's last trade, at least one second apart. Raises OptionInvalid.
    """
    if not 1 <= n_batches <= len(trades):
        raise OptionInvalid("--batches", str(n_batches), f"1 to {len(trades)}, the number of trades on the tape")
    slices: list[Slice] = []
    for i in range(n_batches):
        part = trades[len(trades) * i // n_batches : len(trades) * (i + 1) // n_batches]
        earliest_s = slices[-1].timestamp_s + 1 if slices else 0
        timestamp_s = max(part[-1].time_ms // 1000, earliest_s)
        slices.append(Slice(timestamp_s, compute_price_ticks(part[-1].price_e9), tuple(part)))
    return slices


def move_slices(slices: Sequence[Slice], ends_at_s: int | None) -> list[Slice]:
    """Return the slices so moved in time that the last one closes then; as they are for None. Raises OptionInvalid."""
    shift_s = 0 if ends_at_s is None else ends_at_s - slices[-1].timestamp_s
    if slices[0].timestamp_s + shift_s < 1:
        raise OptionInvalid("--ends-at", f"{ends_at_s} s", "a time that the tape can begin before")
    return [replace(part, timestamp_s=part.timestamp_s + shift_s) for part in slices]
