"""The band of a clearing price around the mark, its edges, and what orders at p* read.."""

from __future__ import annotations

from circuits.bits import assert_boolean, assert_in_range, assert_nonzero, from_bits, to_bits
from circuits.constant_compare import assert_at_most
from circuits.inputs import private_bits, private_flag
from circuits.linear import LC
from circuits.program import Opcode
from circuits.system import ConstraintSystem
from rollup.rationing import POSITION_BITS
from rollup.units import PPM, PRICE_BITS, SIZE_BITS

# band_ppm * mark < 2**68 and |p* - mark| * 10**6 < 2**68: their difference is below 2**69 in magnitude
BAND_BITS = 69


def open_auction(cs: ConstraintSystem, mark: LC, price: LC, band_ppm: LC, word: LC, lots: LC, remaining: LC) -> None:
    """Constrain what the orders of a market read of the auction.

    The price is positive, in 48 bits and in the band; the word's edges are those of the band. Its cutoff and rationed
    side are the prover's choice, as are lots and remaining, in 48 bits: orders check each share, the close the sums.
    Private: cutoff, rationed_side. Assumes mark in 48 bits, band_ppm in 20. Constraints: 317, named clearing_price/..,
    band/.., cutoff/.., rationed_side/.., auction_word, marginal_lots/.., marginal_remaining/...
    """
    assert_in_range(cs, price, PRICE_BITS, name="clearing_price")
    assert_nonzero(cs, price, name="clearing_price/positive")
    width = cs.mul(band_ppm, mark, name="band/width")
    away = (price - mark) * PPM
    at_high = _is_at_edge(cs, width - away, name="band/above")
    at_low = _is_at_edge(cs, width + away, name="band/below")
    cutoff = from_bits(private_bits(cs, "cutoff", POSITION_BITS))
    rationed_side = private_flag(cs, "rationed_side")
    flags = rationed_side + at_high * 2 + at_low * 4
    cs.assert_equal(cutoff + flags * 2**POSITION_BITS, word, name="auction_word")
    assert_in_range(cs, lots, SIZE_BITS, name="marginal_lots")
    assert_in_range(cs, remaining, SIZE_BITS, name="marginal_remaining")


def _is_at_edge(cs: ConstraintSystem, room: LC, *, name: str) -> LC:
    """Return 1 if the room up to the band's bound (ticks * 10**6) is less than a tick, else 0; not negative.

    With the flag 0, room - 10**6 has 69 bits; with the flag 1, room has, and they spell less than 10**6.
    Constraints: 75, named {name}/is_edge, {name}/bit[i], {name}/sum, {name}/less_than_a_tick/...
    """
    (edge,) = cs.hint(Opcode.IS_NEG, room - PPM, name=f"{name}/edge")
    assert_boolean(cs, edge, name=f"{name}/is_edge")
    bits = to_bits(cs, room - PPM + edge * PPM, BAND_BITS, name=name)
    assert_at_most(cs, bits, PPM - 1, slack=1 - edge, name=f"{name}/less_than_a_tick")
    return edge
