"""The oracle of a replay: three signers with keys derived from the seed, who sign what the tape says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

from rollup.oracle import SignedPrices
from rollup.signature import Signature, derive_public_key, sign
from rollup.state import pad_markets
from rollup.units import ORACLE_COUNT

__all__ = ["OracleSigner", "make_signers", "sign_message", "sign_prices"]

_UNUSED_PRICE_TICKS = 1
_NOT_YET_SIGNED = Signature((0, 1), 0)


@dataclass(frozen=True)
class OracleSigner:
    """One signer and its secret."""

    private_key: bytes
    public_key: tuple[int, int]


def make_signers(seed: int) -> tuple[OracleSigner, ...]:
    """Return the signers of a replay, in the order of `params.oracle_keys`."""
    keys = (
        blake2b(f"zkmargin replay oracle {seed}/{i}".encode(), digest_size=32).digest() for i in range(ORACLE_COUNT)
    )
    return tuple(OracleSigner(key, derive_public_key(key)) for key in keys)


def sign_prices(
    signers: Sequence[OracleSigner], prices_ticks: tuple[int, ...], time_s: int, domain: int
) -> tuple[SignedPrices, ...]:
    """Return each signer's message of the same prices; markets not given are unused."""
    prices = SignedPrices(0, pad_markets(prices_ticks, _UNUSED_PRICE_TICKS), time_s, _NOT_YET_SIGNED)
    message = prices.message(domain)
    return tuple(
        replace(prices, signer=i, signature=sign(signer.private_key, message)) for i, signer in enumerate(signers)
    )


def sign_message(
    private_key: bytes, signer: int, prices_ticks: tuple[int, ...], time_s: int, domain: int
) -> SignedPrices:
    """Return one signer's message; markets not given are unused. Raises ValueOutOfRange."""
    prices = SignedPrices(signer, pad_markets(prices_ticks, _UNUSED_PRICE_TICKS), time_s, _NOT_YET_SIGNED)
    prices.check()
    return replace(prices, signature=sign(private_key, prices.message(domain)))
