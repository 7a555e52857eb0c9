"""A polynomial over the BLS12-381 scalar field at a point, by Horner's rule in windows. Model: `rollup/horner.py`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from circuits.bits import from_bits, to_bits
from circuits.constant_compare import assert_at_most
from circuits.limbs import LIMB_COUNT, RESIDUE_BITS, Number, compute_widths
from circuits.linear import LC
from circuits.nonnative import Residue, materialise_bits, reduce_sum
from circuits.system import ConstraintSystem
from rollup.bls_field import ELEMENT_BITS, P
from rollup.horner import WINDOW, split_windows

MAX_WINDOW: Final = 15  # of 16 a pair less its carry could wrap
LOW_BITS: Final = 128  # the value is two words, of 128 bits and of 127


def evaluate_at(
    cs: ConstraintSystem, coefficients: Sequence[Sequence[LC]], z: LC, *, window: int = WINDOW, name: str
) -> tuple[LC, LC]:
    """Return sum_k coefficients[k] * z**k modulo P, canonical, as (low 128 bits, high 127 bits).

    A coefficient is four limbs in base 2**65, least significant first, as `limbs_of` gives them. Assumes limbs proved
    below 2**118 (none negative) and sum limb_i * 2**(65 i) < 2**248. Proves z < 2**248.
    Private inputs: `circuits/horner_inputs.py`. Constraints: 253 for z; 652 a power (z**2: 645); 818 a window of
    eight, the highest 806, the last 814; 44 for the canonical form.
    Named {name}/z/.., power[k]/.., window[g]/.. (0 the highest), canonical/zeros[i].
    """
    assert 0 < window <= MAX_WINDOW, f"{name}: a window of {window}"
    assert len(coefficients) >= 2, f"{name}: a constant needs no evaluation"
    with cs.scope(name):
        numbers = [Number.of_coefficient(limbs) for limbs in coefficients]
        powers = _compute_powers(cs, z, min(window, len(numbers) - 1))
        residue = _fold_windows(cs, split_windows(numbers, window), powers)
        assert_at_most(cs, residue.bits, P - 1, name="canonical")
    return from_bits(residue.bits[:LOW_BITS]), from_bits(residue.bits[LOW_BITS:])


def _compute_powers(cs: ConstraintSystem, z: LC, highest: int) -> list[Number]:
    """Return z, z**2, .. up to the highest needed: each the one before times z, the narrower factor."""
    bits = to_bits(cs, z, ELEMENT_BITS, name="z")
    powers = [materialise_bits(cs, bits, name="z")]
    for k in range(2, highest + 1):
        residue = reduce_sum(cs, [(powers[-1], powers[0])], None, name=f"power[{k}]")
        powers.append(materialise_bits(cs, residue.bits, name=f"power[{k}]"))
    return powers


def _fold_windows(cs: ConstraintSystem, windows: Sequence[Sequence[Number]], powers: Sequence[Number]) -> Residue:
    residue: Residue | None = None
    for g, (constant, *others) in enumerate(windows):
        products = list(zip(others, powers, strict=False))
        if residue is not None:
            accumulator = materialise_bits(cs, residue.bits, name=f"window[{g - 1}]")
            products.append((accumulator, powers[len(others)]))
        residue = reduce_sum(cs, products, constant, name=f"window[{g}]")
    assert residue is not None
    return residue


_COEFFICIENT = Number.of_coefficient([LC.constant(0)] * LIMB_COUNT)
_POWER = Number.of_width([LC.constant(0)] * LIMB_COUNT, RESIDUE_BITS)
_USUAL = compute_widths([*[(_COEFFICIENT, _POWER)] * (WINDOW - 1), (_POWER, _POWER)], _COEFFICIENT)
_LARGEST = compute_widths([(_COEFFICIENT, _POWER)] * MAX_WINDOW, _COEFFICIENT)  # asserts that nothing wraps

assert (_USUAL.quotient_bits, _USUAL.low.n_bits, _USUAL.high.n_bits) == (256, 122, 122)  # as derived in `limbs.py`
assert _LARGEST.low.n_bits == _LARGEST.high.n_bits == 123
