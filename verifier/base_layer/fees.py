"""What a transaction offers to pay, and by how much an offer must rise to take a stuck one's place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

GWEI: Final = 10**9
# a node's pool replaces a transaction only for 10 % more, and one with blobs only for 100 % more of all three prices
# (EIP-4844, "Networking": replacing is dear, since blobs are propagated anew)
_RISE_PERCENT: Final = 25
_BLOB_RISE_PERCENT: Final = 100
_BASE_FEE_HEADROOM: Final = 2  # a base fee doubles in six full blocks at the earliest (EIP-1559: 1/8 a block)
_MIN_BLOB_PRICE_WEI: Final = GWEI  # 0.00013 ether a blob at most; the price itself is often 1 wei


@dataclass(frozen=True)
class Fees:
    """An offer, in wei for each unit of gas."""

    tip_wei: int
    gas_price_wei: int  # tip and base fee together, at most
    blob_gas_price_wei: int  # at most; 0 without blobs


def suggest_fees(*, base_fee_wei: int, tip_wei: int, blob_base_fee_wei: int | None) -> Fees:
    """Return an offer that the next blocks take even when their prices rise. No blob price: a transaction without."""
    gas_price_wei = _BASE_FEE_HEADROOM * base_fee_wei + tip_wei
    if blob_base_fee_wei is None:
        return Fees(tip_wei, gas_price_wei, 0)
    return Fees(tip_wei, gas_price_wei, max(_BASE_FEE_HEADROOM * blob_base_fee_wei, _MIN_BLOB_PRICE_WEI))


def raise_fees(fees: Fees) -> Fees:
    """Return an offer for which a node's pool puts the new transaction in the old one's place. Rounded up."""
    percent = _BLOB_RISE_PERCENT if fees.blob_gas_price_wei else _RISE_PERCENT
    # a tip of nothing would rise by nothing
    prices = max(fees.tip_wei, 1), fees.gas_price_wei, fees.blob_gas_price_wei
    tip_wei, gas_price_wei, blob_gas_price_wei = (-(-price * (100 + percent) // 100) for price in prices)
    return Fees(tip_wei, max(gas_price_wei, tip_wei), blob_gas_price_wei)


def cap_fees(fees: Fees, max_price_wei: int) -> Fees:
    """Return the offer with no price above the cap. Below the market it is mined later, or never."""
    return Fees(*(min(price, max_price_wei) for price in (fees.tip_wei, fees.gas_price_wei, fees.blob_gas_price_wei)))
