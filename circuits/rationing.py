"""Who is filled completely and who shares: the rule for orders at the edge of the auction. Twin of rollup/rationing.py.

An order strictly better than p*, and every marginal order of the side that is not rationed, has rest 0. The marginal
orders of the rationed side share V lots in proportion to what they ask for, T together: floor(V * remaining / T), and
one lot more for those placed before the market's cutoff. V and T are closed against the sums over all lanes at the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from circuits.bits import from_bits, is_zero, logical_and, logical_or
from circuits.fills import Fill
from circuits.inputs import assert_equal_if, private_flag
from circuits.linear import LC
from circuits.market_totals import RATION_SHIFT
from circuits.order_fields import OrderFields
from circuits.select import select
from circuits.system import ConstraintSystem
from rollup.rationing import POSITION_BITS


@dataclass(frozen=True)
class AuctionWord:
    """A market's auction word taken apart: cutoff 16 | rationed side 1 | at_high 1 | at_low 1."""

    cutoff: LC
    rationed_side: LC  # 0 buys, 1 sells
    at_high: LC  # p* is the highest price of the band
    at_low: LC


def split_auction_word(cs: ConstraintSystem, active: LC, word: LC, bits: Sequence[LC]) -> AuctionWord:
    """Return the parts of the word, where active; else of whatever the bits spell. Constraints: 1."""
    assert_equal_if(cs, active, from_bits(bits), word, name="auction_word/is_the_markets")
    side, high, low = bits[POSITION_BITS:]
    return AuctionWord(from_bits(bits[:POSITION_BITS]), side, high, low)


def is_marginal(cs: ConstraintSystem, side: LC, limit_gap: LC, word: AuctionWord) -> LC:
    """Return 1 where the limit is p*, or p* is the price of the band that is worst for this side.

    Constraints: 4, named marginal/...
    """
    at_limit = is_zero(cs, limit_gap, name="marginal/at_limit")
    at_edge = select(cs, side, word.at_low, word.at_high, name="marginal/at_edge")
    return logical_or(cs, at_limit, at_edge, name="marginal/either")


def ration(cs: ConstraintSystem, *, active: LC, fill: Fill, rest: LC, position: LC, fields: OrderFields) -> LC:
    """Constrain the fill to be complete or the order's exact share; return what it adds to its market's running total.

    rest: what the order may still fill. position: its place among all order places of the batch, below 2**16.
    Widths: V, T, fill, remaining < 2**48, so that both sides of the division are below 2**97.
    Constraints: 18, named auction_word/.., marginal/.., full_unless_shared, share/...
    """
    word = split_auction_word(cs, active, fill.auction_word, fields.bits["auction_word"])
    marginal = is_marginal(cs, fill.side, fields["limit_gap"], word)
    both_sell = logical_and(cs, fill.side, word.rationed_side, name="share/both_sell")
    same_side = 1 - fill.side - word.rationed_side + 2 * both_sell
    eligible = logical_and(cs, marginal, same_side, name="share/eligible")
    shares = logical_and(cs, active, eligible, name="share/flag")
    cs.assert_product(active - shares, rest, 0, name="full_unless_shared")

    extra = _extra_lot(cs, shares, word.cutoff - position, fields["cutoff_gap"])
    remaining = fill.fill + rest
    asked = cs.mul(fill.marginal_lots, remaining, name="share/dividend")
    given = cs.mul(fill.marginal_remaining, fill.fill - extra, name="share/product")
    remainder = fields["share_remainder"]
    assert_equal_if(cs, shares, asked, given + remainder, name="share/is_floor")
    below = fill.marginal_remaining - 1 - remainder
    assert_equal_if(cs, shares, fields["share_gap"], below, name="share/remainder_below_divisor")
    return cs.mul(shares, fill.fill * 2**RATION_SHIFT + remaining, name="share/counted")


def _extra_lot(cs: ConstraintSystem, shares: LC, ahead: LC, gap: LC) -> LC:
    """Return 1 where the order stands before the cutoff (ahead >= 1), else 0; any boolean where it does not share.

    Constraints: 3, named share/extra/...
    """
    extra = private_flag(cs, "share/extra")
    counted = cs.mul(extra, ahead, name="share/extra/ahead")
    # before the cutoff: gap = ahead - 1; not before: gap = -ahead
    assert_equal_if(cs, shares, gap, 2 * counted - ahead - extra, name="share/extra/by_position")
    return extra
