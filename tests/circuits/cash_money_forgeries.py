"""Money out of nowhere: margins, rent, fees, transfers, leaves given back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rollup.accounts import EMPTY_ACCOUNT
from rollup.field import R
from rollup.units import ATOMS_PER_E6
from tests.circuits.cash_cases import make_case, make_trader
from tests.circuits.cash_forging import (
    NOT_NEGATIVE,
    SIGNATURE,
    as_it_stands,
    changed,
    sign_words,
    told,
    written,
)
from tests.circuits.cash_scenes import (
    CANCEL,
    CANCEL_ALL,
    EVICT,
    FEE_E6,
    FORCED_CANCEL_ALL,
    FORCED_WITHDRAW,
    KEY_CHANGE,
    OTHER,
    RENT,
    SET_TIER,
    TRADER,
    TRANSFER,
    TRANSFER_IN,
    WITHDRAW,
    close_account,
    deposit,
    empty,
    flat,
    poor,
    trader,
)
from tests.circuits.forging import Forged, tell

__all__ = ["forge_money"]

STALE, NO_POSITION = "positions/none_while_stale", "positions/none_in_emptied"
CASH, OPEN = "account/cash_after/sum", "acts/on_open_account"
POSITIONS = "cancel_or_positions/positions[*]"
ONE_SHORT = (0,) * 15 + (-1,)


def forge_money() -> Iterator[Forged]:
    """Yield the forgeries of cash, fees and rent."""
    for part in (_margins, _rents, _fees, _transfers, _closes, _evictions, _emptied, _totals, _ranges):
        yield from part()


def _margins() -> Iterator[Forged]:
    for op in (WITHDRAW, TRANSFER):
        kind, due = type(op).__name__, (op.amount_e6 + FEE_E6) * ATOMS_PER_E6
        yield as_it_stands(f"{kind}, short by one atom", make_case(op, poor(due - 1)), NOT_NEGATIVE)
        penniless = flat(cash_atoms=RENT + due - 1)
        yield as_it_stands(f"{kind} of one atom too much", make_case(op, penniless), NOT_NEGATIVE)
        stale = make_case(op, flat(sizes_lots=ONE_SHORT), stale=True)
        yield as_it_stands(f"{kind} with a position while prices are stale", stale, STALE)
        hidden = {"account/size[15]": 0}
        yield changed(f"{kind} while prices are stale, position hidden", stale, hidden, POSITIONS)


def _rents() -> Iterator[Forged]:
    for op in (WITHDRAW, TRANSFER_IN, deposit(), FORCED_CANCEL_ALL, SET_TIER):
        kind = type(op).__name__
        honest = make_case(op, trader())
        kept = honest.lane.after.cash_atoms + RENT
        yield written(f"{kind}: rent not charged", op, trader(), cash_atoms=kept)
        yield told(f"{kind}: rent waived", honest, "rent/charged", 0)
        free = {"rent_out": honest.inputs["rent_in"]}
        yield as_it_stands(f"{kind}: rent withheld from the fund", honest, "totals/rent", ports=free)
        stayed = trader().last_touched_s
        yield written(f"{kind}: last touch not renewed", op, trader(), last_touched_s=stayed)
    created = make_case(deposit(), empty())
    yield written("rent charged to a creation", deposit(), empty(), cash_atoms=created.lane.after.cash_atoms - RENT)
    returned, honest = deposit(owner=7), make_case(deposit(owner=7), trader())
    yield written("rent charged for a returned deposit", returned, trader(), cash_atoms=trader().cash_atoms - RENT)
    yield written("last touch renewed by a returned deposit", returned, trader(), last_touched_s=2**40 - 1)
    assert honest.lane.after == trader()


def _fees() -> Iterator[Forged]:
    for op in (WITHDRAW, CANCEL, TRANSFER, KEY_CHANGE, CANCEL_ALL):
        kind, honest = type(op).__name__, make_case(op, trader())
        kept = honest.lane.after.cash_atoms + FEE_E6 * ATOMS_PER_E6
        yield written(f"{kind}: fee not charged", op, trader(), cash_atoms=kept)
        short = {"base_fees_e6_out": honest.inputs["base_fees_e6_in"] + FEE_E6 - 1}
        yield as_it_stands(f"{kind}: fee kept from the fund", honest, "totals/base_fees_e6", ports=short)
        mean = make_case(replace(op, max_fee_e6=FEE_E6 - 1), trader())
        yield as_it_stands(f"{kind}: above the greatest fee", mean, *SIGNATURE)
        yield changed(f"{kind}: a slack of -1", mean, {}, "fee_slack/bit[*]", lies={"fee_slack": tell(-1)})
    created = make_case(deposit(), empty())
    yield told("leaf given for nothing", created, "fee/creation", 0)
    yield as_it_stands("leaf fee kept", created, "totals/base_fees_e6", ports={"base_fees_e6_out": 0})


def _transfers() -> Iterator[Forged]:
    out, into = make_case(TRANSFER, trader()), make_case(TRANSFER_IN, trader())
    sent = out.inputs["transfer_out"]
    for name, other in (("nobody", 0), ("another", sent + 2**64), ("the same, more", sent + 1)):
        yield as_it_stands(f"transfer sent to {name}", out, "transfer/out", ports={"transfer_out": other})
    own = into.inputs["transfer_in"]
    for name, other in (("nobody", 0), ("another's lane", own + 2**64), ("a smaller one", own - 1)):
        yield as_it_stands(f"transfer received from {name}", into, "transfer/in", ports={"transfer_in": other})
    for op in (WITHDRAW, FORCED_WITHDRAW, deposit(), None):
        kind = type(op).__name__ if op else "unused lane"
        case = make_case(op, trader(), account_id=TRADER)
        yield as_it_stands(f"{kind} in place of the incoming leg", case, "transfer/in", ports={"transfer_in": own})
        yield as_it_stands(f"{kind} sends a transfer", case, "transfer/out", ports={"transfer_out": sent})
    # a recipient of 64 bits more than an account has: the next lane would read a larger amount
    amount = 2**64 - 1_000
    huge = OTHER - amount * pow(2**64, -1, R)
    signed = sign_words(TRANSFER.words()[0], TRANSFER.amount_e6, huge)
    lies = {"second_operand": tell(huge)}
    yield changed("transfer to a recipient that is no account", out, signed, "second_operand/bit[*]", lies=lies)
    grown = {"operand": 2_000}
    yield changed("transfer of another amount than signed", out, grown, *SIGNATURE)
    yield changed("transfer to another than signed", out, {"second_operand": OTHER + 1}, *SIGNATURE)
    yield written("transfer not debited", TRANSFER, trader(), cash_atoms=trader().cash_atoms)
    doubled = into.lane.after.cash_atoms + TRANSFER_IN.amount_e6 * ATOMS_PER_E6
    yield written("transfer credited twice", TRANSFER_IN, trader(), cash_atoms=doubled)
    for account in (0, 1):
        received = make_case(replace(TRANSFER_IN, account=account), EMPTY_ACCOUNT)
        yield as_it_stands(f"transfer to account {account}", received, OPEN)
        owned = make_case(replace(TRANSFER_IN, account=account), make_trader(account))
        yield as_it_stands(f"transfer to account {account}, were it owned", owned, OPEN)


def _closes() -> Iterator[Forged]:
    before = flat(cash_atoms=10**19 + RENT + 5)
    for off_by, refusal in ((1, "dust/sum"), (-1, "dust/below_e6/zeros[*]"), (-2, "dust/sum")):
        case = make_case(close_account(before, off_by), before)
        yield as_it_stands(f"close for {off_by:+} units", case, refusal)
    held = flat(sizes_lots=ONE_SHORT)
    case = make_case(close_account(held), held)
    yield as_it_stands("close with a position", case, NO_POSITION)
    hidden = {"account/size[15]": 0}
    yield changed("close with a position hidden", case, hidden, POSITIONS)
    indebted = flat(cash_atoms=RENT + FEE_E6 * ATOMS_PER_E6 - 1)
    yield as_it_stands("close in debt", make_case(close_account(indebted, 1), indebted), "dust/sum")
    honest = make_case(close_account(before), before)
    kept = {"rent_out": honest.inputs["rent_out"] - 1}
    yield as_it_stands("close: dust kept", honest, "totals/rent", ports=kept)


def _evictions() -> Iterator[Forged]:
    held = make_case(EVICT, flat(cash_atoms=0, sizes_lots=ONE_SHORT))
    yield as_it_stands("eviction of a position", held, NO_POSITION)
    yield changed("eviction of a hidden position", held, {"account/size[15]": 0}, POSITIONS)
    yield as_it_stands("eviction with cash left", make_case(EVICT, flat(cash_atoms=RENT + 1)), CASH)
    yield as_it_stands("eviction of a debt", make_case(EVICT, flat(cash_atoms=-1)), NOT_NEGATIVE)
    yield as_it_stands("eviction of an empty leaf", make_case(EVICT, empty()), OPEN)
    yield as_it_stands("eviction of the fund", make_case(replace(EVICT, account=0), EMPTY_ACCOUNT), OPEN)
    honest = make_case(EVICT, flat(cash_atoms=RENT // 2))
    for name, rent in (("kept", 0), ("charged in full", RENT)):
        ports = {"rent_out": honest.inputs["rent_in"] + rent}
        yield as_it_stands(f"eviction: cash {name}", honest, "totals/rent", ports=ports)


def _emptied() -> Iterator[Forged]:
    """Yield emptied leaves that keep something, or lose what guards the next life of the index."""
    for op, before in ((close_account(flat()), flat()), (EVICT, flat(cash_atoms=5))):
        kind = type(op).__name__
        kept: dict[str, object] = {
            "key": before.key,
            "owner": before.owner,
            "cash_atoms": 1,
            "tier": 5,
            "cash_nonce": before.cash_nonce,
            "orders": before.orders,
            "last_touched_s": before.last_touched_s,
            "sizes_lots": ONE_SHORT,
        }
        for field, value in kept.items():
            yield written(f"{kind}: {field} kept", op, before, **{field: value})
        for epoch in (0, 2, 4):
            yield written(f"{kind}: epoch of {epoch} after 3", op, before, epoch=epoch)
    # what was signed for the last life of an index would live again
    yield written("creation in the epoch of the last life", deposit(), empty(), epoch=4)
    yield written("creation in the first epoch", deposit(), empty(), epoch=1)


def _totals() -> Iterator[Forged]:
    cases = {
        "deposit": make_case(deposit(), trader()),
        "returned deposit": make_case(deposit(owner=7), trader()),
        "withdrawal": make_case(WITHDRAW, trader()),
        "dropped request": make_case(replace(FORCED_WITHDRAW, owner=7), trader()),
        "forced withdrawal": make_case(FORCED_WITHDRAW, trader()),
        "transfer": make_case(TRANSFER, trader()),
        "close": make_case(close_account(flat()), flat()),
        "creation": make_case(deposit(), empty()),
        "unused lane": make_case(None, EMPTY_ACCOUNT, account_id=TRADER),
    }
    for kind, case in cases.items():
        for chain in ("queue", "vault", "usage"):
            more = {f"{chain}_out": case.inputs[f"{chain}_out"] + 1}
            yield as_it_stands(f"{kind}: {chain} one too high", case, f"totals/{chain}", ports=more)
    creation = cases["creation"].inputs
    uncounted = {"usage_out": creation["usage_out"] - 2**32}
    yield as_it_stands("creation: leaf not counted", cases["creation"], "totals/usage", ports=uncounted)
    returned = cases["returned deposit"]
    pocketed = {"vault_out": returned.inputs["vault_in"] + deposit().amount_e6}
    yield as_it_stands("returned deposit kept in the vault", returned, "totals/vault", ports=pocketed)


def _ranges() -> Iterator[Forged]:
    for op in (WITHDRAW, TRANSFER):
        nothing = make_case(replace(op, amount_e6=0), trader())
        yield as_it_stands(f"{type(op).__name__} of nothing", nothing, "amount/positive")
    joined = make_case(deposit(), trader())
    yield changed("deposit of 2**64", joined, {}, "operand/bit[*]", lies={"operand": tell(2**64)})
    drawn, words = make_case(WITHDRAW, trader()), WITHDRAW.words()
    negative = {"operand": tell(-1_000)}
    signed = sign_words(words[0], -1_000)
    yield changed("withdrawal of a negative amount", drawn, signed, "operand/bit[*]", lies=negative)
    rich = make_case(deposit(1), trader(cash_atoms=2**120 - 1 + RENT))
    yield as_it_stands("cash beyond 2**120", rich, CASH)
    indebted = make_case(FORCED_WITHDRAW, poor(-5 * ATOMS_PER_E6))
    lies, in_part = {"second_operand": tell(-5)}, {"forced_withdraw/nothing": 0}
    yield changed("a forced payment of -5", indebted, in_part, "second_operand/bit[*]", lies=lies)
