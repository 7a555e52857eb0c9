"""Honest CashLanes, one of each kind and of each way it can end."""

from __future__ import annotations

from dataclasses import replace

from rollup.accounts import EMPTY_ACCOUNT, NO_POSITIONS, Account
from rollup.txs import (
    Cancel,
    CancelAll,
    CashOp,
    CloseAccount,
    Deposit,
    Evict,
    ForcedCancelAll,
    ForcedKeyChange,
    ForcedWithdraw,
    KeyChange,
    SetTier,
    SignedOp,
    Transfer,
    TransferIn,
    Withdraw,
)
from rollup.units import ATOMS_PER_E6
from tests.circuits.cash_cases import CashCase, free_atoms, make_case, make_tick, make_trader

__all__ = [
    "CANCEL",
    "CANCEL_ALL",
    "CONTRASTS",
    "DUST",
    "EVICT",
    "FEE_E6",
    "FORCED_CANCEL_ALL",
    "FORCED_KEY_CHANGE",
    "FORCED_WITHDRAW",
    "KEY_CHANGE",
    "LAST",
    "LEAF_FEE_E6",
    "NEW_KEY",
    "OFF_CURVE",
    "OTHER",
    "OWNER",
    "RENT",
    "REQUESTS",
    "SET_TIER",
    "SIGNED",
    "TRADER",
    "TRANSFER",
    "TRANSFER_IN",
    "WITHDRAW",
    "close_account",
    "deposit",
    "empty",
    "flat",
    "honest_cash_cases",
    "poor",
    "trader",
]

TRADER, OTHER = 12, 13
LAST = 2**32 - 1  # of a counter
OWNER = make_trader(TRADER).owner
NEW_KEY, OFF_CURVE = make_trader(OTHER).key, (1, 2)
FEE_E6, LEAF_FEE_E6 = make_tick().cash_fee_e6, make_tick().leaf_fee_e6
RENT = 901 * make_tick().rent_rate  # atoms that the trader owes
DUST = 123_456_789_012  # atoms below 1e-6 USD
MAX_FEE_E6 = FEE_E6 + 7

WITHDRAW = Withdraw(TRADER, 6, 3, 1_000, max_fee_e6=MAX_FEE_E6)
CANCEL = Cancel(TRADER, 6, 3, 8, 77, max_fee_e6=MAX_FEE_E6)
TRANSFER = Transfer(TRADER, 6, 3, 1_000, OTHER, max_fee_e6=MAX_FEE_E6)
TRANSFER_IN = TransferIn(TRADER, 1_000)
KEY_CHANGE = KeyChange(TRADER, 6, 3, NEW_KEY, max_fee_e6=MAX_FEE_E6)
CANCEL_ALL = CancelAll(TRADER, 6, 3, max_fee_e6=MAX_FEE_E6)
FORCED_WITHDRAW = ForcedWithdraw(TRADER, 1_000, OWNER)
FORCED_CANCEL_ALL = ForcedCancelAll(TRADER, OWNER)
FORCED_KEY_CHANGE = ForcedKeyChange(TRADER, OWNER, NEW_KEY)
SET_TIER = SetTier(TRADER, 2)
EVICT = Evict(TRADER)
SIGNED: tuple[SignedOp, ...] = (WITHDRAW, CANCEL, TRANSFER, KEY_CHANGE, CANCEL_ALL)  # that leave the account open
REQUESTS = (FORCED_WITHDRAW, FORCED_CANCEL_ALL, FORCED_KEY_CHANGE)

# the scenes that differ most: enough of them for what is slow
CONTRASTS = (
    "withdrawal",
    "cancel",
    "transfer out",
    "key change",
    "close",
    "creation",
    "deposit returned to a stranger",
    "forced withdrawal in part",
    "forced key change",
    "set tier",
    "eviction",
    "unused",
)


def trader(**changes: object) -> Account:
    """Return the account that the scenes are about."""
    return make_trader(TRADER, **changes)


def flat(**changes: object) -> Account:
    """Return it without positions; fields replaced."""
    return make_trader(TRADER, **{"sizes_lots": NO_POSITIONS, **changes})


