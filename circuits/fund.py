"""The insurance fund's one fill: only to shrink, near the mark, within its budget. Twin of rollup/fund.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from circuits.bits import assert_in_range, from_bits
from circuits.fills import MARKET_BITS
from circuits.inputs import assert_equal_if, assert_nonzero_if, private_bits, private_flag
from circuits.linear import LC
from circuits.select import inner_product, one_hot
from circuits.system import ConstraintSystem
from circuits.tables import Tables
from rollup.units import FUND_BUDGET_BITS, LOT_TICK_ATOMS, PPM, PPM_BITS, PRICE_BITS, SIZE_BITS

# band_ppm * mark < 2**68 and |p* - mark| * 10**6 < 2**68: their difference is below 2**69 in magnitude
BAND_BITS = PPM_BITS + PRICE_BITS + 1


@dataclass(frozen=True)
class FundFill:
    """The fund's fill; all zero where there is none."""

    executed: LC  # boolean
    fill: LC  # lots
    signed_lots: LC  # d: + for a buy
    against: LC  # 1 sells, -1 buys: what it multiplies is the position the fill shrinks, made positive
    market: LC
    hot: list[LC]  # one-hot market
    cash_change: LC  # -d * (p* * 10**6 - F), atoms
    notional: LC  # fill * p*, 1e-12 USD


def open_fund_fill(cs: ConstraintSystem, tables: Tables, band_ppm: LC) -> FundFill:
    """Return the fill of the private inputs, at p*, not worse than the mark by more than the band, on fresh prices.

    Where none is executed, side and market are free: no lots move.
    Constraints: 1 + 48 + 2 + 2 + 15 + 3 * 16 + 73 + 2, named fill/...
    """
    with cs.scope("fill"):
        executed = cs.private("executed")  # 0 or 1: were it not 0, there is a lot, and so it is 1
        cs.assert_product(tables.stale, executed, 0, name="fresh_prices_if_executed")
        fill = from_bits(private_bits(cs, "lots", SIZE_BITS))
        assert_nonzero_if(cs, executed, fill, name="lots/at_least_one")
        cs.assert_product(fill, 1 - executed, 0, name="lots/none_if_idle")
        side = private_flag(cs, "side")
        signed_lots = fill - 2 * cs.mul(side, fill, name="signed_lots")
        market_bits = private_bits(cs, "market", MARKET_BITS)
        hot = one_hot(cs, market_bits, name="market/hot")

        def pick(column: Sequence[LC], name: str) -> LC:
            return inner_product(cs, hot, column, name=f"pick/{name}")

        price, mark = pick(tables.clearing_price, "clearing_price"), pick(tables.mark, "mark")
        funding = pick(tables.funding, "funding")
        width = cs.mul(band_ppm, mark, name="band/width")
        away = cs.mul(1 - 2 * side, (price - mark) * PPM, name="band/away")  # dearer than the mark, or sold for less
        room = cs.mul(executed, width - away, name="band/room")
        assert_in_range(cs, room, BAND_BITS, name="band")
        return FundFill(
            executed=executed,
            fill=fill,
            signed_lots=signed_lots,
            against=2 * side - 1,
            market=from_bits(market_bits),
            hot=hot,
            cash_change=-cs.mul(signed_lots, price * LOT_TICK_ATOMS - funding, name="cash_change"),
            notional=cs.mul(fill, price, name="notional"),
        )


def assert_shrinks(cs: ConstraintSystem, fill: FundFill, held: Sequence[LC], sizes_after: Sequence[LC]) -> None:
    """Constrain the fill to bring the fund's position closer to zero without crossing it. Constraints: 34, fill/...

    held: signed lots before the fill, takeovers included; sizes_after: absolute, in range. What is held against the
    fill's direction less the fill equals a size, so it is not negative: |held| >= fill, and held is of that sign.
    """
    with cs.scope("fill"):
        before = inner_product(cs, fill.hot, held, name="pick/held")
        after = inner_product(cs, fill.hot, sizes_after, name="pick/size_after")
        rest = cs.mul(fill.against, before, name="held_against") - fill.fill
        assert_equal_if(cs, fill.executed, rest, after, name="shrinks")


def spend_budget(cs: ConstraintSystem, fill: FundFill, budget: LC) -> LC:
    """Return the budget after the fill, proved not negative. Constraints: 89, named fill/budget/...

    Assumes budget < 2**88; the notional is below 2**96.
    """
    left = budget - fill.notional
    assert_in_range(cs, left, FUND_BUDGET_BITS, name="fill/budget")
    return left
