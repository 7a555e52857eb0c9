"""Records of any batch that a segment can hold, each field at its extremes as often as not."""

from __future__ import annotations

from hypothesis import strategies as st

from rollup.batch_record import BatchRecord, FundFillRecord
from rollup.cash_record import CashRecord
from rollup.field import R
from rollup.rescue_record import RescueRecord
from rollup.shapes import Shape
from rollup.turn_record import FillRecord, TurnRecord
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

__all__ = ["SHAPES", "records"]

SHAPES = st.builds(
    Shape,
    st.just("any"),
    st.lists(st.integers(1, 4), max_size=4).map(tuple),
    st.integers(0, 4),
    st.lists(st.integers(1, 3), max_size=2).map(tuple),
    st.integers(0, 4),
)


def below(n_bits: int) -> st.SearchStrategy[int]:
    """Return integers of so many bits."""
    return st.sampled_from([0, 1, 2**n_bits - 1]) | st.integers(0, 2**n_bits - 1)


COORDINATES = st.sampled_from([0, 1, R - 1]) | st.integers(0, R - 1)
ACCOUNTS, MARKETS, LOTS = below(ACCOUNT_BITS), below(4), below(SIZE_BITS)
CASH = st.builds(
    CashRecord,
    below(4),
    st.booleans(),
    ACCOUNTS,
    ACCOUNTS,
    below(AMOUNT_E6_BITS),
    st.tuples(COORDINATES, COORDINATES),
)
RESCUES = st.builds(RescueRecord, below(3), st.booleans(), ACCOUNTS, MARKETS, LOTS)
FILLS = st.builds(FillRecord, MARKETS, below(1), LOTS, below(SLOT_BITS), below(8), below(16), below(5))
FUND_FILLS = st.builds(FundFillRecord, MARKETS, LOTS)


def vector(values: st.SearchStrategy[int], n: int) -> st.SearchStrategy[tuple[int, ...]]:
    """Return tuples of n values."""
    return st.lists(values, min_size=n, max_size=n).map(tuple)


def turns(capacity: int) -> st.SearchStrategy[TurnRecord]:
    """Return turns of so many places."""
    return st.builds(TurnRecord, ACCOUNTS, st.tuples(*[FILLS] * capacity))


def records(shape: Shape) -> st.SearchStrategy[BatchRecord]:
    """Return records of batches of the shape, sense or nonsense."""
    return st.builds(
        BatchRecord,
        below(TIMESTAMP_BITS),
        below(COUNTER_BITS),
        st.booleans(),
        vector(below(TIMESTAMP_BITS), ORACLE_COUNT),
        vector(below(PRICE_BITS), MARKET_COUNT),
        vector(below(PRICE_BITS), MARKET_COUNT),
        st.tuples(*[CASH] * shape.cash_lanes),
        st.tuples(*[RESCUES] * shape.rescue_lanes),
        st.tuples(*[turns(capacity) for capacity in shape.order_capacities]),
        FUND_FILLS,
    )
