"""Limbs, widths, and one congruence step on its own: against plain integers, at the widest, and forged."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits.determinism import analyse
from circuits.limbs import (
    LIMB_BITS,
    LIMB_COUNT,
    RESIDUE_BITS,
    TOTAL_BITS,
    Number,
    X,
    compute_widths,
    limbs_of,
    split,
    split_width,
)
from circuits.linear import LC
from circuits.nonnative import materialise_bits, reduce_sum, split_bits
from circuits.system import ConstraintSystem
from rollup.bls_field import ELEMENT_BITS, P
from rollup.field import R

MAX_RESIDUE = 2**RESIDUE_BITS - 1
MAX_COEFFICIENT = 2**ELEMENT_BITS - 1
residues = st.sampled_from([0, 1, X - 1, X, P - 1, P, MAX_RESIDUE]) | st.integers(0, MAX_RESIDUE)
elements = st.sampled_from([0, 1, MAX_COEFFICIENT]) | st.integers(0, MAX_COEFFICIENT)


def make_number(cs: ConstraintSystem, value: int, n_bits: int = RESIDUE_BITS) -> Number:
    return Number.of_width([cs.witness(limb) for limb in split(value, len(split_width(n_bits)))], n_bits)


def make_step(
    pairs: list[tuple[int, int]], addend: int | None, quotient: int, remainder: int
) -> tuple[ConstraintSystem, int]:
    """Return one step over residues and what its bits spell."""
    inputs = {f"s/quotient[{i}]": limb for i, limb in enumerate(split(quotient))}
    inputs |= {f"s/remainder[{i}]": limb for i, limb in enumerate(split(remainder))}
    cs = ConstraintSystem(inputs)
    products = [(make_number(cs, a), make_number(cs, b)) for a, b in pairs]
    plus = None if addend is None else Number.of_coefficient([cs.witness(limb) for limb in split(addend)])
    residue = reduce_sum(cs, products, plus, name="s")
    assert len(residue.bits) == RESIDUE_BITS
    return cs, sum(cs.value(limb) << LIMB_BITS * i for i, limb in enumerate(residue.limbs))


# --- limbs -----------------------------------------------------------------------------------------------------------
@given(value=st.integers(0, 2**TOTAL_BITS - 1))
def test_limbs_spell_their_number(value: int) -> None:
    assert sum(limb << LIMB_BITS * i for i, limb in enumerate(split(value))) == value
    assert all(0 <= limb < X for limb in split(value))


@pytest.mark.parametrize(
    ("n_bits", "widths"), [(1, [1]), (65, [65]), (66, [65, 1]), (255, [65, 65, 65, 60]), (260, [65] * 4)]
)
def test_widths_of_limbs(n_bits: int, widths: list[int]) -> None:
    assert split_width(n_bits) == widths


@given(st.data())
def test_pieces_anywhere_spell_the_element(data: st.DataObject) -> None:
    pieces, start = [], data.draw(st.integers(0, 64))
    while start < ELEMENT_BITS:
        n_bits = data.draw(st.integers(1, min(53, ELEMENT_BITS - start)))
        pieces.append((data.draw(st.integers(0, 2**n_bits - 1)), n_bits, start))
        start += n_bits + data.draw(st.integers(0, 20))
    limbs = limbs_of([(LC.constant(value), n_bits, offset) for value, n_bits, offset in pieces])
    values = [limb.constant_value() for limb in limbs]
    assert sum(limb << LIMB_BITS * i for i, limb in enumerate(values)) == sum(v << offset for v, _, offset in pieces)
    assert all(value < 2**117 for value in values)


def test_largest_limb_is_a_piece_in_its_last_place() -> None:
    pieces = [(2**53 - 1, 53, 64), *((2**n - 1, n, at) for n, at in ((53, 0), (11, 53)))]
    limbs = limbs_of([(LC.constant(value), n_bits, offset) for value, n_bits, offset in pieces])
    assert limbs[0].constant_value() == 2**117 - 1
    assert limbs[1].is_constant()


@pytest.mark.parametrize(
    ("pieces", "message"),
    [
        ([(54, 0)], "a piece of 54 bits"),
        ([(0, 0)], "a piece of 0 bits"),
        ([(53, 0), (10, 52)], "overlap at bit 52"),
        ([(10, 52), (53, 0)], "overlap at bit 52"),
        ([(8, 241)], "ends at bit 249"),
    ],
)
def test_invalid_pieces(pieces: list[tuple[int, int]], message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        limbs_of([(LC.constant(1), n_bits, offset) for n_bits, offset in pieces])


@given(value=residues)
def test_limbs_of_bits_are_wires_of_their_own(value: int) -> None:
    cs = ConstraintSystem()
    number = materialise_bits(cs, [cs.witness(value >> i & 1) for i in range(RESIDUE_BITS)], name="n")
    assert [cs.value(limb) for limb in number.limbs] == split(value)
    assert all(limb.single_wire() is not None for limb in number.limbs)
    assert (cs.n_constraints, cs.first_unsatisfied()) == (LIMB_COUNT, None)
    assert [cs.value(limb) for limb in split_bits([LC.constant(1)] * 66)] == [X - 1, 1]


# --- widths ----------------------------------------------------------------------------------------------------------
def make_widest(n_coefficients: int, n_residues: int) -> list[tuple[Number, Number]]:
    zeros = [LC.constant(0)] * LIMB_COUNT
    coefficient, residue = Number.of_coefficient(zeros), Number.of_width(zeros, RESIDUE_BITS)
    return [(coefficient, residue)] * n_coefficients + [(residue, residue)] * n_residues


@pytest.mark.parametrize(("n_coefficients", "n_residues"), [(1, 0), (7, 1), (8, 0), (14, 1), (15, 1), (15, 0)])
def test_nothing_wraps(n_coefficients: int, n_residues: int) -> None:
    """The bounds written out once more, column by column, for limbs as large as their range checks let them be."""
    products = make_widest(n_coefficients, n_residues)
    addend = products[0][0]
    widths = compute_widths(products, addend)
    most = sum(a.value_max * b.value_max for a, b in products) + MAX_COEFFICIENT
    assert max(most, (2**widths.quotient_bits - 1) * P + MAX_RESIDUE) < R << TOTAL_BITS
    assert most // P < 2**widths.quotient_bits
    limbs = [(a.limb_max, b.limb_max) for a, b in [*products, (addend, Number((), (1, 0, 0, 0), 1))]]
    low = sum(a[0] * b[0] + X * (a[0] * b[1] + a[1] * b[0]) for a, b in limbs)
    high = low // X**2 + sum(a[0] * b[2] + a[1] * b[1] + a[2] * b[0] for a, b in limbs)
    high += X * sum(a[0] * b[3] + a[1] * b[2] + a[2] * b[1] + a[3] * b[0] for a, b in limbs)
    for pair, width in ((low, widths.low), (high, widths.high)):
        below = 2**200  # limbs of the quotient times limbs of P, and of the remainder: at most five, times X
        assert pair // X**2 < 2**width.n_bits - width.offset  # the honest carry fits
        assert pair + X**2 * width.offset < R
        assert below + X**2 * 2**width.n_bits < R
        assert 0 < width.offset < below // X**2


@pytest.mark.parametrize(("n_coefficients", "n_residues"), [(16, 0), (16, 1), (40, 0)])
def test_invalid_sum_that_could_wrap(n_coefficients: int, n_residues: int) -> None:
    with pytest.raises(AssertionError, match="can wrap"):
        compute_widths(make_widest(n_coefficients, n_residues), None)


# --- one step --------------------------------------------------------------------------------------------------------
@settings(deadline=None)
@given(pairs=st.lists(st.tuples(residues, residues), min_size=1, max_size=4), addend=st.none() | elements)
def test_step_agrees_with_integers(pairs: list[tuple[int, int]], addend: int | None) -> None:
    total = sum(a * b for a, b in pairs) + (addend or 0)
    cs, value = make_step(pairs, addend, *divmod(total, P))
    assert value == total % P
    assert cs.first_unsatisfied() is None
    assert analyse(cs).free == ()


@settings(deadline=None)
@given(a=residues, b=residues, shift=st.integers(-3, 3).filter(bool))
def test_invalid_quotient_shifted(a: int, b: int, shift: int) -> None:
    quotient, remainder = divmod(a * b, P)
    cs, _ = make_step([(a, b)], None, abs(quotient + shift), remainder)
    off = abs(quotient + shift) != quotient  # 1 shifted by -2 is 1 again
    assert ({"s/low/sum", "s/modulo_r"} <= set(cs.unsatisfied())) == off


@settings(deadline=None)
@given(a=residues, b=residues)
def test_second_spelling_where_it_fits(a: int, b: int) -> None:
    """A remainder P higher is congruent too, where 255 bits hold it: whoever needs the canonical one must say so."""
    quotient, remainder = divmod(a * b, P)
    fits = quotient > 0 and remainder + P <= MAX_RESIDUE
    cs, _ = make_step([(a, b)], None, max(quotient - 1, 0), remainder + P)
    assert (cs.first_unsatisfied() is None) == fits


# zero modulo all but one: the reduction of a sum that is higher by this breaks that one constraint, no other
@pytest.mark.parametrize(
    ("amount", "refused_by"),
    [(R, "s/low/sum"), (R * X**2, "s/high/sum"), (X**4, "s/modulo_r"), (-(X**4), "s/modulo_r")],
)
@settings(max_examples=20, deadline=None)
@given(a=st.integers(P // 2, P), b=st.integers(P // 2, P))
def test_invalid_sum_that_one_constraint_alone_sees(amount: int, refused_by: str, a: int, b: int) -> None:
    cs, _ = make_step([(a, b)], None, *divmod(a * b + amount, P))
    assert cs.unsatisfied() == [refused_by]


def test_a_step_over_eight_products_costs_what_it_says() -> None:
    cs = ConstraintSystem(evaluate=False)
    power = Number.of_width([cs.private(f"p[{i}]") for i in range(LIMB_COUNT)], RESIDUE_BITS)
    coefficient = Number.of_coefficient([cs.private(f"c[{i}]") for i in range(LIMB_COUNT)])
    reduce_sum(cs, [*[(coefficient, power)] * 7, (power, power)], coefficient, name="s")
    assert cs.n_constraints == 56 + 255 + 256 + 122 + 122 + 3
