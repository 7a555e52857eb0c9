"""Forced trade: each leg is valid or not by exact rules, so that every entry can be consumed.

Twin of rollup/forced_trade.py. The base layer's queue holds the entry; its two bridge words say what became of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from circuits.bits import from_bits, is_equal, is_zero, logical_and
from circuits.carry import Carry
from circuits.compare import is_less_than
from circuits.inputs import assert_equal_if, private_bits, private_flag
from circuits.linear import LC
from circuits.margin import Margin
from circuits.moves import Move
from circuits.system import ConstraintSystem
from circuits.tables import Tables
from rollup.txs.forced_trade import BRIDGE_FORCED_FIRST, BRIDGE_FORCED_SECOND
from rollup.units import EQUITY_BITS, LOT_TICK_ATOMS, PRICE_BITS, REQUIREMENT_BITS

# Both outcomes must be provable for every entry that the queue can hold, or one entry could halt it. So the comparisons
# are of full width: after a leg equity has moved by |d| * |P - price| * 10**6 < 2**116, a requirement by 2**48 * 2**68:
# |equity_1| < 2**125 still (`circuits/margin.py`: 2**124.2 before), requirements are below 2**120.3.
HEALTH_BITS = EQUITY_BITS + 1  # |equity_1 - initial_1|
RATIO_BITS = EQUITY_BITS + REQUIREMENT_BITS + 2  # |equity_1 * maintenance_0 - equity_0 * maintenance_1|
assert RATIO_BITS + 1 <= 252

# The word from the first leg to the second: 1 | first valid | applied | side of the first | market 4 | lots 48 | price
VALID_SHIFT, APPLIED_SHIFT, SIDE_SHIFT, MARKET_SHIFT, LOTS_SHIFT, PRICE_SHIFT = 1, 2, 3, 4, 8, 56


@dataclass(frozen=True)
class Entry:
    """What the queue's entry says of one leg, beyond market, side and lots, and what becomes of it."""

    first: LC  # boolean: this lane is the first leg
    second: LC
    owner: LC
    price: LC
    first_valid: LC  # boolean: the first leg is valid
    applied: LC  # boolean: both legs take place

    @property
    def forced(self) -> LC:
        """Boolean: this lane is either leg."""
        return self.first + self.second


def open_entry(cs: ConstraintSystem, first: LC, second: LC) -> Entry:
    """Return the entry's private inputs; nothing is applied without one. Constraints: 48 + 3, named entry/..

    owner has no range of its own: the bridge word holds it alone. It is not 0, as the base layer's queue holds no such
    entry, so the system's accounts and empty leaves have another. In a lane of no entry, owner, price and first_valid
    are free; in the second leg `assert_both_or_neither` holds price and first_valid to the first.
    """
    with cs.scope("entry"):
        entry = Entry(
            first=first,
            second=second,
            owner=cs.private("owner"),
            price=from_bits(private_bits(cs, "price", PRICE_BITS)),
            first_valid=private_flag(cs, "first_valid"),
            applied=private_flag(cs, "applied"),
        )
        cs.assert_product(entry.applied, 1 - entry.forced, 0, name="applied/only_if_forced")
        return entry


