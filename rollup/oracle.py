"""Prices from three signers: which messages a batch may use, the median by market, and the clamp of the mark's move.

A signer that is not present votes the marks before, so that the median is always over the same number of votes and a
lone signer moves nothing. Without fresh prices of a majority the batch is stale: nothing trades in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from rollup import tags
from rollup.errors import check_bits, check_range
from rollup.packing import pack
from rollup.params import Params
from rollup.poseidon import poseidon
from rollup.signature import Signature
from rollup.signature_cache import SignatureCache
from rollup.units import MARKET_COUNT, ORACLE_COUNT, PPM, PRICE_BITS, TIMESTAMP_BITS

__all__ = [
    "KIND_PRICES",
    "MAJORITY",
    "OracleMessages",
    "SignedPrices",
    "clamp_mark",
    "compute_marks",
    "compute_median",
    "compute_move_limit",
    "hash_prices",
    "is_fresh",
    "is_stale",
    "pick_usable",
    "step_signer_times",
]

KIND_PRICES = 9
MAJORITY = (ORACLE_COUNT + 1) // 2


@dataclass(frozen=True)
class SignedPrices:
    """What one oracle signer says all sixteen markets were worth at one time. An unused market is worth 1 tick."""

    signer: int  # place of its key in `params.oracle_keys`
    prices_ticks: tuple[int, ...]
    time_s: int
    signature: Signature

    def check(self) -> None:
        """Raise ValueOutOfRange unless every field fits its place."""
        check_range("signer", self.signer, 0, ORACLE_COUNT - 1)
        check_range("number of prices", len(self.prices_ticks), MARKET_COUNT, MARKET_COUNT)
        for price_ticks in self.prices_ticks:
            check_range("price_ticks", price_ticks, 1, 2**PRICE_BITS - 1)
        check_bits("time_s", self.time_s, TIMESTAMP_BITS)

    def words(self) -> tuple[int, int, int]:
        """Return the three words that are signed (docs/rules.md, Oracle)."""
        return pack((KIND_PRICES, 4), (self.time_s, TIMESTAMP_BITS)), hash_prices(self.prices_ticks), 0

    def message(self, domain: int) -> int:
        """Return the field element the signer's key signs: H4(domain, words)."""
        return poseidon((domain, *self.words()))


OracleMessages: TypeAlias = tuple[SignedPrices | None, ...]  # by signer; None where the batch has nothing of it


def hash_prices(prices_ticks: Sequence[int]) -> int:
    """Return H16 of the prices."""
    return poseidon(prices_ticks, tags.PRICES)


def is_fresh(time_s: int, signer_time_before_s: int, timestamp_s: int, max_age_s: int) -> bool:
    """Return whether a signer's time did not go back, is not in the future, and is at most max_age_s old."""
    return signer_time_before_s <= time_s <= timestamp_s and timestamp_s - time_s <= max_age_s


def pick_usable(
    messages: Sequence[SignedPrices],
    params: Params,
    signer_times_s: Sequence[int],
    timestamp_s: int,
    signatures: SignatureCache,
) -> OracleMessages:
    """Return the newest usable message of each signer (of several the first), None where there is none.

    Messages that are not fresh or not signed by their signer's key are passed over. Raises ValueOutOfRange for one
    that is not well formed.
    """
    usable: list[SignedPrices | None] = [None] * ORACLE_COUNT
    for message in messages:
        message.check()
        signer, held = message.signer, usable[message.signer]
        if held is not None and held.time_s >= message.time_s:
            continue
        signed = (params.oracle_keys[signer], message.message(params.domain), message.signature)
        is_usable = is_fresh(message.time_s, signer_times_s[signer], timestamp_s, params.oracle_max_age_s)
        if is_usable and signatures.is_valid(*signed):
            usable[signer] = message
    return tuple(usable)


def is_stale(messages: OracleMessages) -> bool:
    """Return whether fewer than a majority of the signers are present."""
    return sum(message is not None for message in messages) < MAJORITY


def step_signer_times(signer_times_s: Sequence[int], messages: OracleMessages) -> tuple[int, ...]:
    """Return each signer's time: that of its message if it is present, else as before."""
    return tuple(
        before if message is None else message.time_s for before, message in zip(signer_times_s, messages, strict=True)
    )


def compute_median(votes: Sequence[int]) -> int:
    """Return the middle of an odd number of votes."""
    return sorted(votes)[len(votes) // 2]


def compute_move_limit(mark_before_ticks: int, max_move_ppm: int, elapsed_s: int) -> int:
    """Return how far the mark may move in elapsed_s (at most 65535), in ticks, floored. Below 2**84."""
    return mark_before_ticks * max_move_ppm * elapsed_s // PPM


def clamp_mark(median_ticks: int, mark_before_ticks: int, limit_ticks: int, open_interest_lots: int) -> int:
    """Return the new mark: the median, no further from the mark before than the limit.

    Without open interest it is the median itself: nobody holds a position that a jump could hurt, and a new market gets
    its first mark so. Positive and below 2**48 if both prices are.
    """
    if open_interest_lots == 0:
        return median_ticks
    return min(max(median_ticks, mark_before_ticks - limit_ticks), mark_before_ticks + limit_ticks)


def compute_marks(
    messages: OracleMessages,
    params: Params,
    marks_before_ticks: Sequence[int],
    open_interest_lots: Sequence[int],
    elapsed_s: int,
) -> tuple[int, ...]:
    """Return the new marks: by market the median of the votes, clamped. `elapsed_s` is at most 65535."""
    ballots = [marks_before_ticks if message is None else message.prices_ticks for message in messages]
    marks = []
    for market, before_ticks in enumerate(marks_before_ticks):
        median_ticks = compute_median([prices_ticks[market] for prices_ticks in ballots])
        limit_ticks = compute_move_limit(before_ticks, params.markets[market].max_move_ppm, elapsed_s)
        marks.append(clamp_mark(median_ticks, before_ticks, limit_ticks, open_interest_lots[market]))
    return tuple(marks)
