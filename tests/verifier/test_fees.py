"""Offers cover rising prices, and a raised offer is one that a pool takes in the old one's place."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from verifier.base_layer.fees import Fees, cap_fees, raise_fees, suggest_fees

PRICES = st.integers(0, 10**13)


@given(tip=PRICES, price=PRICES, blob_price=PRICES)
def test_raised_fees_are_what_pools_ask_for(tip: int, price: int, blob_price: int) -> None:
    raised = raise_fees(Fees(tip, price, blob_price))
    percent = 200 if blob_price else 110  # EIP-4844 for blobs; 10 % is what nodes ask otherwise
    assert raised.tip_wei * 100 >= tip * percent
    assert raised.gas_price_wei * 100 >= price * percent
    assert raised.blob_gas_price_wei * 100 >= blob_price * percent
    assert tip < raised.tip_wei <= raised.gas_price_wei
    assert (raised.blob_gas_price_wei > 0) == (blob_price > 0)


@given(base=PRICES, tip=PRICES, blob_base=st.none() | PRICES)
def test_suggested_fees_cover_prices_twice_as_high(base: int, tip: int, blob_base: int | None) -> None:
    fees = suggest_fees(base_fee_wei=base, tip_wei=tip, blob_base_fee_wei=blob_base)
    assert fees.gas_price_wei == 2 * base + tip
    assert fees.tip_wei == tip
    if blob_base is None:
        assert fees.blob_gas_price_wei == 0
    else:
        assert fees.blob_gas_price_wei >= max(2 * blob_base, 1)


@given(fees=st.builds(Fees, PRICES, PRICES, PRICES), cap=PRICES)
def test_capped_fees_are_at_most_the_cap_and_at_most_what_they_were(fees: Fees, cap: int) -> None:
    capped = cap_fees(fees, cap)
    for field in ("tip_wei", "gas_price_wei", "blob_gas_price_wei"):
        assert getattr(capped, field) == min(getattr(fees, field), cap)
