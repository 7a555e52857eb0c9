"""Why a single order or cash operation is refused: who, got, expected, unit."""

from __future__ import annotations

from rollup.rejections.cash import (
    BelowInitial,
    CloseAmountMismatch,
    FeeNotCovered,
    NotEvictable,
    PositionsOpen,
    PricesStale,
    VaultShort,
)
from rollup.rejections.orders import (
    CloseNotProvable,
    MarginInsufficient,
    MarketNotOpen,
    OrderExpired,
    OrderFilled,
    OrderSuperseded,
    QuoteMismatch,
    SlotNonceInvalid,
)
from rollup.rejections.signed import (
    AccountNotOpen,
    CashNonceMismatch,
    EpochMismatch,
    FeeAboveMaximum,
    KeyInvalid,
    NonceExhausted,
    SignatureInvalid,
)

__all__ = [
    "AccountNotOpen",
    "BelowInitial",
    "CashNonceMismatch",
    "CloseAmountMismatch",
    "CloseNotProvable",
    "EpochMismatch",
    "FeeAboveMaximum",
    "FeeNotCovered",
    "KeyInvalid",
    "MarginInsufficient",
    "MarketNotOpen",
    "NonceExhausted",
    "NotEvictable",
    "OrderExpired",
    "OrderFilled",
    "OrderSuperseded",
    "PositionsOpen",
    "PricesStale",
    "QuoteMismatch",
    "SignatureInvalid",
    "SlotNonceInvalid",
    "VaultShort",
]
