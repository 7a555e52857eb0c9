"""Entries of the queue: a valid one returned or dropped, an invalid one executed, a payout too small or too large."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rollup.accounts import EMPTY_ACCOUNT, Account
from rollup.field import R
from rollup.units import ATOMS_PER_E6
from tests.circuits.cash_cases import make_case
from tests.circuits.cash_forging import NOT_NEGATIVE, as_it_stands, changed, told
from tests.circuits.cash_scenes import (
    DUST,
    FORCED_CANCEL_ALL,
    FORCED_KEY_CHANGE,
    FORCED_WITHDRAW,
    LAST,
    LEAF_FEE_E6,
    NEW_KEY,
    OFF_CURVE,
    OWNER,
    RENT,
    SET_TIER,
    TRADER,
    TRANSFER_IN,
    deposit,
    empty,
    poor,
    trader,
)
from tests.circuits.forging import Forged

__all__ = ["forge_entries"]

TOO_MUCH_DUST = "dust/below_e6/zeros[*]"
STALE = "positions/none_while_stale"


def forge_entries() -> Iterator[Forged]:
    """Yield the forgeries of entries."""
    yield from _facts_denied()
    yield from _facts_invented()
    yield from _deposits()
    yield from _payouts()
    yield from _cases()


def _facts_denied() -> Iterator[Forged]:
    """Yield valid entries that the prover drops by denying what makes them valid."""
    for request in (FORCED_WITHDRAW, FORCED_CANCEL_ALL, FORCED_KEY_CHANGE):
        kind, case = type(request).__name__, make_case(request, trader())
        unpaid = {"forced_withdraw/in_full": 0} if request is FORCED_WITHDRAW else {}
        yield told(f"{kind} dropped: owner denied", case, "is_owner/product", 1, **unpaid)
        yield told(f"{kind} dropped: account denied", case, "is_vacant/inverse", 0, "is_vacant/annihilates", **unpaid)
        yield told(f"{kind} dropped: no user's", case, "is_system/inverse", 0, "is_system/annihilates", **unpaid)
    at_end, curve = "epoch_at_end", "key_on_curve/equation"
    for request in (FORCED_CANCEL_ALL, FORCED_KEY_CHANGE):
        kind, case = type(request).__name__, make_case(request, trader())
        yield told(f"{kind} dropped: epoch at its end", case, f"{at_end}/inverse", 0, f"{at_end}/annihilates")
    rekeyed = make_case(FORCED_KEY_CHANGE, trader())
    yield told("ForcedKeyChange dropped: key denied", rekeyed, f"{curve}/product", 1)
    created = make_case(deposit(), empty())
    yield told("creation returned: key denied", created, f"{curve}/product", 1)
    yield told("creation returned: leaf taken for held", created, "is_vacant/product", 1)
    yield told("creation returned: sender denied", created, "is_owner/inverse", 0, "is_owner/annihilates")
    yield told("creation returned: no user's", created, "is_system/inverse", 0, "is_system/annihilates")
    joined = make_case(deposit(), trader())
    yield told("deposit kept from its account", joined, "is_owner/product", 1)
    raised = make_case(SET_TIER, trader())
    yield told("tier dropped: denied", raised, "no_tier/product", 1)
    yield told("tier dropped: account denied", raised, "is_vacant/inverse", 0, "is_vacant/annihilates")


def _facts_invented() -> Iterator[Forged]:
    """Yield entries that are executed although they must not be."""
    stranger, invented = 7, "is_owner/inverse"
    for request in (FORCED_WITHDRAW, FORCED_CANCEL_ALL, FORCED_KEY_CHANGE):
        kind, case = type(request).__name__, make_case(replace(request, owner=stranger), trader())
        paid = {"forced_withdraw/in_full": 1, "second_operand": 1_000} if request is FORCED_WITHDRAW else {}
        yield told(f"{kind} by a stranger", case, invented, 0, "is_owner/annihilates", **paid)
    seized = make_case(deposit(owner=stranger), trader())
    yield told("account seized by a deposit", seized, "is_vacant/inverse", 0, "is_vacant/annihilates")
    yield told("a stranger's deposit joined", seized, invented, 0, "is_owner/annihilates")
    for account in (0, 1):
        taken = make_case(deposit(account=account), EMPTY_ACCOUNT)
        yield told(f"account {account} created", taken, "is_system/product", 1)
    ownerless = make_case(deposit(owner=0), empty())
    yield told("creation for nobody", ownerless, "is_owner/product", 1)
    off_curve, curve = make_case(deposit(key=OFF_CURVE), empty()), "key_on_curve/equation"
    yield told("creation with no key", off_curve, f"{curve}/inverse", 0, f"{curve}/annihilates")
    rekeyed = make_case(replace(FORCED_KEY_CHANGE, key=OFF_CURVE), trader())
    yield told("key taken that is none", rekeyed, f"{curve}/inverse", 0, f"{curve}/annihilates")
    for request in (FORCED_CANCEL_ALL, FORCED_KEY_CHANGE):
        case = make_case(request, trader(epoch=LAST))
        yield told(f"{type(request).__name__} beyond the last epoch", case, "epoch_at_end/product", 1)
    beyond = make_case(deposit(), empty(epoch=LAST))
    yield told("creation beyond the last epoch", beyond, "epoch_at_end/product", 1)
    no_tier = make_case(replace(SET_TIER, tier=9), trader())
    yield told("tier set that is none", no_tier, "no_tier/inverse", 0, "no_tier/annihilates")
    yield told("tier of an empty leaf", make_case(SET_TIER, empty()), "is_vacant/product", 1)
    yield told("transfer into an empty leaf", make_case(TRANSFER_IN, empty()), "is_vacant/product", 1)


def _deposits() -> Iterator[Forged]:
    short, covers = {"deposit/covers_fee": 0}, {"deposit/covers_fee": 1}
    enough = make_case(deposit(LEAF_FEE_E6), empty())
    yield changed("creation returned as too small", enough, short, NOT_NEGATIVE)
    small = make_case(deposit(LEAF_FEE_E6 - 1), empty())
    yield changed("creation for less than the leaf fee", small, covers, NOT_NEGATIVE)
    # in an unused lane: what makes an account out of nothing, and what turns an epoch back
    unused = make_case(None, empty(), account_id=TRADER)
    named = {"named/owner": OWNER, "named/key_x": NEW_KEY[0], "named/key_y": NEW_KEY[1]}
    amount = {"operand": 10 * LEAF_FEE_E6}
    yield changed("creation without a deposit", unused, covers | named | amount, "deposit/falls_short")
    uncreated = {"deposit/covers_fee": R - 1} | named
    yield changed("creation undone", unused, uncreated, "deposit/covers_fee/boolean")


def _payouts() -> Iterator[Forged]:
    """Yield forced withdrawals that pay too little or too much."""
    ask = replace(FORCED_WITHDRAW, amount_e6=10)
    in_part, nothing = {"forced_withdraw/in_full": 0}, {"forced_withdraw/in_full": 0, "forced_withdraw/nothing": 1}
    amply = make_case(ask, poor(10 * ATOMS_PER_E6))
    yield changed("forced: one unit less than asked", amply, in_part | {"second_operand": 9}, TOO_MUCH_DUST)
    rich = make_case(ask, trader())
    yield changed("forced: a fortune withheld", rich, in_part | {"second_operand": 9}, "dust/sum")
    yield changed("forced: nothing paid of plenty", rich, nothing, NOT_NEGATIVE)
    broke = make_case(ask, poor(0))
    just = {"second_operand": 0} | nothing
    yield changed("forced: nothing said to be free at zero", broke, just, NOT_NEGATIVE)
    partly = make_case(ask, poor(8 * ATOMS_PER_E6 + 10))
    yield changed("forced: one unit less than is free", partly, {"second_operand": 7}, TOO_MUCH_DUST)
    yield changed("forced: one unit more than is free", partly, {"second_operand": 9}, "dust/sum")
    full = {"forced_withdraw/in_full": 1, "forced_withdraw/nothing": 0, "second_operand": 10}
    yield changed("forced: all that is asked, more than is free", partly, full, NOT_NEGATIVE)
    beyond = make_case(ask, poor(11 * ATOMS_PER_E6))
    yield changed("forced: one unit more than asked", beyond, in_part | {"second_operand": 11}, NOT_NEGATIVE)
    other = {"second_operand": 9}
    yield changed("forced: in full, another amount", rich, other, "forced_withdraw/pays_request")
    debt = make_case(ask, poor(-1))
    yield changed("forced: paid out of debt", debt, full, NOT_NEGATIVE)
    yield as_it_stands("forced: while prices are stale", rich, STALE, ports={"table/stale": 1})


def _cases() -> Iterator[Forged]:
    """Yield cases of a payout that are no booleans."""
    dropped = replace(FORCED_WITHDRAW, amount_e6=0, owner=7)
    # in part -1 times: the stranger's request pays 5 units into the account, out of the vault
    credited = {"forced_withdraw/nothing": 1, "second_operand": 5}
    indebted = make_case(dropped, _free_in_place(-5 * ATOMS_PER_E6 - 100))
    yield changed("forced: dropped, and paid into", indebted, credited, "forced_withdraw/in_part")
    level = make_case(dropped, _free_in_place(0))
    both = {"forced_withdraw/in_full": R - 1}
    yield changed("forced: dropped in part, not in full", level, both, "forced_withdraw/in_full/boolean")
    halves = {"forced_withdraw/in_full": 1, "forced_withdraw/nothing": R - 1, "second_operand": 5}
    twice = make_case(replace(FORCED_WITHDRAW, amount_e6=10), poor(10 * ATOMS_PER_E6 + DUST))
    yield changed("forced: half in full, half in part", twice, halves, "forced_withdraw/nothing/boolean")


def _free_in_place(surplus_atoms: int) -> Account:
    """Return the trader with this much free in a lane that charges no rent."""
    return poor(surplus_atoms - RENT)
