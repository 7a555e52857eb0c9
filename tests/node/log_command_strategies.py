"""Commands of every kind over the whole ranges of their fields."""

from __future__ import annotations

from hypothesis import strategies as st

from rollup.field import R
from rollup.oracle import SignedPrices
from rollup.orders import IOC, MAX_FEE_BITS, TIP_BITS, Order, SignedOrder
from rollup.quotes import QUOTE_ORDERS, Quote, SignedQuote
from rollup.signature import Signature, derive_public_key
from rollup.txs import (
    Cancel,
    CancelAll,
    CloseAccount,
    Deposit,
    ForcedCancelAll,
    ForcedKeyChange,
    ForcedTrade,
    ForcedWithdraw,
    KeyChange,
    SetTier,
    Transfer,
    Withdraw,
)
from rollup.units import (
    ACCOUNT_BITS,
    AMOUNT_E6_BITS,
    COUNTER_BITS,
    FIRST_USER_ACCOUNT,
    MARKET_COUNT,
    MAX_FEE_E6_BITS,
    ORACLE_COUNT,
    OWNER_BITS,
    PRICE_BITS,
    SIZE_BITS,
    SLOT_BITS,
    TIMESTAMP_BITS,
)
from sequencer.node.commands import (
    TIME_MS_BITS,
    CancelAllOrders,
    CancelOrder,
    CashRequest,
    OraclePrices,
    PlaceOrder,
    PlaceQuote,
    QueueEntrySeen,
    Trigger,
)

__all__ = ["COMMANDS", "ORDERS"]


def bits(n_bits: int, lowest: int = 0, left_out: int = 0) -> st.SearchStrategy[int]:
    """Return integers from `lowest` to the highest of so many bits, less `left_out`."""
    highest = 2**n_bits - 1 - left_out
    return st.integers(lowest, highest) | st.sampled_from([lowest, highest])


ACCOUNTS = bits(ACCOUNT_BITS, FIRST_USER_ACCOUNT)
COUNTERS, SLOTS, AMOUNTS = bits(COUNTER_BITS), bits(SLOT_BITS), bits(AMOUNT_E6_BITS)
SIGNATURES = st.builds(Signature, st.tuples(bits(256), bits(256)), bits(256))
KEYS = st.binary(min_size=32, max_size=32).map(derive_public_key)
ORDERS = st.builds(
    Order,
    account=ACCOUNTS,
    market=st.integers(0, MARKET_COUNT - 1),
    side=st.integers(0, 1),
    slot=SLOTS,
    nonce=bits(COUNTER_BITS, left_out=IOC),
    epoch=COUNTERS,
    expiry_s=bits(TIMESTAMP_BITS),
    size_lots=bits(SIZE_BITS, 1),
    limit_ticks=bits(PRICE_BITS, 1),
    max_fee_e6=bits(MAX_FEE_BITS),
    tip_e6=bits(TIP_BITS),
    flags=st.integers(0, 7),
)
_TRIGGERS = st.none() | st.builds(Trigger, bits(PRICE_BITS, 1), st.booleans())
_QUOTES = st.builds(Quote, ACCOUNTS, st.lists(st.none() | ORDERS, min_size=1, max_size=QUOTE_ORDERS).map(tuple))
_OP = (ACCOUNTS, COUNTERS, COUNTERS)
_FEE = {"max_fee_e6": bits(MAX_FEE_E6_BITS)}
_OPS = st.one_of(
    st.builds(Withdraw, *_OP, bits(AMOUNT_E6_BITS, 1), **_FEE),
    st.builds(Cancel, *_OP, SLOTS, bits(COUNTER_BITS, left_out=1), **_FEE),
    st.builds(Transfer, *_OP, bits(AMOUNT_E6_BITS, 1), ACCOUNTS, **_FEE),
    st.builds(KeyChange, *_OP, KEYS, **_FEE),
    st.builds(CancelAll, *_OP, **_FEE),
    st.builds(CloseAccount, *_OP, AMOUNTS, **_FEE),
)
_ANY_ACCOUNT, _OWNERS = bits(ACCOUNT_BITS), bits(OWNER_BITS)
_ANY_KEY = st.tuples(st.integers(0, R - 1), st.integers(0, R - 1))
_ENTRIES = st.one_of(
    st.builds(Deposit, _ANY_ACCOUNT, AMOUNTS, _OWNERS, _ANY_KEY),
    st.builds(ForcedWithdraw, _ANY_ACCOUNT, AMOUNTS, _OWNERS),
    st.builds(ForcedCancelAll, _ANY_ACCOUNT, _OWNERS),
    st.builds(ForcedKeyChange, _ANY_ACCOUNT, _OWNERS, _ANY_KEY),
    st.builds(
        ForcedTrade,
        st.tuples(_ANY_ACCOUNT, _ANY_ACCOUNT),
        st.tuples(bits(OWNER_BITS, 1), bits(OWNER_BITS, 1)),
        st.integers(0, MARKET_COUNT - 1),
        st.integers(0, 1),
        bits(SIZE_BITS),
        bits(PRICE_BITS),
    ),
    st.builds(SetTier, _ANY_ACCOUNT, st.integers(0, 7)),
)
_PRICES = st.builds(
    SignedPrices,
    st.integers(0, ORACLE_COUNT - 1),
    st.tuples(*[bits(PRICE_BITS, 1)] * MARKET_COUNT),
    bits(TIMESTAMP_BITS),
    SIGNATURES,
)
COMMANDS = st.one_of(
    st.builds(PlaceOrder, st.builds(SignedOrder, ORDERS, SIGNATURES), _TRIGGERS),
    st.builds(PlaceQuote, st.builds(SignedQuote, _QUOTES, SIGNATURES)),
    st.builds(CancelOrder, ACCOUNTS, SLOTS, COUNTERS, COUNTERS, SIGNATURES),
    st.builds(CancelAllOrders, ACCOUNTS, bits(TIME_MS_BITS), COUNTERS, SIGNATURES),
    st.builds(CashRequest, _OPS, SIGNATURES),
    st.builds(QueueEntrySeen, bits(63), _ENTRIES),
    st.builds(OraclePrices, _PRICES),
)
