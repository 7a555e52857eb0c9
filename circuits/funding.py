"""Funding: the index moves by the premium before, the premium by what traded. Twin of rollup/funding.py."""

from __future__ import annotations

from circuits.compare import divide
from circuits.division import floor_divide_signed
from circuits.extremes import clamp, saturate
from circuits.linear import LC
from circuits.system import ConstraintSystem
from rollup.funding import FUNDING_PERIOD_S
from rollup.units import FUNDING_BITS, PPM, PPM_BITS, PREMIUM_ONE, PRICE_BITS, WINDOW_BITS

PREMIUM_BITS = 40  # a premium's magnitude is at most 10**12; so is the clamp of at most 2**20 * 10**6 < 2**40
# rate 40 bits * mark 48 * seconds 16 = 104 bits, over 28800 * 10**6 > 2**34: |change| < 2**70, below the index's 2**72
CHANGE_BITS = 70
# no band is wider than 10**6 ppm, so a clearing price is at most twice the mark: sample and premium are within +-10**12
RAISED_BITS = 41
AVERAGE_BITS = PPM_BITS + WINDOW_BITS  # 10**6 * window

assert 2 * PREMIUM_ONE < 2**RAISED_BITS
assert 2 ** (PREMIUM_BITS + PRICE_BITS + WINDOW_BITS) < (FUNDING_PERIOD_S * PPM) << CHANGE_BITS


def step_funding_index(
    cs: ConstraintSystem, index: LC, premium: LC, funding_clamp_ppm: LC, mark: LC, elapsed: LC
) -> LC:
    """Return the index after `elapsed` seconds at the rate of the premium before and the new mark.

    Assumes |index| < 2**72, |premium| <= 10**12, funding_clamp_ppm in 20 bits, mark in 48, elapsed in 16.
    Constraints: 283, named rate/.., paid/.., change/.., index/...
    """
    limit = funding_clamp_ppm * (PREMIUM_ONE // PPM)
    rate = clamp(cs, premium, limit, n_bits=PREMIUM_BITS, limit_bits=PREMIUM_BITS, name="rate")
    paid = cs.mul(cs.mul(rate, mark, name="paid/a_second"), elapsed, name="paid")
    change = floor_divide_signed(cs, paid, FUNDING_PERIOD_S * PPM, CHANGE_BITS, name="change")
    return saturate(cs, index + change, FUNDING_BITS, name="index")


def compute_sample(cs: ConstraintSystem, price: LC, mark: LC, *, name: str) -> LC:
    """Return the premium of a clearing price over the mark, floored, in [-10**12, 10**12].

    Assumes a positive mark in 48 bits, and a price of at most twice the mark (the band).
    Constraints: 141, named {name}/...
    """
    ratio, _ = divide(
        cs, price * PREMIUM_ONE, mark, quotient_bits=RAISED_BITS, divisor_bits=PRICE_BITS, name=f"{name}/ratio"
    )
    return ratio - PREMIUM_ONE


def step_premium(
    cs: ConstraintSystem, premium: LC, sample: LC, weight_ppm: LC, *, seconds: LC, whole: LC, name: str
) -> LC:
    """Return the average premium after a batch, floored: the sample counts weight_ppm * seconds of `whole`.

    Assumes weight_ppm <= 10**6, seconds = min(elapsed, window), whole = 10**6 * window > 0 in 36 bits: then w <= whole,
    and the average of two values raised by 10**12 has their 41 bits. Constraints: 120, named {name}/...
    """
    w = cs.mul(weight_ppm, seconds, name=f"{name}/weight")
    kept = cs.mul(premium + PREMIUM_ONE, whole, name=f"{name}/kept")
    moved = cs.mul(sample - premium, w, name=f"{name}/moved")
    average, _ = divide(
        cs, kept + moved, whole, quotient_bits=RAISED_BITS, divisor_bits=AVERAGE_BITS, name=f"{name}/average"
    )
    return average - PREMIUM_ONE
