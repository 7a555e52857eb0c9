"""Outcomes: bytes that come back, nothing else that is read, and a state that goes on by them as the batch did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollup.transition import BatchResult
from sequencer.node import outcome as outcome_module
from sequencer.node.commands import Kind
from sequencer.node.event_types import PositionGone, RescueKind, RescueSeen
from sequencer.node.history import History
from sequencer.node.outcome import CashDone, ClosedOrder, Fill, Outcome, Rescue, decode_outcome, encode_outcome
from sequencer.node.outcome_making import seal_batch
from sequencer.node.refusals import OutcomeInvalid
from tests.node.log_command_strategies import bits
from tests.node.node_day import SEEDS, get_day
from tests.rescue_batches import run_shared, run_takeover

ACCOUNTS, SLOTS, NONCES = bits(21), bits(9), bits(32)
REASONS = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=64)
CLOSED = st.lists(st.builds(ClosedOrder, ACCOUNTS, SLOTS, NONCES, REASONS), max_size=5).map(tuple)
CASH = st.lists(st.builds(CashDone, bits(63), REASONS), max_size=5).map(tuple)
FILLS = st.builds(
    Fill,
    ACCOUNTS,
    st.integers(0, 15),
    st.integers(0, 1),
    SLOTS,
    NONCES,
    bits(48),
    bits(48),
    bits(120),
    st.integers(-(2**120) + 1, 2**120 - 1),
    st.booleans(),
)
RESCUES = st.builds(
    Rescue,
    ACCOUNTS,
    st.lists(st.integers(-(2**48) + 1, 2**48 - 1), min_size=16, max_size=16).map(tuple),
    st.integers(-(2**120) + 1, 2**120 - 1),
    st.lists(ACCOUNTS, max_size=3).map(tuple),
)
RELEASED = st.lists(st.tuples(ACCOUNTS, SLOTS), max_size=5).map(tuple)


def list_bodies(seed: int) -> list[bytes]:
    return [record.body for record in get_day(seed).log if record.kind == Kind.OUTCOME]


@given(
    st.integers(0, 2**63 - 1),
    bits(40),
    RELEASED,
    CLOSED,
    CASH,
    st.none() | st.lists(FILLS, max_size=5),
    st.lists(RESCUES, max_size=3),
)
def test_every_outcome_comes_back(
    auction: int,
    timestamp_s: int,
    released: tuple[tuple[int, int], ...],
    closed: tuple[ClosedOrder, ...],
    cash: tuple[CashDone, ...],
    fills: list[Fill] | None,
    rescued: list[Rescue],
) -> None:
    real = next(one.batch for one in map(decode_outcome, list_bodies(0)) if one.batch and one.batch.fills)
    batch = None if fills is None else replace(real, fills=tuple(fills), applied=(True, False), rescued=tuple(rescued))
    outcome = Outcome(auction, timestamp_s, released, closed, cash, batch)
    again = decode_outcome(encode_outcome(outcome))
    assert encode_outcome(again) == encode_outcome(outcome)
    assert (again.released, again.closed, again.cash) == (released, closed, cash)
    assert again.batch == batch


@pytest.mark.parametrize("seed", SEEDS)
def test_state_goes_on_as_the_batches_did(seed: int) -> None:
    day = get_day(seed)
    state, roots = day.genesis.state, []
    for body in list_bodies(seed):
        outcome = decode_outcome(body)
        before = state
        state = outcome.apply(state)
        if outcome.batch is None:
            assert state is before
        assert state.header.accounts_root == state.tree.root
        roots.append(state.state_root)
    assert roots == day.states
    assert state.state_root == day.running.live.state.state_root


@pytest.mark.parametrize("seed", SEEDS)
def test_outcome_of_a_node_that_only_counted_rescues_is_read(seed: int) -> None:
    for body in list_bodies(seed):
        outcome = decode_outcome(body)
        old = outcome_module._OLD_ENVELOPE.seal(outcome_module._OLD_OUTCOME, outcome)
        assert old != body
        assert decode_outcome(old) == replace(outcome, batch=outcome.batch and replace(outcome.batch, rescued=()))
        assert outcome.batch is None or len(outcome.batch.rescued) == outcome.batch.rescues


@pytest.mark.parametrize(
    ("run", "kind"),
    [(run_takeover, RescueKind.TAKEOVER), (run_shared, RescueKind.DELEVERAGING)],
    ids=["takeover", "deleveraging"],
)
def test_rescue_is_told_with_what_the_account_lost(run: Callable[[], BatchResult], kind: RescueKind) -> None:
    result = run()
    outcome = Outcome(5, 7, (), (), (), seal_batch(result, 0))
    (seen,) = [event for event in History().add_outcome(outcome, None, 0) if isinstance(event, RescueSeen)]
    (report,) = result.rescue.rescues
    header = result.state.header
    assert seen == RescueSeen(
        header.batch_number,
        report.account,
        kind,
        tuple(PositionGone(m, lots, header.marks_ticks[m]) for m, lots in enumerate(report.sizes_lots) if lots),
        report.equity_atoms,
        tuple(dict.fromkeys(taking.account for taking in report.counterparties)),
        7,
    )
    assert seen.positions
    assert bool(seen.counterparties) == (kind is RescueKind.DELEVERAGING)


@settings(max_examples=100)
@given(seed=st.sampled_from(SEEDS), place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7), data=st.data())
def test_invalid_bytes_of_an_outcome(seed: int, place: float, bit: int, data: st.DataObject) -> None:
    body = bytearray(data.draw(st.sampled_from(list_bodies(seed))))
    at = int(place * len(body))
    for wrong in (bytes(body[:at]), bytes(body) + b"\0"):
        with pytest.raises(OutcomeInvalid):
            decode_outcome(wrong)
    body[at] ^= 1 << bit
    with pytest.raises(OutcomeInvalid):
        decode_outcome(bytes(body))


def test_invalid_outcome_too_large_for_a_record() -> None:
    rng = Random(1)
    closed = tuple(
        ClosedOrder(rng.randrange(2**21), rng.randrange(512), rng.randrange(2**32), f"{rng.randrange(10**60)}")
        for _ in range(40_000)
    )
    with pytest.raises(OutcomeInvalid):
        encode_outcome(Outcome(1, 1, (), closed, (), None))
