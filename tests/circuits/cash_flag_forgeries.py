"""CashLanes whose flags are no booleans: each breaks its own check alone, the rest of the lane made to fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rollup.accounts import EMPTY_ACCOUNT, Account
from rollup.babyjubjub import BASE8, Point, multiply_base8
from rollup.field import R
from rollup.poseidon import poseidon
from rollup.tags import ORDERS_NODE, POSITIONS
from rollup.trees import SparseTree
from rollup.txs import Deposit, Withdraw
from tests.circuits.cash_cases import VENUE, CashCase, make_case, make_trader
from tests.circuits.forging import Forged, Forger, sign_under
from tests.circuits.lane_cases import Values

__all__ = ["forge_flags"]

TRADER = 12
KEY = multiply_base8(8)  # the key 8 * B8, which the gadget takes in an idle slot too: a flag may enable it -1 times
OWNER = 9


def forge_flags(forger: Forger) -> Iterator[Forged]:
    """Yield the forgeries of flags."""
    yield _short_under_a_sign_of_two(forger)
    yield _negative_deposit(forger)
    yield _negative_withdrawal(forger)
    yield _negative_cancel(forger)
    creation = make_case(Deposit(TRADER, 5, OWNER, KEY), EMPTY_ACCOUNT)
    nobody = dict.fromkeys(_naming(KEY), 0)
    twice = {"kind/creates": 2, **nobody}
    yield forger.forge("created twice", creation.inputs, ["deposit/names_an_owner"], changes=twice)


def _short_under_a_sign_of_two(forger: Forger) -> Forged:
    """The packed signs keep their sum: 2 for market 0 and 0 for market 1, whose short then counts as a long."""
    case = make_case(Withdraw(TRADER, 6, 3, 1_000), make_trader(TRADER))
    changes = {"account/sign[0]": 2, "account/sign[1]": 0}
    return forger.forge("short hidden under a sign of two", case.inputs, ["account/sign[*]/boolean"], changes=changes)


def _negative_deposit(forger: Forger) -> Forged:
    """A withdrawal that the base layer never hears of and that takes back a deposit's number."""
    account = make_trader(TRADER)
    case = make_case(Withdraw(TRADER, 6, 3, 1_000), account)
    changes = {"kind/deposit": R - 1, **_naming(account.key, account.owner)}
    return forger.forge("deposit of kind -1", case.inputs, ["kind/deposit/boolean"], changes=changes)


def _negative_withdrawal(forger: Forger) -> Forged:
    """Twice the amount credited to an account that lacks margin."""
    account = _signer(sizes_lots=(10**9, *(0,) * 15), cash_atoms=-(10**23), cash_nonce=7)
    changes = {"kind/withdraw": R - 1, "account/cash_nonce_after": 6, **_naming(KEY)}
    case = _signed(_deposit_by_signer(account), word_1=-2 + (TRADER << 4) + (7 << 25) + (3 << 57), operand=5)
    return forger.forge("withdrawal of kind -1", case, ["kind/withdraw/boolean"], changes=changes)


def _negative_cancel(forger: Forger) -> Forged:
    """An account whose orders root is what the lane hashes under the tag of a cancel of kind -1: no honest root is."""
    account = _signer(cash_nonce=7)
    mixed = [2 * abs(size) % R for size in account.sizes_lots[:8]]  # 2 * size - child: what is picked at kind -1
    below = poseidon(mixed, 2 * POSITIONS - ORDERS_NODE)
    above = poseidon((below, *(0,) * 7), ORDERS_NODE)
    root = poseidon((above, *(0,) * 7), ORDERS_NODE)
    account = replace(account, orders=SparseTree(0, ORDERS_NODE, root))
    changes = {"kind/cancel": R - 1, "account/cash_nonce_after": 6, **_naming(KEY)}
    changes |= {"cancel/slot_path[1][0]": below, "cancel/slot_path[2][0]": above}
    case = _signed(_deposit_by_signer(account), word_1=-3 + (TRADER << 4) + (7 << 25) + (3 << 57), operand=5)
    return forger.forge("cancel of kind -1", case, ["kind/cancel/boolean"], changes=changes)


def _signer(**changes: object) -> Account:
    return replace(make_trader(TRADER), key=KEY, owner=OWNER, **changes)  # type: ignore[arg-type]  # fields by name


def _deposit_by_signer(account: Account) -> CashCase:
    return make_case(Deposit(TRADER, 5, OWNER, KEY), account)


def _naming(key: Point, owner: int = OWNER) -> Values:
    return {"deposit/key_x": key[0], "deposit/key_y": key[1], "deposit/owner": owner}


def _signed(case: CashCase, *, word_1: int, operand: int) -> Values:
    """Return the lane with the signer's signature of these words, by a key whose eighth is B8."""
    r8, s = sign_under(KEY, 8, poseidon((VENUE.params.domain, word_1 % R, operand, 0)))
    eighth = {"account/key_div_8_x": BASE8[0], "account/key_div_8_y": BASE8[1]}
    return case.inputs | eighth | {"r8_x": r8[0], "r8_y": r8[1], "s": s}
