"""A batch's calldata and the queue give the bridge words that the circuit proves, or do not parse."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollup.field import R
from rollup.public_inputs import POINT_BITS, compute_bridge_value, get_bridge_words
from rollup.trace import BatchTrace
from rollup.txs import Deposit, ForcedCancelAll, ForcedTrade, ForcedWithdraw
from tests.random_cash import CASH_KINDS, FAILED_KINDS
from tests.verifier.bridge_days import describe_lanes, get_scripted_traces, run_random_day
from verifier.bridge import Payment, expand_bridge, list_entries, pack_bridge
from verifier.bridge_errors import CalldataMalformed, QueueExhausted
from verifier.queue_entries import Entry

SEEDS = range(6)
N_BATCHES = 25
OWNER = 0xA0007
DEPOSIT = Deposit(7, 5, OWNER, (1, 2))
WITHDRAWAL = ForcedWithdraw(7, 100, OWNER)
TRADE = ForcedTrade((2, 3), (0xA0002, 0xA0003), 1, 0, 10, 20)


@cache
def list_traces() -> tuple[BatchTrace, ...]:
    """Return batches of every kind of operation, scripted and random."""
    random = (trace for seed in SEEDS for trace in run_random_day(seed, N_BATCHES))
    return (*get_scripted_traces().values(), *random)


def test_there_is_every_kind_of_operation() -> None:
    seen = {kind for trace in list_traces() for kind in describe_lanes(trace)}
    assert CASH_KINDS | FAILED_KINDS | {"forced trade applied", "forced trade dropped"} <= seen


def test_expanded_calldata_is_the_trace() -> None:
    for trace in list_traces():
        n_lanes = len(trace.cash_lanes) + len(trace.rescue_lanes)
        entries = list_entries(trace)
        expanded = expand_bridge(pack_bridge(trace), [*entries, DEPOSIT], n_lanes)  # the queue goes on behind them
        before, after = trace.header_before, trace.header_after
        assert expanded.words == get_bridge_words(trace)
        assert expanded.n_entries == len(entries) == after.queue_consumed - before.queue_consumed
        deposited_e6 = sum(entry.amount_e6 for entry in entries if isinstance(entry, Deposit))
        claimable_e6 = sum(payment.amount_e6 for payment in expanded.payments)
        assert deposited_e6 - claimable_e6 == after.vault_e6 - before.vault_e6


def test_calldata_of_a_quiet_batch_is_empty() -> None:
    quiet = [trace for trace in list_traces() if not any(get_bridge_words(trace))]
    assert quiet
    assert {pack_bridge(trace) for trace in quiet} == {b""}


@given(words=st.lists(st.integers(0, R - 1), max_size=40), z=st.integers(0, 2**POINT_BITS - 1))
def test_bridge_value_is_the_naive_sum(words: list[int], z: int) -> None:
    assert compute_bridge_value(words, z) == sum(word * z ** (i + 1) for i, word in enumerate(words)) % R


def payment(lane: int, amount_e6: int = 9) -> bytes:
    return bytes([lane, 2]) + (7).to_bytes(3, "big") + amount_e6.to_bytes(8, "big") + OWNER.to_bytes(20, "big")


@pytest.mark.parametrize(
    ("calldata", "entries", "payments"),
    [
        (payment(0), [], [Payment(OWNER, 9)]),
        (payment(3, 0), [], []),  # a close of an account with dust alone
        (b"\0\0", [DEPOSIT], [Payment(OWNER, 5)]),
        (b"\0\1", [DEPOSIT], []),
        (b"\1\1" + (40).to_bytes(8, "big"), [WITHDRAWAL], [Payment(OWNER, 40)]),
        (b"\1\1" + bytes(8), [WITHDRAWAL], []),
        (b"\1\0", [WITHDRAWAL], []),
        (b"\2\1", [TRADE], []),
        (payment(0) + b"\2\1", [TRADE], [Payment(OWNER, 9)]),
        (b"\0\0" + payment(1) + b"\2\0", [DEPOSIT, TRADE], [Payment(OWNER, 5), Payment(OWNER, 9)]),
    ],
)
def test_what_becomes_claimable(calldata: bytes, entries: list[Entry], payments: list[Payment]) -> None:
    expanded = expand_bridge(calldata, entries, 4)
    assert list(expanded.payments) == payments
    assert (expanded.n_entries, len(expanded.words)) == (len(entries), 16)


@pytest.mark.parametrize(
    ("calldata", "offset_bytes", "field"),
    [
        (b"\0", 1, "tag"),
        (b"\0\3", 1, "tag"),
        (b"\4\0", 0, "lane"),
        (b"\1\0\1\0", 2, "lane"),
        (b"\1\0\0\0", 2, "lane"),
        (payment(2) + payment(1), 33, "lane"),
        (payment(0)[:-1], 13, "owner"),
        (payment(0)[:12], 5, "amount_e6"),
        (payment(0)[:4], 2, "account"),
        (b"\0\2\x20" + payment(0)[3:], 2, "account"),
        (payment(0) + b"\7", 33, "lane"),
        (payment(0) + b"\1", 34, "tag"),
    ],
)
def test_invalid_calldata_says_where(calldata: bytes, offset_bytes: int, field: str) -> None:
    with pytest.raises(CalldataMalformed) as caught:
        expand_bridge(calldata, [ForcedCancelAll(7, OWNER)] * 3, 4)
    assert (caught.value.offset_bytes, caught.value.field) == (offset_bytes, field)


def test_invalid_calldata_cut_off_in_a_forced_withdrawal() -> None:
    with pytest.raises(CalldataMalformed, match="amount paid at byte 2 is cut off after 7 bytes"):
        expand_bridge(b"\0\1" + bytes(7), [WITHDRAWAL], 4)


def test_invalid_forced_trade_in_the_last_lane() -> None:
    assert expand_bridge(b"\2\1", [TRADE], 4).n_entries == 1
    with pytest.raises(CalldataMalformed, match="it takes two"):
        expand_bridge(b"\3\1", [TRADE], 4)


def test_invalid_record_in_the_second_lane_of_a_forced_trade() -> None:
    with pytest.raises(CalldataMalformed, match="lane at byte 2"):
        expand_bridge(b"\0\1" + payment(1), [TRADE], 4)


@pytest.mark.parametrize(("calldata", "lane"), [(b"\0\0", 0), (b"\1\1", 1)])
def test_invalid_calldata_consumes_more_than_there_is(calldata: bytes, lane: int) -> None:
    with pytest.raises(QueueExhausted) as caught:
        expand_bridge(calldata, [], 4)
    assert (caught.value.lane, caught.value.n_entries) == (lane, 0)


@given(calldata=st.binary(max_size=80), entries=st.lists(st.sampled_from([DEPOSIT, WITHDRAWAL, TRADE]), max_size=4))
def test_any_calldata_parses_or_is_refused(calldata: bytes, entries: list[Entry]) -> None:
    try:
        expanded = expand_bridge(calldata, entries, 6)
    except (CalldataMalformed, QueueExhausted):
        return
    assert (len(expanded.words), expanded.n_entries <= len(entries)) == (24, True)
