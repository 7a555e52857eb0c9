"""Units and bounds of the ledger, and the proof that no product of them can wrap the field.

lots: 10**-size_decimals of the base. ticks: 10**-price_decimals USD. atoms: 1e-18 USD. e6: 1e-6 USD. ppm: 1e-6.
`lots * ticks` is 1e-12 USD, so `lots * ticks * 10**6` and `lots * ticks * ppm` are atoms.
"""

from __future__ import annotations

from typing import Final

from rollup.field import R

__all__ = [
    "ACCOUNT_BITS",
    "ACCOUNT_TREE_DEPTH",
    "AMOUNT_E6_BITS",
    "ATOMS_PER_E6",
    "BASE_FEE_BITS",
    "CASH_BITS",
    "COUNTER_BITS",
    "FIRST_USER_ACCOUNT",
    "FUNDING_BITS",
    "FUND_ACCOUNT",
    "FUND_BUDGET_BITS",
    "LOT_TICK_ATOMS",
    "MARKET_COUNT",
    "MAX_ELAPSED_S",
    "MAX_FEE_E6_BITS",
    "MAX_NONCE_STEP",
    "OPEN_INTEREST_BITS",
    "ORACLE_COUNT",
    "ORDERS_TREE_DEPTH",
    "OWNER_BITS",
    "PARAM_USD_BITS",
    "PPM",
    "PREMIUM_ONE",
    "PRICE_BITS",
    "RESOURCE_COUNT",
    "SIZE_BITS",
    "SLOT_BITS",
    "TIER_COUNT",
    "TIMESTAMP_BITS",
    "TREASURY_ACCOUNT",
    "USD_E12",
    "VAULT_E6_BITS",
    "WINDOW_BITS",
]

MARKET_COUNT: Final = 16  # M: every account and price vector has this many entries
TIER_COUNT: Final = 8
ORACLE_COUNT: Final = 3  # signers
RESOURCE_COUNT: Final = 3  # proving, state, bandwidth
PPM: Final = 10**6
LOT_TICK_ATOMS: Final = 10**6
ATOMS_PER_E6: Final = 10**12
USD_E12: Final = 10**12  # notional is counted in lots * ticks, 1e-12 USD
PREMIUM_ONE: Final = 10**12  # a premium of 1: the price is twice the mark
MAX_ELAPSED_S: Final = 2**16 - 1  # what one batch can be charged for at most

SIZE_BITS: Final = 48  # |lots|
PRICE_BITS: Final = 48  # ticks
PPM_BITS: Final = 20  # fractions are at most 10**6 < 2**20
CASH_BITS: Final = 120  # |atoms|
FUNDING_BITS: Final = 72  # |atoms per lot|
TIMESTAMP_BITS: Final = 40  # seconds
COUNTER_BITS: Final = 32  # epochs, order nonces, cash nonces, batch numbers, deposits consumed
AMOUNT_E6_BITS: Final = 64  # one deposit or withdrawal
MAX_FEE_E6_BITS: Final = 48  # the most a signed message allows to be charged
BASE_FEE_BITS: Final = 64  # atoms a unit of a resource
FUND_BUDGET_BITS: Final = 88  # notional in 1e-12 USD: 2**48 USD an hour at most
OPEN_INTEREST_BITS: Final = 60  # lots held long in one market
PARAM_USD_BITS: Final = 48  # whole USD in a parameter
WINDOW_BITS: Final = 16  # seconds over which averages are taken
VAULT_E6_BITS: Final = 96  # deposits less withdrawals: 2**32 deposits below 2**64
OWNER_BITS: Final = 160  # an address of the base layer

TREE_ARITY: Final = 8
ACCOUNT_TREE_DEPTH: Final = 7
ORDERS_TREE_DEPTH: Final = 3
ACCOUNT_BITS: Final = 3 * ACCOUNT_TREE_DEPTH
SLOT_BITS: Final = 3 * ORDERS_TREE_DEPTH
MAX_NONCE_STEP: Final = 255  # an order's nonce is at most this far above its slot's

FUND_ACCOUNT: Final = 0  # insurance fund: takes penalties
TREASURY_ACCOUNT: Final = 1  # takes trading fees
FIRST_USER_ACCOUNT: Final = 2

# |equity| <= |cash| + sum |s_m| * (P_m * 10**6 + |F_m|) < 2**120 + 16 * (2**116 + 2**120) < 2**125
EQUITY_BITS: Final = 125
# requirement = sum |s_m| * P_m * ppm_m < 16 * 2**(48 + 48 + 20)
REQUIREMENT_BITS: Final = SIZE_BITS + PRICE_BITS + PPM_BITS + 4

assert 2**CASH_BITS + MARKET_COUNT * (2 ** (SIZE_BITS + PRICE_BITS + PPM_BITS) + 2 ** (SIZE_BITS + FUNDING_BITS)) < (
    2**EQUITY_BITS
)
assert 2 ** (EQUITY_BITS + REQUIREMENT_BITS + 1) < R // 2  # a difference of two margin products keeps its sign
assert AMOUNT_E6_BITS + 40 < CASH_BITS  # 10**12 < 2**40: one deposit never overflows an account by itself
assert TIER_COUNT * PPM_BITS < 253  # the fee table packs into one element
