"""Accounts, a tick with fees, and one operation of every kind, for the tests of cash operations."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rollup.accounts import Account
from rollup.signature import derive_public_key
from rollup.state import make_genesis
from rollup.tick import Tick, run_tick
from rollup.txs import (
    Cancel,
    CancelAll,
    CloseAccount,
    Deposit,
    ForcedCancelAll,
    ForcedKeyChange,
    ForcedWithdraw,
    KeyChange,
    SetTier,
    Transfer,
    Withdraw,
)
from rollup.units import ATOMS_PER_E6, MARKET_COUNT, ORACLE_COUNT
from tests.scenarios import AVAX_PRICE, ETH_PRICE, PARAMS, START_S

ONE = ATOMS_PER_E6
NOW_S = START_S + 100
RENT_RATE = 7 * 10**9  # atoms a second: 0.7 units of 1e-6 USD in 100 s
RENT = 100 * RENT_RATE
FEE, LEAF_FEE = 3, 50  # 1e-6 USD
OWNER = 0xA
KEY, NEW_KEY = derive_public_key(bytes(32)), derive_public_key(bytes(31) + b"1")
SMALL_ORDER_KEY = (0, 21888242871839275222246405745257275088548364400416034343698204186575808495616)  # (0, -1)
EMPTY = Account(epoch=8, last_touched_s=START_S - 1000)
OPEN = Account(key=KEY, owner=OWNER, epoch=3, cash_nonce=5, tier=2, cash_atoms=1_000 * ONE + 17, last_touched_s=START_S)
# 100 AVAX bought at the mark with 1,000 USD: equity is that, the initial requirement 5 % of 2,500 USD
LONG = replace(
    OPEN,
    sizes_lots=(100_000_000, *(0,) * (MARKET_COUNT - 1)),
    cash_atoms=1_000 * 10**18 - 100_000_000 * AVAX_PRICE * 10**6,
)
LONG_FREE_E6 = 875 * 10**6

SIGNED_OPS = (
    Withdraw(2, 5, 3, 7, max_fee_e6=FEE),
    Cancel(2, 5, 3, 4, 9, max_fee_e6=FEE),
    Transfer(2, 5, 3, 7, 6, max_fee_e6=FEE),
    KeyChange(2, 5, 3, NEW_KEY, max_fee_e6=FEE),
    CancelAll(2, 5, 3, max_fee_e6=FEE),
    CloseAccount(2, 5, 3, 996, max_fee_e6=FEE),
)
ENTRIES = (
    Deposit(2, 700, OWNER, KEY),
    ForcedWithdraw(2, 400, OWNER),
    ForcedCancelAll(2, OWNER),
    ForcedKeyChange(2, OWNER, NEW_KEY),
    SetTier(2, 6),
)


def make_tick(**changes: Any) -> Tick:  # noqa: ANN401 (fields of a tick)
    """Return the tick of a batch at NOW_S with fees and rent, changed as named."""
    tick = run_tick(make_genesis((AVAX_PRICE, ETH_PRICE), START_S).header, PARAMS, (None,) * ORACLE_COUNT, NOW_S)
    return replace(tick, cash_fee_e6=FEE, leaf_fee_e6=LEAF_FEE, rent_rate=RENT_RATE, **{"stale": False, **changes})


TICK = make_tick()
STALE = make_tick(stale=True)
