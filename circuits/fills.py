"""One fill at the clearing price: the position it moves, the cash it costs, what it does to equity and requirements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from circuits.bits import assert_boolean, from_bits, to_bits
from circuits.inputs import assert_nonzero_if, private_bits, private_flag
from circuits.linear import LC
from circuits.program import Opcode
from circuits.select import inner_product, one_hot
from circuits.system import ConstraintSystem
from circuits.tables import Tables
from rollup.units import LOT_TICK_ATOMS, MARKET_COUNT, SIZE_BITS

MARKET_BITS = 4


@dataclass(frozen=True)
class Fill:
    """A fill and the selected market's values; everything is zero or unchanged where nothing is executed."""

    fill: LC
    side: LC
    market_bits: list[LC]
    market: LC
    hot: list[LC]  # one-hot market
    clearing_price: LC
    mark: LC
    edge_of_sale: LC  # p* - P for a sale, 0 for a buy; ticks
    initial_weight: LC
    maintenance_weight: LC
    marginal_lots: LC
    marginal_remaining: LC
    auction_word: LC
    size_before: LC  # absolute, of the market's position
    size_after: LC
    size_changes: list[LC]  # of the absolute size, by market
    signed_lots: LC  # d: + for a buy
    cash_change: LC  # -d * (p* * 10**6 - F), atoms
    notional: LC  # fill * p*, in units of 1e-12 USD
    value_change: LC  # d * (P * 10**6 - F), atoms

    @property
    def unshrunk(self) -> LC:
        """0 exactly where the fill brings its position closer to zero without crossing it."""
        return self.size_after + self.fill - self.size_before


def apply_fill(cs: ConstraintSystem, tables: Tables, executed: LC, sizes: list[LC], signs: list[LC]) -> Fill:
    """Return the fill and change `sizes` and `signs` (absolute lots and short flags by market) in place.

    executed: boolean; the fill is at least one lot if and only if it is 1. Where it is 0 the private inputs side and
    market are free: no lots move on either side of any market.
    Widths: |d| < 2**48, p* * 10**6 < 2**68, |F| < 2**72, so |cash change| < 2**121; notional < 2**96.
    """
    fill = from_bits(private_bits(cs, "fill", SIZE_BITS))
    assert_nonzero_if(cs, executed, fill, name="fill/at_least_one_lot")
    cs.assert_product(fill, 1 - executed, 0, name="fill/none_if_idle")
    side = private_flag(cs, "side")
    market_bits = private_bits(cs, "market", MARKET_BITS)
    hot = one_hot(cs, market_bits, name="market/hot")

    def pick(column: Sequence[LC], name: str) -> LC:
        return inner_product(cs, hot, column, name=f"pick/{name}")

    price, mark = pick(tables.clearing_price, "clearing_price"), pick(tables.mark, "mark")
    funding = pick(tables.funding, "funding")
    size, sign = pick(sizes, "size"), pick(signs, "sign")
    signed_lots = fill - 2 * cs.mul(side, fill, name="signed_fill")
    position = size - 2 * cs.mul(sign, size, name="position_before") + signed_lots
    size_after, sign_after = split_sign(cs, position, name="position_after")
    changes = [cs.mul(hot[m], size_after - size, name=f"size_change[{m}]") for m in range(MARKET_COUNT)]
    for m in range(MARKET_COUNT):
        sizes[m] = sizes[m] + changes[m]
        signs[m] = signs[m] + cs.mul(hot[m], sign_after - sign, name=f"sign_change[{m}]")
    return Fill(
        fill=fill,
        side=side,
        market_bits=market_bits,
        market=from_bits(market_bits),
        hot=hot,
        clearing_price=price,
        mark=mark,
        edge_of_sale=cs.mul(side, price - mark, name="edge_of_sale"),
        initial_weight=pick(tables.initial_weight, "initial_weight"),
        maintenance_weight=pick(tables.maintenance_weight, "maintenance_weight"),
        marginal_lots=pick(tables.marginal_lots, "marginal_lots"),
        marginal_remaining=pick(tables.marginal_remaining, "marginal_remaining"),
        auction_word=pick(tables.auction_word, "auction_word"),
        size_before=size,
        size_after=size_after,
        size_changes=changes,
        signed_lots=signed_lots,
        cash_change=-cs.mul(signed_lots, price * LOT_TICK_ATOMS - funding, name="cash_change"),
        notional=cs.mul(fill, price, name="notional"),
        value_change=cs.mul(signed_lots, mark * LOT_TICK_ATOMS - funding, name="value_change"),
    )


def split_sign(cs: ConstraintSystem, position: LC, *, name: str) -> tuple[LC, LC]:
    """Return (absolute size, short flag) of a signed position; zero is positive.

    Assumes |position| < 2**49, so that a wrong flag leaves a negative number that no 48 bits can hold.
    Constraints: 52, named as in `split_sign_bits`.
    """
    size, short, _ = split_sign_bits(cs, position, SIZE_BITS, name=name)
    return size, short


def split_sign_bits(cs: ConstraintSystem, number: LC, n_bits: int, *, name: str) -> tuple[LC, LC, list[LC]]:
    """Return (absolute value, flag of a negative one, the n_bits bits of the value) of a number; zero is positive.

    Assumes |number| < r - 2**n_bits, so that a wrong flag leaves a negative number that no n_bits can hold.
    Constraints: n_bits + 4, named {name}/is_short, {name}/flipped, {name}/size/.., {name}/zero_is_positive.
    """
    (short,) = cs.hint(Opcode.IS_NEG, number, name=f"{name}/short")
    assert_boolean(cs, short, name=f"{name}/is_short")
    flipped = cs.mul(short, number, name=f"{name}/flipped")
    size = number - 2 * flipped
    bits = to_bits(cs, size, n_bits, name=f"{name}/size")
    assert_nonzero_if(cs, short, flipped, name=f"{name}/zero_is_positive")
    return size, short, bits
