"""The words that DirectSettlement stores, packed and unpacked: verifier/contracts/direct/DirectWords.sol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rollup.packing import pack
from rollup.params import Params
from rollup.units import MARKET_COUNT

__all__ = ["DirectHouseWords", "DirectState", "pack_risk", "unpack_account", "unpack_house"]

_CASH_BITS: Final = 128
_LANE_BITS: Final = 56
_LANES: Final = 3
_OPEN_SHIFT: Final = 251
_PPM_BITS: Final = 20


@dataclass(frozen=True)
class DirectState:
    """An account as the contract holds it. Cash is relative to the funding index, as in the rollup."""

    is_open: bool
    cash_atoms: int
    sizes_lots: tuple[int, ...]
    touched_s: int
    epoch: int
    nonce: int
    tier: int


@dataclass(frozen=True)
class DirectHouseWords:
    """What the contract holds for itself, in atoms; the fund's positions stand in its account."""

    fund_atoms: int  # what is due to it since the tick included
    treasury_atoms: int
    held: int  # bit m is set where the fund has a position in market m
    fund_budget: int  # 1e-12 USD


def unpack_account(header: int, words: Sequence[int]) -> DirectState:
    """Return an account from its header and its six words."""
    held = header >> 128 & 0xFFFF
    return DirectState(
        is_open=bool(header >> _OPEN_SHIFT & 1),
        cash_atoms=_signed(header, _CASH_BITS),
        sizes_lots=unpack_positions(held, words),
        touched_s=header >> 144 & (1 << 40) - 1,
        epoch=header >> 184 & (1 << 32) - 1,
        nonce=header >> 216 & (1 << 32) - 1,
        tier=header >> 248 & 7,
    )


def unpack_positions(held: int, words: Sequence[int]) -> tuple[int, ...]:
    """Return signed lots by market. `held` says where: what stands elsewhere is not read."""
    lanes = [_signed(words[m // _LANES] >> _LANE_BITS * (m % _LANES), _LANE_BITS) for m in range(MARKET_COUNT)]
    return tuple(lots if held >> market & 1 else 0 for market, lots in enumerate(lanes))


def unpack_house(fund: int, house: int) -> DirectHouseWords:
    """Return what the words of fund and house say."""
    return DirectHouseWords(
        fund_atoms=_signed(fund, _CASH_BITS) + _signed(fund >> _CASH_BITS, _CASH_BITS),
        treasury_atoms=_signed(house, _CASH_BITS),
        held=house >> 128 & 0xFFFF,
        fund_budget=house >> 144 & (1 << 88) - 1,
    )


def pack_risk(params: Params) -> list[int]:
    """Return for each market liquidation fee | band << 20 | 1 << 40, ppm, and 0 where there is none."""
    return [
        pack((market.liquidation_fee_ppm, _PPM_BITS), (market.band_ppm, _PPM_BITS), (1, 1)) if market.name else 0
        for market in params.markets
    ]


def _signed(word: int, n_bits: int) -> int:
    low = word & (1 << n_bits) - 1
    return low - (low >> n_bits - 1 << n_bits)
