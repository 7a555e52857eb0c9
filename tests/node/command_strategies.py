"""Any command a client can send, each field over its whole range."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from rollup.babyjubjub import multiply_base8
from rollup.orders import Order, SignedOrder
from rollup.quotes import Quote, SignedQuote
from rollup.signature import Signature
from rollup.txs import Cancel, CancelAll, CloseAccount, KeyChange, SignedOp, Transfer, Withdraw
from sequencer.node.commands import (
    CancelAllOrders,
    CancelOrder,
    CashRequest,
    ClientCommand,
    PlaceOrder,
    PlaceQuote,
    Trigger,
)

bits = lambda n: st.integers(0, 2**n - 1)  # noqa: E731
accounts = st.integers(2, 2**21 - 1)
counters = st.integers(0, 2**32 - 2)
signatures = st.builds(Signature, st.tuples(bits(256), bits(256)), bits(256))
points = st.integers(1, 2**64).map(multiply_base8)


def orders(account: SearchStrategy[int] = accounts) -> SearchStrategy[Order]:
    """Return orders of an account."""
    return st.builds(
        Order,
        account=account,
        market=st.integers(0, 15),
        side=st.integers(0, 1),
        slot=bits(9),
        nonce=counters,
        epoch=counters,
        expiry_s=bits(40),
        size_lots=st.integers(1, 2**48 - 1),
        limit_ticks=st.integers(1, 2**48 - 1),
        max_fee_e6=bits(48),
        tip_e6=bits(16),
        flags=st.integers(0, 7),
    )


triggers = st.builds(Trigger, st.integers(1, 2**48 - 1), st.booleans())
placed = st.builds(PlaceOrder, st.builds(SignedOrder, orders(), signatures), st.none() | triggers)
quotes = st.builds(Quote, accounts, st.lists(st.none() | orders(), min_size=1, max_size=16).map(tuple))
quoted = st.builds(PlaceQuote, st.builds(SignedQuote, quotes, signatures))
amounts = st.integers(1, 2**64 - 1)
fees = bits(48)
ops: SearchStrategy[SignedOp] = st.one_of(
    st.builds(Withdraw, accounts, counters, counters, amounts, max_fee_e6=fees),
    st.builds(Transfer, accounts, counters, counters, amounts, accounts, max_fee_e6=fees),
    st.builds(KeyChange, accounts, counters, counters, points, max_fee_e6=fees),
    st.builds(CloseAccount, accounts, counters, counters, bits(64), max_fee_e6=fees),
    st.builds(Cancel, accounts, counters, counters, bits(9), counters, max_fee_e6=fees),
    st.builds(CancelAll, accounts, counters, counters, max_fee_e6=fees),
)
commands: SearchStrategy[ClientCommand] = st.one_of(
    placed,
    quoted,
    st.builds(CancelOrder, accounts, bits(9), counters, counters, signatures),
    st.builds(CancelAllOrders, accounts, bits(48), counters, signatures),
    st.builds(CashRequest, ops, signatures),
)
