"""A cheating sequencer's tick and close: each record it may not touch is refused by the rule that makes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from rollup.audit import check_batch
from rollup.signature import Signature
from rollup.state import State
from rollup.trace import BatchTrace
from tests.random_day import LIVELY
from tests.rollup.broken_rules import assert_breaks
from tests.scenarios import AVAX_PRICE, ETH_PRICE, Exchange, sign_prices

PARAMS = replace(LIVELY, fund_rate_usd=3_600, min_base_fee=(10**14, 10**15, 10**12), oracle_max_age_s=30)
LOTS = 400_000_000  # 10,000 USD of AVAX


@cache
def get_trace() -> BatchTrace:
    """Return the trace of a busy batch in a state where every record has moved."""
    ex = Exchange(params=PARAMS)
    ex.batch(
        cash=[ex.deposit(2, 90_000), ex.deposit(3, 90_000)],
        orders=[ex.order(2, LOTS, AVAX_PRICE + 9_000), ex.order(3, -LOTS, AVAX_PRICE + 9_000)],
    )
    resources = replace(
        ex.state.header.resources,
        congestion_ppm=900_000,
        maintenance_factor_ppm=1_100_000,
        pending_factor_ppm=1_150_000,
        pending_since_s=ex.now_s - 3_599,
        fund_budget=10**14,
    )
    header = replace(ex.state.header, resources=resources)
    ex.state = State(header, ex.state.tree, ex.state.accounts)
    trade = [ex.order(2, LOTS // 4, AVAX_PRICE * 9 // 10), ex.order(3, -LOTS // 4, AVAX_PRICE * 9 // 10)]
    result = ex.batch(cash=[ex.deposit(4, 1_000)], orders=trade, marks=(AVAX_PRICE * 9 // 10 + 7, ETH_PRICE))
    assert len(result.fills) == 2
    return result.trace


def change_after(trace: BatchTrace, **changes: Any) -> BatchTrace:  # noqa: ANN401 (fields of a header)
    return replace(trace, header_after=replace(trace.header_after, **changes))


def change_resources(trace: BatchTrace, **changes: Any) -> BatchTrace:  # noqa: ANN401 (fields of the record)
    return change_after(trace, resources=replace(trace.header_after.resources, **changes))


def shift(values: tuple[int, ...], by: int, place: int = 0) -> tuple[int, ...]:
    return (*values[:place], values[place] + by, *values[place + 1 :])


def change_message(trace: BatchTrace, signer: int, **changes: Any) -> BatchTrace:  # noqa: ANN401 (fields of a message)
    message = trace.oracle[signer]
    assert message is not None
    oracle = tuple(replace(message, **changes) if i == signer else held for i, held in enumerate(trace.oracle))
    return replace(trace, oracle=oracle)


def resign(trace: BatchTrace, time_s: int) -> BatchTrace:
    """Return the trace with messages of the same prices and another time, signed by the right keys."""
    message = trace.oracle[0]
    assert message is not None
    return replace(trace, oracle=sign_prices(trace.params, message.prices_ticks, time_s))


def silence(trace: BatchTrace, *signers: int) -> BatchTrace:
    """Return the trace without the messages of some signers, their times as before."""
    oracle = tuple(None if signer in signers else message for signer, message in enumerate(trace.oracle))
    times = zip(trace.header_before.signer_times_s, trace.header_after.signer_times_s, strict=True)
    signer_times_s = tuple(before if i in signers else after for i, (before, after) in enumerate(times))
    return replace(change_after(trace, signer_times_s=signer_times_s), oracle=oracle)


def go_back(trace: BatchTrace) -> BatchTrace:
    """Return the trace with messages older than the last ones taken."""
    before = trace.header_before
    later = replace(before, signer_times_s=tuple(time_s + 1 for time_s in before.signer_times_s))
    return resign(replace(trace, header_before=later), before.signer_times_s[0])


FORGERIES: list[tuple[str, Callable[[BatchTrace], BatchTrace]]] = [
    ("oracle_signer", lambda t: replace(t, oracle=t.oracle[::-1])),
    ("oracle_places", lambda t: replace(t, oracle=t.oracle[:2])),
    ("oracle_signature", lambda t: change_message(t, 1, time_s=t.header_after.timestamp_s - 1)),
    ("oracle_signature", lambda t: change_message(t, 1, prices_ticks=(1,) * 16)),
    ("oracle_signature", lambda t: change_message(t, 2, signature=Signature((0, 1), 0))),
    ("value_out_of_range", lambda t: change_message(t, 2, prices_ticks=(0,) * 16)),
    ("oracle_is_fresh", lambda t: resign(t, t.header_after.timestamp_s + 1)),
    (
        "oracle_is_fresh",
        lambda t: resign(change_after(t, timestamp_s=t.header_after.timestamp_s + 31), t.header_after.timestamp_s),
    ),
    ("oracle_time_goes_on", go_back),
    ("oracle_signer_time", lambda t: change_after(t, signer_times_s=t.header_before.signer_times_s)),
    ("stale_trades_nothing", lambda t: silence(t, 0, 2)),
    ("mark_moves_no_further", lambda t: change_after(t, marks_ticks=shift(t.header_after.marks_ticks, 1))),
    ("mark_moves_no_further", lambda t: change_after(t, marks_ticks=shift(t.header_after.marks_ticks, -1))),
    ("mark_is_median", lambda t: change_after(t, marks_ticks=shift(t.header_after.marks_ticks, 1, 1))),
    ("funding_index", lambda t: change_after(t, funding_index=shift(t.header_after.funding_index, 1))),
    ("funding_index", lambda t: change_after(t, funding_index=shift(t.header_after.funding_index, -1, 15))),
    ("maintenance_factor", lambda t: change_resources(t, maintenance_factor_ppm=1_100_000)),
    ("maintenance_factor", lambda t: change_resources(t, pending_factor_ppm=1_150_000)),
    ("maintenance_factor", lambda t: change_resources(t, pending_since_s=t.header_after.timestamp_s - 1)),
    ("fund_budget", lambda t: change_resources(t, fund_budget=t.header_after.resources.fund_budget + 1)),
    ("premium", lambda t: change_after(t, premiums=shift(t.header_after.premiums, 1))),
    ("premium", lambda t: change_after(t, premiums=shift(t.header_after.premiums, -1, 15))),
    ("open_interest", lambda t: change_after(t, open_interest_lots=shift(t.header_after.open_interest_lots, 1))),
    ("open_interest", lambda t: change_after(t, open_interest_lots=shift(t.header_after.open_interest_lots, 1, 15))),
    ("congestion", lambda t: change_resources(t, congestion_ppm=t.header_after.resources.congestion_ppm - 1)),
    *[
        ("base_fee", lambda t, r=r: change_resources(t, base_fees=shift(t.header_after.resources.base_fees, -1, r)))
        for r in range(3)
    ],
]


def test_honest_batch_passes_and_moves_every_record() -> None:
    trace = get_trace()
    check_batch(trace)
    before, after = trace.header_before, trace.header_after
    assert before.funding_index[0] != after.funding_index[0]
    assert before.premiums[0] != after.premiums[0]
    assert before.open_interest_lots[0] != after.open_interest_lots[0]
    assert all(old != new for old, new in zip(before.resources.fields, after.resources.fields, strict=True))
    assert trace.tick.fractions.initial_ppm[0] > PARAMS.initial_ppm[0]
    assert trace.tick.fractions.maintenance_ppm[0] > PARAMS.maintenance_ppm[0]


@pytest.mark.parametrize(
    ("rule", "forge"), FORGERIES, ids=[f"{rule}-{position}" for position, (rule, _) in enumerate(FORGERIES)]
)
def test_invalid_tick_or_close_by_a_cheating_sequencer(rule: str, forge: Callable[[BatchTrace], BatchTrace]) -> None:
    assert_breaks(rule, forge(get_trace()))


@pytest.mark.parametrize("signer", [0, 1, 2])
def test_two_signers_of_the_same_prices_make_the_same_batch(signer: int) -> None:
    check_batch(silence(get_trace(), signer))
