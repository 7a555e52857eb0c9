"""How values stand in JSON. What may exceed 2**53 is a decimal string, bytes and addresses are lower-case 0x hex."""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

from msgspec import Meta

from rollup.orders import MAX_FEE_BITS, TIP_BITS
from rollup.units import (
    ACCOUNT_BITS,
    AMOUNT_E6_BITS,
    COUNTER_BITS,
    FIRST_USER_ACCOUNT,
    MARKET_COUNT,
    MAX_FEE_E6_BITS,
    PRICE_BITS,
    SIZE_BITS,
    SLOT_BITS,
    TIMESTAMP_BITS,
)
from sequencer.node.commands import TIME_MS_BITS

__all__ = [
    "AccountId",
    "Address",
    "Amount",
    "Big",
    "Counter",
    "Element",
    "Flags",
    "HexBytes",
    "Market",
    "MaxFee",
    "OpMaxFee",
    "Price",
    "Side",
    "Size",
    "Slot",
    "Time",
    "TimeMs",
    "Tip",
]

_LAST_FLAGS: Final = 31  # of which the order's own check takes 0 to 7

AccountId: TypeAlias = Annotated[int, Meta(ge=FIRST_USER_ACCOUNT, le=2**ACCOUNT_BITS - 1)]
Market: TypeAlias = Annotated[int, Meta(ge=0, le=MARKET_COUNT - 1)]
Side: TypeAlias = Annotated[int, Meta(ge=0, le=1, description="0 buys, 1 sells")]
Flags: TypeAlias = Annotated[int, Meta(ge=0, le=_LAST_FLAGS, description="1 IOC, 2 reduce-only, 4 post-only")]
Slot: TypeAlias = Annotated[int, Meta(ge=0, le=2**SLOT_BITS - 1)]
Counter: TypeAlias = Annotated[int, Meta(ge=0, le=2**COUNTER_BITS - 1)]
Time: TypeAlias = Annotated[int, Meta(ge=0, le=2**TIMESTAMP_BITS - 1, description="Unix time, seconds")]
TimeMs: TypeAlias = Annotated[int, Meta(ge=0, le=2**TIME_MS_BITS - 1, description="Unix time, milliseconds")]
Size: TypeAlias = Annotated[int, Meta(ge=1, le=2**SIZE_BITS - 1, description="lots")]
Price: TypeAlias = Annotated[int, Meta(ge=1, le=2**PRICE_BITS - 1, description="ticks")]
MaxFee: TypeAlias = Annotated[int, Meta(ge=0, le=2**MAX_FEE_BITS - 1, description="1e-6 USD")]
OpMaxFee: TypeAlias = Annotated[int, Meta(ge=0, le=2**MAX_FEE_E6_BITS - 1, description="1e-6 USD")]
Tip: TypeAlias = Annotated[int, Meta(ge=0, le=2**TIP_BITS - 1, description="1e-6 USD")]
_DECIMAL: Final = "^(0|[1-9][0-9]*)$"
_AMOUNT_DIGITS: Final = len(str(2**AMOUNT_E6_BITS))
_ELEMENT_DIGITS: Final = len(str(2**256))
Amount: TypeAlias = Annotated[str, Meta(pattern=_DECIMAL, max_length=_AMOUNT_DIGITS, description="1e-6 USD, decimal")]
Element: TypeAlias = Annotated[str, Meta(pattern=_DECIMAL, max_length=_ELEMENT_DIGITS, description="decimal")]
# of answers
_BIG: Final = "^-?(0|[1-9][0-9]*)$"
Big: TypeAlias = Annotated[str, Meta(pattern=_BIG, max_length=_ELEMENT_DIGITS + 1, description="integer, decimal")]
Address: TypeAlias = Annotated[str, Meta(pattern="^0x[0-9a-f]{40}$", description="address on the base layer")]
HexBytes: TypeAlias = Annotated[str, Meta(pattern="^0x([0-9a-f]{2})*$", description="bytes")]
