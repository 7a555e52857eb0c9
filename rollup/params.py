"""Governable parameters: markets, fees, and the deployment everything signed is bound to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from rollup import tags
from rollup.errors import BatchInvalid
from rollup.poseidon import poseidon
from rollup.units import COUNTER_BITS, MARKET_COUNT, OWNER_BITS, PPM, TIER_COUNT

__all__ = ["UNUSED_MARKET", "MarketParams", "Params", "ParamsInvalid"]

_PPM_BITS = 20
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


def _check(name: str, got: int, minimum: int, maximum: int) -> None:
    if not minimum <= got <= maximum:
        raise ParamsInvalid(name, got, f"{minimum} to {maximum}")


@dataclass(frozen=True)
class MarketParams:
    """One market. Decimals and name are for people and tools: only the ppm values enter `params_hash`."""

    name: str
    size_decimals: int
    price_decimals: int
    initial_ppm: int
    maintenance_ppm: int
    liquidation_fee_ppm: int
    band_ppm: int  # how far a clearing price may lie from the mark

    def __post_init__(self) -> None:
        _check("size_decimals", self.size_decimals, 0, _DECIMALS)
        _check("price_decimals", self.price_decimals, _DECIMALS - self.size_decimals, _DECIMALS - self.size_decimals)
        _check("initial_ppm", self.initial_ppm, 1, PPM)
        _check("maintenance_ppm", self.maintenance_ppm, 1, self.initial_ppm)
        _check("liquidation_fee_ppm", self.liquidation_fee_ppm, 0, PPM)
        _check("band_ppm", self.band_ppm, 0, PPM)

    @property
    def packed(self) -> int:
        """The four fractions as one field element, 20 bits each, initial lowest."""
        parts = (self.initial_ppm, self.maintenance_ppm, self.liquidation_fee_ppm, self.band_ppm)
        return sum(part << (_PPM_BITS * i) for i, part in enumerate(parts))


UNUSED_MARKET = MarketParams("", 6, 6, PPM, PPM, 0, 0)


@dataclass(frozen=True)
class Params:
    """All parameters of a deployment. `taker_fee_ppm` has 8 tiers; `markets` is padded to 16 with `UNUSED_MARKET`.

    Raises ParamsInvalid.
    """

    chain_id: int
    contract: int  # 160-bit address of the settlement contract
    version: int
    taker_fee_ppm: tuple[int, ...]
    markets: tuple[MarketParams, ...]

    def __post_init__(self) -> None:
        _check("chain_id", self.chain_id, 0, 2**64 - 1)
        _check("contract", self.contract, 0, 2**OWNER_BITS - 1)
        _check("version", self.version, 0, 2**COUNTER_BITS - 1)
        _check("number of taker fees", len(self.taker_fee_ppm), TIER_COUNT, TIER_COUNT)
        _check("number of markets", len(self.markets), 0, MARKET_COUNT)
        for tier, fee_ppm in enumerate(self.taker_fee_ppm):
            _check(f"taker_fee_ppm[{tier}]", fee_ppm, 0, PPM)
        padding = (UNUSED_MARKET,) * (MARKET_COUNT - len(self.markets))
        object.__setattr__(self, "markets", self.markets + padding)

    def is_market_open(self, market: int) -> bool:
        """Return whether orders may name this market: it exists and is not padding."""
        return 0 <= market < MARKET_COUNT and self.markets[market].name != ""

    @cached_property
    def initial_ppm(self) -> tuple[int, ...]:
        """Initial fractions by market."""
        return tuple(market.initial_ppm for market in self.markets)

    @cached_property
    def maintenance_ppm(self) -> tuple[int, ...]:
        """Maintenance fractions by market."""
        return tuple(market.maintenance_ppm for market in self.markets)

    @cached_property
    def domain(self) -> int:
        """What every signature is bound to: chain, contract and version."""
        return poseidon((self.chain_id, self.contract, self.version), tags.DOMAIN)

    @property
    def fees_packed(self) -> int:
        """The taker fees by tier as one field element, 20 bits each, tier 0 lowest."""
        return sum(fee_ppm << (_PPM_BITS * tier) for tier, fee_ppm in enumerate(self.taker_fee_ppm))

    @cached_property
    def markets_hash(self) -> int:
        """H16 of the packed markets."""
        return poseidon([market.packed for market in self.markets], tags.MARKET_PARAMS)

    @cached_property
    def params_hash(self) -> int:
        """The public input that commits to all of these."""
        return poseidon((self.domain, self.fees_packed, self.markets_hash), tags.PARAMS)
