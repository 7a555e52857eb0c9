"""What a batch publishes, field by field: the words of a header, of each lane, of the fund's fill. docs/data.md.

A word is a few fields side by side, lowest first, at most 53 bits: what one wire of a lane says. Model and circuit both
read these tables, so that a bit has one place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rollup.units import (
    ACCOUNT_BITS,
    AMOUNT_E6_BITS,
    COUNTER_BITS,
    MARKET_COUNT,
    ORACLE_COUNT,
    PRICE_BITS,
    SIZE_BITS,
    SLOT_BITS,
    TIMESTAMP_BITS,
)

__all__ = [
    "CASH_WORDS",
    "FILL_BITS",
    "FILL_WORDS",
    "FUND_WORDS",
    "HEADER_WORDS",
    "KEY_PARTS",
    "KEY_PART_BITS",
    "MAX_WORD_BITS",
    "OPERAND_PART_BITS",
    "RESCUE_WORDS",
    "TURN_WORDS",
    "Word",
    "list_widths",
]

MAX_WORD_BITS: Final = 53
OPERAND_PART_BITS: Final = 32  # an amount in two words
KEY_PART_BITS: Final = 51
KEY_PARTS: Final = 5  # 255 bits a coordinate: any spelling of it, which the reader reduces mod r


@dataclass(frozen=True)
class Word:
    """Named fields, lowest first."""

    fields: tuple[tuple[str, int], ...]

    @property
    def n_bits(self) -> int:
        """The width of all fields together."""
        return sum(n_bits for _, n_bits in self.fields)

    @property
    def shifts(self) -> dict[str, int]:
        """How far each field stands above the lowest bit."""
        shifts, shift = {}, 0
        for name, n_bits in self.fields:
            shifts[name] = shift
            shift += n_bits
        return shifts

    def pack(self, values: Mapping[str, int]) -> int:
        """Return the word. Assumes that every value fits its field: a batch's do, or it cannot be proved."""
        return sum(values[name] << shift for name, shift in self.shifts.items())

    def unpack(self, word: int) -> dict[str, int]:
        """Return the fields of a word of its width."""
        return {name: word >> self.shifts[name] & (1 << n_bits) - 1 for name, n_bits in self.fields}


def _word(**fields: int) -> Word:
    return Word(tuple(fields.items()))


HEADER_WORDS: Final = (
    _word(timestamp_s=TIMESTAMP_BITS),
    _word(batch_number=COUNTER_BITS, stale=1),
    *(Word(((f"signer_time_s[{i}]", TIMESTAMP_BITS),)) for i in range(ORACLE_COUNT)),
    *(Word(((f"mark_ticks[{m}]", PRICE_BITS),)) for m in range(MARKET_COUNT)),
    *(Word(((f"clearing_price_ticks[{m}]", PRICE_BITS),)) for m in range(MARKET_COUNT)),
)
CASH_WORDS: Final = (
    _word(kind=4, is_applied=1, account=ACCOUNT_BITS, second=ACCOUNT_BITS),  # second: a recipient, or a slot
    _word(operand_low=OPERAND_PART_BITS),
    _word(operand_high=AMOUNT_E6_BITS - OPERAND_PART_BITS),
    *(Word(((f"key_{axis}[{i}]", KEY_PART_BITS),)) for axis in "xy" for i in range(KEY_PARTS)),
)
RESCUE_WORDS: Final = (
    _word(kind=3, is_applied=1, account=ACCOUNT_BITS),
    _word(market=4, lots=SIZE_BITS),
)
TURN_WORDS: Final = (_word(account=ACCOUNT_BITS),)  # of a TradeLane or QuoteLane, before its fills
FILL_WORDS: Final = (
    _word(market=4, side=1, lots=SIZE_BITS),
    _word(slot=SLOT_BITS, nonce_step=8, tip_e6=16, flags=5),
)
FUND_WORDS: Final = (_word(market=4, lots=SIZE_BITS),)

assert all(
    word.n_bits <= MAX_WORD_BITS
    for words in (HEADER_WORDS, CASH_WORDS, RESCUE_WORDS, TURN_WORDS, FILL_WORDS, FUND_WORDS)
    for word in words
)

FILL_BITS: Final = sum(word.n_bits for word in (*TURN_WORDS, *FILL_WORDS))  # of a lone order, its account included

assert FILL_BITS == 8 * 14  # 14 bytes on the base layer


def list_widths(n_cash: int, n_rescue: int, order_capacities: Sequence[int]) -> list[int]:
    """Return the width of every word of a batch: header, CashLanes, RescueLanes, turns by their places, fund's fill."""
    words = [*HEADER_WORDS, *CASH_WORDS * n_cash, *RESCUE_WORDS * n_rescue]
    for capacity in order_capacities:
        words += [*TURN_WORDS, *FILL_WORDS * capacity]
    return [word.n_bits for word in (*words, *FUND_WORDS)]