def empty(**changes: object) -> Account:
    """Return an emptied leaf, the epoch of its last life kept."""
    return replace(EMPTY_ACCOUNT, **{"epoch": 4, "last_touched_s": 9, **changes})  # type: ignore[arg-type]  # by name


def poor(surplus_atoms: int, **changes: object) -> Account:
    """Return the trader with this much free once rent is paid."""
    account = trader(**changes)
    return replace(account, cash_atoms=account.cash_atoms - free_atoms(account) + RENT + surplus_atoms)


def deposit(amount_e6: int = 2 * LEAF_FEE_E6, **changes: object) -> Deposit:
    """Return a deposit by the trader, who names a new key."""
    return replace(Deposit(TRADER, amount_e6, OWNER, NEW_KEY), **changes)  # type: ignore[arg-type]  # fields by name


def close_account(account: Account, off_by: int = 0) -> CloseAccount:
    """Return the close of the account for what it is worth, or for a little more or less."""
    amount_e6 = (account.cash_atoms - RENT) // ATOMS_PER_E6 - FEE_E6
    return CloseAccount(TRADER, account.cash_nonce, account.epoch, amount_e6 + off_by, max_fee_e6=MAX_FEE_E6)


def honest_cash_cases() -> dict[str, CashCase]:
    """Return one honest lane of each kind and outcome, conditions met barely and amply."""
    closing = flat(cash_atoms=10**19 + RENT + DUST)
    edge = flat(cash_atoms=10**19 + RENT + ATOMS_PER_E6 - 1)
    ask = replace(FORCED_WITHDRAW, amount_e6=2**64 - 1)
    scenes: dict[str, tuple[CashOp, Account]] = {
        "withdrawal": (WITHDRAW, trader()),
        "cancel": (CANCEL, trader()),
        "transfer out": (TRANSFER, trader()),
        "transfer in": (TRANSFER_IN, trader()),
        "key change": (KEY_CHANGE, trader()),
        "cancel all": (CANCEL_ALL, trader()),
        "close": (close_account(closing), closing),
        "close with all the dust there can be": (close_account(edge), edge),
        "deposit": (deposit(), trader()),
        "creation": (deposit(), empty()),
        "deposit returned to a stranger": (deposit(owner=7), trader()),
        "deposit returned for its key": (deposit(key=OFF_CURVE), empty()),
        "deposit returned as too small": (deposit(LEAF_FEE_E6 - 1), empty()),
        "deposit returned to nobody": (deposit(owner=0), empty()),
        "deposit returned by the fund": (deposit(account=0), EMPTY_ACCOUNT),
        "forced withdrawal in full": (FORCED_WITHDRAW, trader()),
        "forced withdrawal in part": (ask, poor(10**18 + DUST)),
        "forced withdrawal in part, all the dust": (ask, poor(10**18 - 1)),
        "forced withdrawal of nothing": (ask, poor(-1)),
        "forced withdrawal dropped": (replace(ask, owner=7), trader()),
        "forced cancel all": (FORCED_CANCEL_ALL, trader()),
        "forced cancel all dropped": (replace(FORCED_CANCEL_ALL, owner=7), trader()),
        "forced cancel all at the last epoch": (FORCED_CANCEL_ALL, trader(epoch=LAST)),
        "forced key change": (FORCED_KEY_CHANGE, trader()),
        "forced key change to no key": (replace(FORCED_KEY_CHANGE, key=OFF_CURVE), trader()),
        "set tier": (SET_TIER, trader()),
        "set tier of nobody": (SET_TIER, empty()),
        "set tier that is none": (replace(SET_TIER, tier=8), trader()),
        "eviction": (EVICT, flat(cash_atoms=RENT // 2)),
    }
    cases = {name: make_case(op, before) for name, (op, before) in scenes.items()}
    cases["withdrawal without fresh prices"] = make_case(WITHDRAW, flat(), stale=True)
    cases["unused"] = make_case(None, Account(cash_atoms=5))
    assert all(case.is_allowed for case in cases.values())
    return cases
