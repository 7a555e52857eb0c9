"""Deleveraging: a victim's positions end against accounts of the opposite side, which share its deficit.

Twin of rollup/deleverage.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from circuits.bits import assert_in_range, is_equal
from circuits.carry import Carry
from circuits.compare import divide
from circuits.fills import MARKET_BITS, split_sign_bits
from circuits.inputs import assert_equal_if, assert_nonzero_if
from circuits.linear import LC
from circuits.moves import Move
from circuits.select import inner_product, select
from circuits.system import ConstraintSystem
from circuits.tables import Tables
from circuits.takeover import RESCUE_BITS
from rollup.deleverage import NOTHING_LEFT
from rollup.units import EQUITY_BITS, PRICE_BITS, SIZE_BITS

NOTIONAL_BITS = SIZE_BITS + PRICE_BITS + 4  # sum |left_m| * P_m of 16 markets
ORDER_BITS = SIZE_BITS + PRICE_BITS + RESCUE_BITS  # |s| * P times an equity
# D < 2**110 by its bits, t * P_m < 2**96, share * N < 2**(110 + 100), notional * equity < 2**(96 + 125): none wraps,
# nor does a difference of two, r being above 2**253.
assert RESCUE_BITS + NOTIONAL_BITS <= 252
assert EQUITY_BITS + SIZE_BITS + PRICE_BITS + 1 <= 252


@dataclass(frozen=True)
class Victim:
    """What a victim's lane starts: all zero in every other lane."""

    deficit: LC  # max(-equity_0, 0), atoms
    surplus: LC  # max(equity_0, 0), atoms: the fund's
    notional: LC  # sum |s_m| * P_m, 1e-12 USD


@dataclass(frozen=True)
class Taken:
    """What a counterparty's lane takes: all zero in every other lane."""

    signed_lots: LC  # by market: of the move's market alone
    notional: LC  # t * P_m
    share: LC  # of the deficit, atoms


def open_victim(cs: ConstraintSystem, victim: LC, equity: LC, sizes: Sequence[LC], tables: Tables) -> Victim:
    """Return what is to be shared out, having constrained that the victim holds something.

    Constraints: 16 + 118, named victim/...
    """
    with cs.scope("victim"):
        own = cs.mul(victim, equity, name="equity")
        size, negative, _ = split_sign_bits(cs, own, RESCUE_BITS, name="equity_split")
        deficit = cs.mul(negative, size, name="deficit")
        worth = inner_product(cs, sizes, tables.mark, name="worth")
        assert_nonzero_if(cs, victim, worth, name="has_positions")
        return Victim(deficit, own + deficit, cs.mul(victim, worth, name="notional"))


def take_share(cs: ConstraintSystem, counterparty: LC, move: Move, carry: Carry, equity: LC) -> Taken:
    """Return what the counterparty takes of what is left and bears of the deficit, at the mark.

    Constraints: 16 + 49 + 314 + 111 + 10, named counterparty/...

    t >= 1 and t <= |left_m| with d of left_m's sign: were it of the other, d's direction times left_m would not be
    positive and the rest negative. t <= |s_m| and s_m of the opposite sign: else the size would not fall by t. While
    nothing is left N and D are 0, so the divisor is 1 and the share 0; N > 0 is what a counterparty needs.
    """
    with cs.scope("counterparty"):
        assert_nonzero_if(cs, counterparty, move.lots, name="takes_a_lot")
        assert_equal_if(cs, counterparty, move.unshrunk, 0, name="shrinks")
        signed_lots = cs.mul(counterparty, move.signed_lots, name="signed_lots")
        left = move.pick(cs, carry.left, name="left")
        towards = cs.mul(move.direction, left, name="left_in_direction")
        assert_in_range(
            cs, cs.mul(counterparty, towards - move.lots, name="left_after"), SIZE_BITS, name="takes_what_is_left"
        )
        worth = cs.mul(move.lots, move.mark, name="worth")
        share, _ = divide(
            cs,
            cs.mul(carry.deficit, worth, name="dividend"),
            carry.notional + 1 - counterparty,
            quotient_bits=RESCUE_BITS,
            divisor_bits=NOTIONAL_BITS,
            name="share",
        )
        assert_nonzero_if(cs, counterparty, equity, name="has_equity")
        assert_in_range(cs, cs.mul(counterparty, equity - share, name="equity_after"), RESCUE_BITS, name="bears_share")
        return Taken(signed_lots, cs.mul(counterparty, worth, name="notional"), share)


def assert_in_order(cs: ConstraintSystem, counterparty: LC, move: Move, carry: Carry, notional: LC, equity: LC) -> None:
    """Constrain a counterparty to follow the one before: by market, then |s_m| * P_m / equity_0 not rising.

    Constraints: 5 + 207 + 7, named order/... Compared by multiplying: last_notional * equity >= notional * last.
    """
    with cs.scope("order"):
        step = cs.mul(counterparty, move.market - carry.last_market, name="market_step")
        assert_in_range(cs, step, MARKET_BITS, name="markets_rise")
        same = is_equal(cs, move.market, carry.last_market, name="same_market")
        bound = cs.mul(counterparty, same, name="is_bound")
        before = cs.mul(carry.last_notional, equity, name="before")
        after = cs.mul(notional, carry.last_equity, name="after")
        assert_in_range(cs, cs.mul(bound, before - after, name="fall"), ORDER_BITS, name="leverage_falls")


def hand_on(
    cs: ConstraintSystem,
    *,
    counterparty: LC,
    victim: LC,
    move: Move,
    opened: Victim,
    taken: Taken,
    signed: Sequence[LC],
    own_notional: LC,
    equity: LC,
    carry: Carry,
    after: Carry,
) -> None:
    """Constrain what is left after this lane, and who went last. Constraints: 32 + 2 + 6 + 1, named left/...

    While something is left only counterparties follow.
    """
    with cs.scope("left"):
        cs.assert_product(carry.notional, 1 - counterparty, 0, name="only_counterparties_follow")
        for m, (own, before, then) in enumerate(zip(signed, carry.left, after.left, strict=True)):
            part = cs.mul(move.hot[m], taken.signed_lots, name=f"taken[{m}]")
            cs.assert_product(victim, own, then - before + part, name=f"lots[{m}]")
        cs.assert_equal(carry.deficit - taken.share + opened.deficit, after.deficit, name="deficit")
        cs.assert_equal(carry.notional - taken.notional + opened.notional, after.notional, name="notional")
        places = (
            ("market", carry.last_market, move.market, NOTHING_LEFT.last_market, after.last_market),
            ("notional", carry.last_notional, own_notional, NOTHING_LEFT.last_notional, after.last_notional),
            ("equity", carry.last_equity, equity, NOTHING_LEFT.last_equity_atoms, after.last_equity),
        )
        for name, last, own, start, then in places:
            kept = select(cs, counterparty, own, last, name=f"last_{name}")
            cs.assert_product(victim, start - kept, then - kept, name=f"last_{name}/is_handed_on")
