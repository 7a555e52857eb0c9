"""The oracle: who of the signers is present, the median of their votes, and the clamp of the mark. Twin of
rollup/oracle.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from circuits.bits import assert_in_range, from_bits, is_zero
from circuits.compare import is_less_than
from circuits.division import floor_divide
from circuits.eddsa import verify_eddsa
from circuits.extremes import clamp, sort_two
from circuits.inputs import private_bits, private_flag
from circuits.linear import LC, sum_lc
from circuits.poseidon import poseidon
from circuits.select import select
from circuits.system import ConstraintSystem
from rollup import tags
from rollup.oracle import KIND_PRICES, MAJORITY
from rollup.units import COUNTER_BITS, MARKET_COUNT, ORACLE_COUNT, PPM, PRICE_BITS, TIMESTAMP_BITS

# mark 48 bits * ppm a second 20 * seconds 16 = 84 bits, over 10**6 > 2**19
LIMIT_BITS = 65
COUNT_BITS = ORACLE_COUNT.bit_length()


@dataclass(frozen=True)
class Signer:
    """What the circuit knows of one oracle signer's message."""

    present: LC  # boolean
    prices: list[LC]  # signed if present; else any
    time_after: LC  # of the last message taken


def open_message(
    cs: ConstraintSystem, key: tuple[LC, LC], time_before: LC, *, domain: LC, timestamp: LC, max_age: LC
) -> Signer:
    """Return one signer's message: signed under its key if present, not from before the last one, of the right age.

    Private: present, age, price[m], r8_x, r8_y, s, key_div_8_x, key_div_8_y; all but `present` free where it is 0.
    Assumes that time_before and the timestamp have 40 bits, max_age 32. A price is any number the signer signed: the
    new mark alone has to be one.
    Constraints: 3,771; named present/.., age/.., time/.., prices/.., message/.., signature/...
    """
    present = private_flag(cs, "present")
    # made of 32 bits, so the time is not in the future, and no multiple of r can be hidden in the signed word
    age = from_bits(private_bits(cs, "age", COUNTER_BITS))
    spare = cs.mul(present, max_age - age, name="age/spare_if_present")
    assert_in_range(cs, spare, COUNTER_BITS, name="age/at_most_max")
    time = timestamp - age
    step = cs.mul(present, time - time_before, name="time/step_if_present")
    assert_in_range(cs, step, TIMESTAMP_BITS, name="time/never_back")
    prices = [cs.private(f"price[{m}]") for m in range(MARKET_COUNT)]
    prices_hash = poseidon(cs, prices, tags.PRICES, name="prices")
    message = poseidon(cs, [domain, time * 2**4 + KIND_PRICES, prices_hash, 0], name="message")
    verify_eddsa(
        cs,
        enabled=present,
        key=key,
        key_div_8=(cs.private("key_div_8_x"), cs.private("key_div_8_y")),
        r8=(cs.private("r8_x"), cs.private("r8_y")),
        s=cs.private("s"),
        message=message,
        name="signature",
    )
    return Signer(present, prices, time_before + step)


def is_stale(cs: ConstraintSystem, signers: Sequence[Signer], *, name: str) -> LC:
    """Return a wire holding 1 if fewer than a majority of the signers are present, else 0. Constraints: 4."""
    return is_less_than(cs, sum_lc([signer.present for signer in signers]), MAJORITY, COUNT_BITS, name=name)


def compute_median(cs: ConstraintSystem, votes: Sequence[LC], *, name: str) -> LC:
    """Return the middle of an odd number of votes.

    The larger half is sorted upwards, pass by pass, until the middle has risen to its place. Assumes that votes differ
    by less than 2**48: proves it of those it compares. Constraints: 51 a comparison (3 of 3 votes), named
    {name}/pass[i]/pair[j]/...
    """
    ordered = list(votes)
    middle = len(ordered) // 2
    for i in range(middle + 1):
        for j in range(len(ordered) - 1 - i):
            pair = sort_two(cs, ordered[j], ordered[j + 1], PRICE_BITS, name=f"{name}/pass[{i}]/pair[{j}]")
            ordered[j : j + 2] = pair
    return ordered[middle]


def compute_mark(
    cs: ConstraintSystem,
    signers: Sequence[Signer],
    market: int,
    *,
    mark_before: LC,
    max_move_ppm: LC,
    elapsed: LC,
    open_interest: LC,
) -> LC:
    """Return the new mark of a market: the median of the votes, no further from the mark before than the limit.

    A signer that is not present votes the mark before. Without open interest the mark is the median itself.
    Assumes mark_before in 48 bits, max_move_ppm in 20, elapsed in 16. The caller puts the result in its range; then a
    vote that is no price can only have been on the far side of the median.
    Constraints: 372, named vote[i], median/.., limit/.., clamped/.., no_position/.., mark.
    """
    votes = [
        select(cs, signer.present, signer.prices[market], mark_before, name=f"vote[{i}]")
        for i, signer in enumerate(signers)
    ]
    median = compute_median(cs, votes, name="median")
    reach = cs.mul(cs.mul(mark_before, max_move_ppm, name="limit/a_second"), elapsed, name="limit/reach")
    limit = floor_divide(cs, reach, PPM, LIMIT_BITS, name="limit")
    move = clamp(cs, median - mark_before, limit, n_bits=PRICE_BITS, limit_bits=LIMIT_BITS, name="clamped")
    return select(
        cs, is_zero(cs, open_interest, name="no_position"), median, mark_before + move, name="mark/unclamped_if_new"
    )
