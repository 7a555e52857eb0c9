"""One position moved outside the auction: by a counterparty at the mark, or by a forced trade at a price of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from circuits.account import AccountWires
from circuits.bits import from_bits
from circuits.fills import MARKET_BITS, split_sign_bits
from circuits.inputs import private_bits, private_flag
from circuits.linear import LC
from circuits.select import inner_product, one_hot
from circuits.system import ConstraintSystem
from circuits.tables import Tables
from rollup.units import LOT_TICK_ATOMS, SIZE_BITS


@dataclass(frozen=True)
class Move:
    """Lots of one market, and that market's values before and after, as if they moved."""

    lots: LC
    side: LC  # 0 buys, 1 sells
    direction: LC  # +1 buys, -1 sells
    signed_lots: LC  # d
    market_bits: list[LC]
    hot: list[LC]  # one-hot market
    mark: LC
    funding: LC
    size_before: LC  # absolute
    size_after: LC
    sign_before: LC  # 1 is short
    sign_after: LC
    size_fits: LC  # boolean: the size after is one that a leaf can hold

    @property
    def market(self) -> LC:
        """The market's index."""
        return from_bits(self.market_bits)

    @property
    def unshrunk(self) -> LC:
        """0 exactly where the lots bring the position closer to zero without crossing it."""
        return self.size_after + self.lots - self.size_before

    def pick(self, cs: ConstraintSystem, column: Sequence[LC], *, name: str) -> LC:
        """Return the market's entry of a column. Constraints: 16, named pick/{name}[m]."""
        return inner_product(cs, self.hot, column, name=f"pick/{name}")


def open_move(cs: ConstraintSystem, tables: Tables, account: AccountWires, moves: LC) -> Move:
    """Return what the private inputs lots, side and market would do to the account; no lots unless `moves` is 1.

    A counterparty's are the prover's choice within what `take_share` allows; those of a forced trade stand in the
    bridge words. Where `moves` is 0, side and market are free.
    Widths: |s| < 2**48 and lots < 2**48, so the position after is below 2**49: 49 bits hold it, and the top one tells
    whether it fits. Constraints: 48 + 1 + 1 + 1 + 15 + 4 * 16 + 1 + 53.
    """
    lots = from_bits(private_bits(cs, "lots", SIZE_BITS))
    cs.assert_product(lots, 1 - moves, 0, name="lots/none_if_idle")
    side = private_flag(cs, "side")
    signed_lots = lots - 2 * cs.mul(side, lots, name="signed_lots")
    market_bits = private_bits(cs, "market", MARKET_BITS)
    hot = one_hot(cs, market_bits, name="market/hot")

    def pick(column: Sequence[LC], name: str) -> LC:
        return inner_product(cs, hot, column, name=f"pick/{name}")

    size, sign = pick(account.sizes, "size"), pick(account.signs, "sign")
    position = size - 2 * cs.mul(sign, size, name="position_before") + signed_lots
    size_after, sign_after, bits = split_sign_bits(cs, position, SIZE_BITS + 1, name="position_after")
    return Move(
        lots=lots,
        side=side,
        direction=1 - 2 * side,
        signed_lots=signed_lots,
        market_bits=market_bits,
        hot=hot,
        mark=pick(tables.mark, "mark"),
        funding=pick(tables.funding, "funding"),
        size_before=size,
        size_after=size_after,
        sign_before=sign,
        sign_after=sign_after,
        size_fits=1 - bits[SIZE_BITS],
    )


def compute_cash_change(cs: ConstraintSystem, move: Move, price: LC, *, name: str) -> LC:
    """Return -d * (price * 10**6 - F), atoms. |d| < 2**48 and the price a lot below 2**72.1: below 2**120.1.

    Constraints: 1, named {name}.
    """
    return -cs.mul(move.signed_lots, price * LOT_TICK_ATOMS - move.funding, name=name)
