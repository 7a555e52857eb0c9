"""RescueLane: a takeover, a victim of deleveraging, one of its counterparties, one leg of a forced trade, or nothing.

No signature and no orders tree: the rules alone allow what happens here.
"""

from __future__ import annotations

from dataclasses import dataclass

from circuits.account import account_id_bits, assert_user_account, open_account
from circuits.bits import assert_boolean, from_bits
from circuits.carry import carry_ports
from circuits.deleverage import assert_in_order, hand_on, open_victim, take_share
from circuits.fills import split_sign_bits
from circuits.forced_trade import assert_both_or_neither, assert_bridge_words, is_leg_valid, open_entry
from circuits.inputs import assert_equal_if, private_flag
from circuits.linear import LC, sum_lc
from circuits.margin import sign_sizes, weigh_positions
from circuits.moves import Move, compute_cash_change, open_move
from circuits.published import publish
from circuits.rescue_change import add_lots, describe_change, write_account
from circuits.select import select
from circuits.system import ConstraintSystem
from circuits.tables import table_ports
from circuits.takeover import assert_fund_decides, assert_rescuable
from rollup.records import RESCUE_WORDS
from rollup.rescue_record import RescueKind
from rollup.resources import RESCUE_OPERATION
from rollup.units import CASH_BITS


@dataclass(frozen=True)
class _Kinds:
    """Which operation this lane carries: at most one flag is 1."""

    takeover: LC
    victim: LC
    counterparty: LC
    first: LC
    second: LC

    @property
    def emptied(self) -> LC:
        return self.takeover + self.victim

    @property
    def moves(self) -> LC:
        return self.counterparty + self.first + self.second

    @property
    def used(self) -> LC:
        return self.emptied + self.moves


def build_rescue_lane(cs: ConstraintSystem) -> None:
    """Record one RescueLane.

    Ports: table/..; root_in, root_out; carry_in/.., carry_out/..; lots_in[m], lots_out[m]; takeover_lots_in[m],
    takeover_lots_out[m]; takeover_cash, rent, usage, queue, each _in and _out; bridge[0..3]; data[0], data[1].
    """
    tables = table_ports(cs)
    id_bits = account_id_bits(cs)
    kinds = _open_kinds(cs)
    cs.assert_product(tables.stale, kinds.used, 0, name="fresh_prices_if_used")
    account = open_account(cs, name="account")
    carry, carry_after = carry_ports(cs, "in"), carry_ports(cs, "out")
    entry = open_entry(cs, kinds.first, kinds.second)
    move = open_move(cs, tables, account, kinds.moves)

    # 40 bits of seconds times a rate below 2**64; whatever stored last_touched took it from a time no later than now
    rent = cs.mul(tables.timestamp - account.last_touched, tables.rent_rate, name="rent/due")
    cash = account.cash - rent
    signed = sign_sizes(cs, account.sizes, account.signs, name="margin/signed")
    before = weigh_positions(cs, cash, account.sizes, signed, tables, name="margin")

    assert_rescuable(cs, kinds.emptied, before)
    assert_fund_decides(cs, kinds.takeover, kinds.victim, carry.fund_equity, before.equity)
    victim = open_victim(cs, kinds.victim, before.equity, account.sizes, tables)
    taken = take_share(cs, kinds.counterparty, move, carry, before.equity)
    own_notional = cs.mul(move.size_before, move.mark, name="own_notional")
    assert_in_order(cs, kinds.counterparty, move, carry, own_notional, before.equity)
    hand_on(
        cs,
        counterparty=kinds.counterparty,
        victim=kinds.victim,
        move=move,
        opened=victim,
        taken=taken,
        signed=signed,
        own_notional=own_notional,
        equity=before.equity,
        carry=carry,
        after=carry_after,
    )

    price = select(cs, entry.forced, entry.price, move.mark, name="price")
    cash_after = cash + compute_cash_change(cs, move, price, name="cash_change") - taken.share
    cash_fits = _is_cash_in_range(cs, cash_after)
    assert_equal_if(cs, kinds.counterparty, cash_fits, 1, name="counterparty/cash_fits")
    valid = is_leg_valid(cs, entry, move, tables, before, owner=account.owner, cash_fits=cash_fits)
    assert_both_or_neither(cs, entry, move, valid, from_bits(id_bits), carry, carry_after)
    assert_bridge_words(cs, entry, move, from_bits(id_bits))

    change = describe_change(cs, move, emptied=kinds.emptied, moved=kinds.counterparty + entry.applied, cash=cash_after)
    assert_user_account(cs, id_bits, change.touched, name="user_account")
    sizes = write_account(cs, account, id_bits, change, move, tables.timestamp)
    add_lots(cs, kinds.takeover, change, move, account, signed, sizes)
    taken_equity = cs.mul(kinds.takeover, before.equity, name="takeover/equity")
    taken_cash = cs.mul(kinds.takeover, cash, name="takeover/cash")
    _add(cs, "takeover_cash", taken_cash + victim.surplus)
    _add(cs, "rent", cs.mul(change.touched, rent, name="rent/charged"))
    _add(cs, "usage", kinds.used * RESCUE_OPERATION.packed)
    _add(cs, "queue", kinds.first)  # one entry, of two legs
    fund_equity = carry.fund_equity + taken_equity + victim.surplus
    cs.assert_equal(fund_equity, carry_after.fund_equity, name="totals/fund_equity")
    _publish(cs, kinds, move, entry.applied, from_bits(id_bits))


def _open_kinds(cs: ConstraintSystem) -> _Kinds:
    names = ("takeover", "victim", "counterparty", "first", "second")
    kinds = _Kinds(*(private_flag(cs, f"kind/{name}") for name in names))
    assert_boolean(cs, kinds.used, name="kind/at_most_one")
    return kinds


def _publish(cs: ConstraintSystem, kinds: _Kinds, move: Move, applied: LC, account: LC) -> None:
    """Constrain the lane's words. What an entry says stands in the queue already. Constraints: 2, named data/..."""
    flags = {
        RescueKind.TAKEOVER: kinds.takeover,
        RescueKind.VICTIM: kinds.victim,
        RescueKind.COUNTERPARTY: kinds.counterparty,
        RescueKind.FIRST_LEG: kinds.first,
        RescueKind.SECOND_LEG: kinds.second,
    }
    always = {"kind": sum_lc([flag * number for number, flag in flags.items()]), "is_applied": applied}
    publish(cs, 0, RESCUE_WORDS[0], kinds.used, {"account": account}, always, "operation")
    publish(cs, 1, RESCUE_WORDS[1], kinds.counterparty, {"market": move.market, "lots": move.lots}, {}, "taken")


def _is_cash_in_range(cs: ConstraintSystem, cash: LC) -> LC:
    """Return whether |cash| < 2**120, decided exactly: a forced trade may ask for anything. Constraints: 127.

    |cash| < 2**120 + 2**104 (rent) + 2**120.1 (a move) + 2**110 (a share) < 2**122.
    """
    _, _, bits = split_sign_bits(cs, cash, CASH_BITS + 2, name="cash_after")
    return cs.mul(1 - bits[CASH_BITS], 1 - bits[CASH_BITS + 1], name="cash_after/fits")


def _add(cs: ConstraintSystem, total: str, amount: LC) -> None:
    cs.assert_equal(cs.port(f"{total}_in") + amount, cs.port(f"{total}_out"), name=f"totals/{total}")
