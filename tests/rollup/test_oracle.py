"""Oracle prices: what is signed, which messages count, the median, and the clamp of the mark's move."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from statistics import median
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollup import tags
from rollup.errors import ValueOutOfRange
from rollup.oracle import (
    MAJORITY,
    SignedPrices,
    clamp_mark,
    compute_marks,
    compute_median,
    compute_move_limit,
    is_fresh,
    is_stale,
    pick_usable,
    step_signer_times,
)
from rollup.params import MarketParams, Params
from rollup.poseidon import poseidon
from rollup.signature import Signature, derive_public_key, sign
from rollup.signature_cache import SignatureCache
from rollup.units import MARKET_COUNT

KEYS = tuple(bytes([70 + signer]) * 32 for signer in range(3))
PARAMS = Params(
    chain_id=1,
    contract=2,
    version=3,
    taker_fee_ppm=(0,) * 8,
    markets=(MarketParams("A", 6, 6, 10**5, 10**5, 0, 10**5, max_move_ppm=20_000),),
    oracle_keys=tuple(derive_public_key(key) for key in KEYS),
    oracle_max_age_s=30,
)
NOW_S, BEFORE_S = 1_000, (900, 990, 1_000)
prices = st.integers(1, 2**48 - 1)
ppm = st.integers(0, 10**6)
elapsed = st.integers(1, 65_535)


def make_message(signer: int, price: int = 5, time_s: int = NOW_S, key: int | None = None) -> SignedPrices:
    """Return a message of a signer, signed by the key of another one where `key` says so."""
    prices_ticks = (price, *[1] * (MARKET_COUNT - 1))
    unsigned = SignedPrices(signer, prices_ticks, time_s, Signature((0, 1), 0))
    signature = sign(KEYS[signer if key is None else key], unsigned.message(PARAMS.domain))
    return replace(unsigned, signature=signature)


def pick(*messages: SignedPrices) -> tuple[SignedPrices | None, ...]:
    return pick_usable(messages, PARAMS, BEFORE_S, NOW_S, SignatureCache())


def test_message_is_as_documented() -> None:
    message = make_message(1, 77, 123)
    hashed = poseidon([77, *[1] * 15], tags.PRICES)
    assert message.message(PARAMS.domain) == poseidon([PARAMS.domain, 9 + 123 * 16, hashed, 0])


def test_messages_stand_by_signer() -> None:
    first, last = make_message(0), make_message(2)
    assert pick(last, first) == (first, None, last)
    assert pick() == (None, None, None)


def test_invalid_message_under_another_signers_key_is_passed_over() -> None:
    assert pick(make_message(0, key=1)) == (None, None, None)


def test_invalid_message_of_another_deployment_is_passed_over() -> None:
    message = make_message(0)
    other = replace(PARAMS, chain_id=5)
    assert pick_usable([message], other, BEFORE_S, NOW_S, SignatureCache()) == (None, None, None)


def test_newest_usable_message_of_a_signer_counts() -> None:
    old, new, forged = make_message(0, time_s=980), make_message(0, 6, 990), make_message(0, 7, 991, key=1)
    again = make_message(0, 8, 990)
    assert pick(old, new, forged, again)[0] == new
    assert pick(again, new, old)[0] == again


@pytest.mark.parametrize(
    ("signer", "time_s", "is_used"),
    [(0, 970, True), (0, 969, False), (0, 1_000, True), (0, 1_001, False), (1, 990, True), (1, 989, False)],
)
def test_age_and_order_of_a_message_at_their_bounds(signer: int, time_s: int, is_used: bool) -> None:
    assert (pick(make_message(signer, time_s=time_s))[signer] is not None) is is_used


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
def test_freshness_is_the_two_rules(time_s: int, before_s: int, now_s: int, max_age_s: int) -> None:
    expected = time_s in range(max(before_s, now_s - max_age_s), now_s + 1)
    assert is_fresh(time_s, before_s, now_s, max_age_s) is expected


@pytest.mark.parametrize(
    "change",
    [
        {"signer": 3},
        {"signer": -1},
        {"prices_ticks": (1,) * 15},
        {"prices_ticks": (0,) * 16},
        {"prices_ticks": (2**48,) * 16},
        {"time_s": 2**40},
    ],
)
def test_invalid_message_field_out_of_range(change: dict[str, Any]) -> None:
    with pytest.raises(ValueOutOfRange):
        pick(replace(make_message(0), **change))


def test_stale_below_a_majority() -> None:
    assert MAJORITY == 2
    one, two, three = (make_message(signer) for signer in range(3))
    assert [is_stale(votes) for votes in ((None,) * 3, (None, two, None), (one, None, three), (one, two, three))] == [
        True,
        True,
        False,
        False,
    ]


def test_signer_times_move_for_those_present_alone() -> None:
    assert step_signer_times(BEFORE_S, (make_message(0, time_s=950), None, None)) == (950, 990, 1_000)


@given(st.lists(prices, min_size=3, max_size=3))
def test_median_of_three(votes: list[int]) -> None:
    assert compute_median(votes) == median(votes)


@given(prices, ppm, elapsed)
def test_move_limit_is_the_share_of_the_mark_floored(mark: int, max_move_ppm: int, elapsed_s: int) -> None:
    limit = compute_move_limit(mark, max_move_ppm, elapsed_s)
    assert 0 <= Fraction(mark * max_move_ppm * elapsed_s, 10**6) - limit < 1
    assert limit < 2**84


@given(prices, prices, st.integers(0, 2**84), st.integers(0, 2**60))
def test_clamped_mark_is_the_nearest_within_the_limit(middle: int, before: int, limit: int, lots: int) -> None:
    mark = clamp_mark(middle, before, limit, lots)
    assert 1 <= mark < 2**48
    if lots == 0 or abs(middle - before) <= limit:
        assert mark == middle
    else:
        assert mark == before + (limit if middle > before else -limit)


@pytest.mark.parametrize(("median_ticks", "mark"), [(69, 70), (70, 70), (71, 71), (129, 129), (130, 130), (131, 130)])
def test_clamp_around_its_bounds(median_ticks: int, mark: int) -> None:
    assert clamp_mark(median_ticks, 100, 30, 1) == mark


def test_new_market_jumps_to_its_first_mark() -> None:
    assert clamp_mark(2**47, 1, 0, 0) == 2**47


def test_marks_of_a_batch() -> None:
    before, nobody, somebody = (100, *[1] * 15), (0,) * 16, (1, *[0] * 15)
    votes = (make_message(0, 111), None, make_message(2, 150))
    assert compute_marks(votes, PARAMS, before, nobody, 1)[0] == 111  # the missing one votes 100
    assert compute_marks(votes, PARAMS, before, somebody, 1)[0] == 102  # 2 % a second
    assert compute_marks(votes, PARAMS, before, somebody, 5)[0] == 110
    assert compute_marks(votes, PARAMS, before, somebody, 6)[0] == 111
    lone = (None, None, make_message(2, 150))
    assert compute_marks(lone, PARAMS, before, nobody, 1) == before
