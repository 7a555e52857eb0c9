"""Margin fractions in effect: raised by open interest and by congestion. Twin of rollup/fractions.py."""

from __future__ import annotations

from dataclasses import dataclass

from circuits.bits import from_bits, logical_and, to_bits
from circuits.compare import divide, is_less_than
from circuits.division import ceil_divide
from circuits.extremes import maximum, minimum
from circuits.linear import LC
from circuits.select import select
from circuits.system import ConstraintSystem
from rollup.fractions import CONGESTION_FREE_PPM, RISE_DELAY_S
from rollup.units import OPEN_INTEREST_BITS, PARAM_USD_BITS, PPM, PPM_BITS, PRICE_BITS, TIMESTAMP_BITS, USD_E12

FACTOR_BITS = 21  # 1.25 * 10**6 < 2**21
NOTIONAL_BITS = OPEN_INTEREST_BITS + PRICE_BITS  # open interest at the mark, 1e-12 USD
USD_BITS = PARAM_USD_BITS + USD_E12.bit_length()  # a parameter in USD, counted in 1e-12 USD

assert 5 * PPM // 4 < 2**FACTOR_BITS
assert USD_BITS <= NOTIONAL_BITS


@dataclass(frozen=True)
class MaintenanceFactor:
    """The factor of maintenance fractions (21 bits), the higher one it waits for (21), and since when (40)."""

    factor: LC
    pending: LC
    since: LC


def compute_factor(cs: ConstraintSystem, congestion_ppm: LC, *, name: str) -> LC:
    """Return 10**6 + max(0, congestion - 500000) // 2. Assumes congestion in 20 bits.

    Raised by 2**20 the difference shows by its top bit that it is not negative, and without the lowest it is halved.
    Constraints: 23, named {name}/above/.. and {name}.
    """
    bits = to_bits(cs, congestion_ppm + (2**PPM_BITS - CONGESTION_FREE_PPM), PPM_BITS + 1, name=f"{name}/above")
    return cs.mul(bits[PPM_BITS], from_bits(bits[1:PPM_BITS]), name=name) + PPM


def step_maintenance_factor(
    cs: ConstraintSystem, before: MaintenanceFactor, found: LC, timestamp: LC
) -> MaintenanceFactor:
    """Return the maintenance factor after a tick that found the factor `found`: a fall at once, a rise an hour late.

    Comparisons decide every case. Assumes factors in 21 bits; since and timestamp in 40. Constraints: 118, named
    rises/.., is_pending/.., is_young/.., least/.., waits, stays, factor/.., pending, since.
    """
    rises = is_less_than(cs, before.factor, found, FACTOR_BITS, name="rises")
    is_pending = is_less_than(cs, before.factor, before.pending, FACTOR_BITS, name="is_pending")
    is_young = is_less_than(cs, timestamp - before.since, RISE_DELAY_S, TIMESTAMP_BITS, name="is_young")
    least = minimum(cs, before.pending, found, FACTOR_BITS, name="least")
    waits = logical_and(cs, rises, is_pending, name="waits")
    stays = logical_and(cs, waits, is_young, name="stays")
    # it falls to what is found; after an hour it is the least of that hour; a rise that waits on or begins leaves it
    ripe = cs.mul(waits - stays, least - found, name="factor/ripe")
    kept = cs.mul(rises - waits + stays, before.factor - found, name="factor/kept")
    return MaintenanceFactor(
        factor=found + ripe + kept,
        pending=select(cs, stays, least, found, name="pending"),
        since=select(cs, stays, before.since, timestamp, name="since"),
    )


def scale_initial(
    cs: ConstraintSystem, initial_ppm: LC, open_interest: LC, mark: LC, low_usd: LC, high_usd: LC, *, name: str
) -> LC:
    """Return the initial fraction raised by open interest, ceiled: as it is up to low_usd, 1 from high_usd.

    Assumes initial_ppm <= 10**6, open_interest in 60 bits, mark and both USD in 48; proves low_usd < high_usd.
    Constraints: 404, named {name}/...
    """
    low, high = low_usd * USD_E12, high_usd * USD_E12
    with cs.scope(name):
        notional = cs.mul(open_interest, mark, name="notional")
        capped = minimum(cs, notional, high, NOTIONAL_BITS, name="capped")
        above = maximum(cs, capped, low, USD_BITS, name="above") - low
        # ceil(x / d) = floor((x + d - 1) / d); the quotient is at most 10**6 - initial_ppm < 2**20
        product = cs.mul(PPM - initial_ppm, above, name="raise")
        whole = high - low
        rise, _ = divide(cs, product + whole - 1, whole, quotient_bits=PPM_BITS, divisor_bits=USD_BITS, name="rise")
    return initial_ppm + rise


def raise_fraction(cs: ConstraintSystem, fraction_ppm: LC, factor_ppm: LC, *, name: str) -> LC:
    """Return min(10**6, ceil(fraction * factor / 10**6)). Assumes fraction <= 10**6 and factor in 21 bits.

    Constraints: 72, named {name}/..
    """
    product = cs.mul(fraction_ppm, factor_ppm, name=f"{name}/product")
    raised = ceil_divide(cs, product, PPM, FACTOR_BITS, name=f"{name}/raised")
    return minimum(cs, raised, PPM, FACTOR_BITS, name=name)