def is_leg_valid(
    cs: ConstraintSystem,
    entry: Entry,
    move: Move,
    tables: Tables,
    before: Margin,
    *,
    owner: LC,
    cash_fits: LC,
) -> LC:
    """Return whether the owner is the entry's and the account, its rent paid, would close validly after the leg.

    Constraints: 2 * 16 + 5 + 128 + 249 + 6 + 6, named leg/... Margin at the close, with both cases decided exactly:
    equity_1 >= initial_1; or maintenance_0 > 0, the position only shrinks, and the ratio does not fall.
    """
    with cs.scope("leg"):
        gain = cs.mul(move.signed_lots, (move.mark - entry.price) * LOT_TICK_ATOMS, name="gain")
        grown = move.size_after - move.size_before
        weights = (move.pick(cs, tables.initial_weight, name="initial"), before.initial)
        weights_kept = (move.pick(cs, tables.maintenance_weight, name="maintenance"), before.maintenance)
        initial = weights[1] + cs.mul(grown, weights[0], name="initial_change")
        maintenance = weights_kept[1] + cs.mul(grown, weights_kept[0], name="maintenance_change")
        equity = before.equity + gain
        below_initial = is_less_than(cs, equity, initial, HEALTH_BITS, name="below_initial")
        ratio_after = cs.mul(equity, before.maintenance, name="ratio_after")
        ratio_before = cs.mul(before.equity, maintenance, name="ratio_before")
        worse = is_less_than(cs, ratio_after, ratio_before, RATIO_BITS, name="worse")
        at_risk = 1 - is_zero(cs, before.maintenance, name="no_risk")
        shrinks = is_zero(cs, move.unshrunk, name="shrinks")
        reduces = logical_and(cs, at_risk, shrinks, name="reduces")
        tolerated = logical_and(cs, reduces, 1 - worse, name="tolerated")
        closes = 1 - logical_and(cs, below_initial, 1 - tolerated, name="closes_badly")
        fits = logical_and(cs, move.size_fits, cash_fits, name="fits")
        owned = is_equal(cs, owner, entry.owner, name="owned")
        return logical_and(cs, closes, logical_and(cs, fits, owned, name="fits_and_owned"), name="valid")


def assert_both_or_neither(
    cs: ConstraintSystem, entry: Entry, move: Move, valid: LC, account_id: LC, carry: Carry, after: Carry
) -> None:
    """Constrain the two legs to be of one entry, and to be applied if and only if both are valid.

    Constraints: 10, named entry/... Whatever follows a first leg finds its word and must resume it: the word is not 0
    and no other lane takes it. Every field of the word is made of its bits, so it opens in one way only. The accounts
    differ by the entry; were they one, a leg judged before the other moved it would prove nothing: it is not applied.
    """
    with cs.scope("entry"):
        first_side = move.side + cs.mul(entry.second, 1 - 2 * move.side, name="first_side")
        word = (
            1
            + entry.first_valid * 2**VALID_SHIFT
            + entry.applied * 2**APPLIED_SHIFT
            + first_side * 2**SIDE_SHIFT
            + move.market * 2**MARKET_SHIFT
            + move.lots * 2**LOTS_SHIFT
            + entry.price * 2**PRICE_SHIFT
        )
        cs.assert_product(entry.second, word, carry.first_leg, name="is_resumed")
        cs.assert_product(entry.first, word, after.first_leg, name="is_handed_on")
        cs.assert_product(entry.first, account_id, after.first_account, name="account/is_handed_on")
        assert_equal_if(cs, entry.first, entry.first_valid, valid, name="first_valid/is_own")
        both = logical_and(cs, entry.first_valid, valid, name="both_valid")
        same = is_equal(cs, account_id, carry.first_account, name="same_account")
        due = logical_and(cs, both, 1 - same, name="due")
        assert_equal_if(cs, entry.second, entry.applied, due, name="applied_iff_due")


def assert_bridge_words(cs: ConstraintSystem, entry: Entry, move: Move, account_id: LC) -> None:
    """Constrain what the base layer sees of a leg; nothing crosses in any other lane. Constraints: 4, named bridge/...

    kind 4 | account 21 | lots 48 | market 4 | side 1 | outcome 1; owner; price; 0.
    """
    words = [cs.port(f"bridge[{i}]") for i in range(4)]
    kind = entry.first * BRIDGE_FORCED_FIRST + entry.second * BRIDGE_FORCED_SECOND
    terms = account_id * 2**4 + move.lots * 2**25 + move.market * 2**73 + move.side * 2**77 + entry.applied * 2**78
    cs.assert_product(entry.forced, terms, words[0] - kind, name="bridge/terms")
    cs.assert_product(entry.forced, entry.owner, words[1], name="bridge/owner")
    cs.assert_product(entry.forced, entry.price, words[2], name="bridge/price")
    cs.assert_zero(words[3], name="bridge/nothing_else")
