"""The governable parameters of one market."""

from __future__ import annotations

from dataclasses import dataclass

from rollup.errors import BatchInvalid
from rollup.packing import pack
from rollup.units import PARAM_USD_BITS, PPM, PPM_BITS, SIZE_BITS

__all__ = ["UNUSED_MARKET", "MarketParams", "ParamsInvalid", "check_param"]

_DECIMALS = 12


@dataclass(eq=False)
class ParamsInvalid(BatchInvalid):
    """A parameter lies outside its range."""

    code = "params_invalid"
    name: str
    got: int
    expected: str

    def __str__(self) -> str:
        return f"{self.name} is {self.got}, expected {self.expected}"


def check_param(name: str, got: int, minimum: int, maximum: int) -> None:
    """Raise ParamsInvalid unless minimum <= got <= maximum."""
    if not minimum <= got <= maximum:
        raise ParamsInvalid(name, got, f"{minimum} to {maximum}")


@dataclass(frozen=True)
class MarketParams:
    """One market. Decimals and name are for people and tools: only the other values enter `params_hash`.

    The defaults of the later fields leave a market to its oracle: no clamp of the mark, no funding, no scaling.
    """

    name: str
    size_decimals: int
    price_decimals: int
    initial_ppm: int
    maintenance_ppm: int
    liquidation_fee_ppm: int
    band_ppm: int  # how far a clearing price may lie from the mark
    max_move_ppm: int = PPM  # how far the mark may move a second
    funding_clamp_ppm: int = 0  # the largest funding rate, for eight hours
    impact_lots: int = 1  # the volume whose premium counts in full
    oi_low_usd: int = 2**PARAM_USD_BITS - 2  # open interest from which the initial fraction rises
    oi_high_usd: int = 2**PARAM_USD_BITS - 1  # open interest from which it is 1

    def __post_init__(self) -> None:
        check_param("size_decimals", self.size_decimals, 0, _DECIMALS)
        expected = _DECIMALS - self.size_decimals
        check_param("price_decimals", self.price_decimals, expected, expected)
        check_param("initial_ppm", self.initial_ppm, 1, PPM)
        check_param("maintenance_ppm", self.maintenance_ppm, 1, self.initial_ppm)
        for name in ("liquidation_fee_ppm", "band_ppm", "max_move_ppm", "funding_clamp_ppm"):
            check_param(name, getattr(self, name), 0, PPM)
        check_param("impact_lots", self.impact_lots, 1, 2**SIZE_BITS - 1)
        check_param("oi_low_usd", self.oi_low_usd, 0, 2**PARAM_USD_BITS - 2)
        check_param("oi_high_usd", self.oi_high_usd, self.oi_low_usd + 1, 2**PARAM_USD_BITS - 1)

    @property
    def risk_word(self) -> int:
        """The six fractions as one field element, 20 bits each."""
        parts = (
            self.initial_ppm,
            self.maintenance_ppm,
            self.liquidation_fee_ppm,
            self.band_ppm,
            self.max_move_ppm,
            self.funding_clamp_ppm,
        )
        return pack(*((part, PPM_BITS) for part in parts))

    @property
    def size_word(self) -> int:
        """impact_lots, oi_low_usd and oi_high_usd as one field element, 48 bits each."""
        return pack(
            (self.impact_lots, SIZE_BITS), (self.oi_low_usd, PARAM_USD_BITS), (self.oi_high_usd, PARAM_USD_BITS)
        )


UNUSED_MARKET = MarketParams("", 6, 6, PPM, PPM, 0, 0)
