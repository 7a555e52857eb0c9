"""Prices for a node that has no oracle: three signers of its own, who sign fixed prices or what a tape says.

For development. A node whose oracle is outside is told its signers' keys, and takes what they send by the API.
"""

from __future__ import annotations

import secrets
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rollup.oracle import SignedPrices
from rollup.signature import PRIVATE_KEY_BYTES, derive_public_key
from rollup.units import ORACLE_COUNT
from sequencer.files import write_atomically
from sequencer.market import compute_price_ticks
from sequencer.node.secret_files import read_secret
from sequencer.oracle_feed import OracleSigner, sign_prices
from sequencer.tape import Trade

__all__ = ["FixedPrices", "PriceSource", "TapePrices", "open_signer", "open_signers"]


class PriceSource(Protocol):
    """Signs prices when it is asked."""

    def sign(self, time_s: int) -> Sequence[SignedPrices]:
        """Return what every signer says at this time."""
        ...


@dataclass(frozen=True)
class FixedPrices:
    """The same prices for ever."""

    signers: tuple[OracleSigner, ...]
    prices_ticks: tuple[int, ...]
    domain: int

    def sign(self, time_s: int) -> Sequence[SignedPrices]:
        """Return what every signer says at this time."""
        return sign_prices(self.signers, self.prices_ticks, time_s, self.domain)


@dataclass(frozen=True)
class TapePrices:
    """What a tape's last trade was worth, its first trade falling on `started_s`; after its end its last price."""

    signers: tuple[OracleSigner, ...]
    trades: tuple[Trade, ...]
    started_s: int
    domain: int

    def sign(self, time_s: int) -> Sequence[SignedPrices]:
        """Return what every signer says at this time."""
        tape_ms = self.trades[0].time_ms + 1000 * (time_s - self.started_s)
        known = bisect_right(self.trades, tape_ms, key=lambda trade: trade.time_ms)
        price_ticks = compute_price_ticks(self.trades[max(known - 1, 0)].price_e9)
        return sign_prices(self.signers, (price_ticks,), time_s, self.domain)


def open_signers(folder: Path, key_files: Sequence[Path] = ()) -> tuple[OracleSigner, ...]:
    """Return the signers with these keys, else of keys in the folder, made at random where there are none.

    Raises KeyFileInvalid.
    """
    paths = tuple(key_files) or tuple(folder / f"oracle-{signer}.key" for signer in range(ORACLE_COUNT))
    return tuple(open_signer(path, is_made=not key_files) for path in paths)


def open_signer(path: Path, *, is_made: bool = True) -> OracleSigner:
    """Return the signer of a key file, made at random where it is not there. Raises KeyFileInvalid."""
    if is_made and not path.exists():
        write_atomically(path, secrets.token_bytes(PRIVATE_KEY_BYTES).hex().encode(), is_secret=True)
    key = read_secret(path, PRIVATE_KEY_BYTES)
    return OracleSigner(key, derive_public_key(key))
