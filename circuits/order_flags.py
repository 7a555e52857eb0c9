"""Reduce-only and post-only: what the flags of an order bind. Twin of the flags in rollup/orders.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from circuits.bits import from_bits
from circuits.fills import Fill
from circuits.inputs import assert_equal_if, private_bits
from circuits.linear import LC
from circuits.system import ConstraintSystem

N_FLAGS: Final = 3  # of the five bits in word_1; the two above are 0


@dataclass(frozen=True)
class Flags:
    """Booleans; whoever takes them binds nothing in an idle place but what an honest prover leaves at 0."""

    immediate: LC  # IOC: what is left after the fill is void
    reduce_only: LC
    post_only: LC

    def word(self) -> LC:
        """Return the flags as they stand in word_1."""
        return from_bits([self.immediate, self.reduce_only, self.post_only])


def private_flags(cs: ConstraintSystem) -> Flags:
    """Return the flags as private inputs. Constraints: 3, named flags/bit[i]."""
    return Flags(*private_bits(cs, "flags", N_FLAGS))


def compute_effective_rest(cs: ConstraintSystem, reduce_only: LC, fill: Fill, rest: LC, gap: LC) -> LC:
    """Return what the order may still fill after this fill: rest, for reduce-only min(rest, position left).

    Assumes that a reduce-only fill shrinks its position without crossing zero (`Fill.unshrunk` is 0), and that rest,
    position and gap are below 2**48: the prover says which is smaller, the gap not below 0 proves it.
    Constraints: 3, named reduce_only/...
    """
    binds = cs.private("reduce_only/binds")
    cs.assert_product(binds, reduce_only - binds, 0, name="reduce_only/binds/is_zero_or_flag")
    excess = cs.mul(binds, rest - fill.size_after, name="reduce_only/excess")
    # the position binds: gap = rest - position; the order does: gap = position - rest
    assert_equal_if(cs, reduce_only, gap, 2 * excess - rest + fill.size_after, name="reduce_only/smaller")
    return rest - excess


def assert_post_only(cs: ConstraintSystem, post_only: LC, fill: Fill, limit_gap: LC, gap: LC) -> None:
    """Constrain a post-only order's limit to lie below the mark for a buy, above it for a sell.

    Assumes that a buy's limit is p* + limit_gap and a sell's p* - limit_gap, and that gap is not negative.
    Constraints: 1, named post_only/inside_the_mark.
    """
    # buy: P - limit = P - p* - limit_gap; sell: limit - P = p* - limit_gap - P
    inside = 2 * fill.edge_of_sale - (fill.clearing_price - fill.mark) - limit_gap
    assert_equal_if(cs, post_only, gap, inside - 1, name="post_only/inside_the_mark")
