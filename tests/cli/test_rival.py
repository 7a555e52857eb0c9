"""Whole days settled by DirectSettlement: every balance and position as the reference has it, after every batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollup.trace import BatchTrace
from rollup.txs import Deposit
from rollup.units import ATOMS_PER_E6
from sequencer.metering import GasCost, MeteredLayer, Sent, measure, sum_costs
from sequencer.rival import DirectRival, RivalBatch
from sequencer.rival_slots import RivalSlots
from sequencer.settlement.people import derive_address, name_owner
from tests.random_cash import CASH_KINDS
from tests.random_day import RandomDay
from tests.rescue_day import run_rescue_day
from tests.scenarios import Exchange, run_day
from tests.verifier.direct_scenes import make_order
from verifier.artifacts import load_artifact
from verifier.base_layer import EmbeddedEvm, Reverted, deploy_contract

FULL_DAYS = (3, 5)  # seeds of days that between them do everything
EVERYTHING = CASH_KINDS | {"takeover", "deleveraging", "liquidation"}
EVERYTHING |= {"fund fill", "forced trade applied", "forced trade dropped", "quote", "ioc", "rebate", "stale"}


def record(play: Callable[[], object]) -> list[BatchTrace]:
    """Return every batch that an exchange builds while something is played on it, from its first on."""
    traces: list[BatchTrace] = []
    batch = Exchange.batch

    def recording(self: Exchange, **options: Any) -> object:  # noqa: ANN401 (of a batch)
        result = batch(self, **options)
        traces.append(result.trace)
        return result

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Exchange, "batch", recording)
        play()
    return traces


def play_random_day(seed: int, n_batches: int) -> RandomDay:
    """Play a random day and return it."""
    day = RandomDay(seed)
    for _ in range(n_batches):
        day.run_batch()
    return day


def settle_all(traces: Iterable[BatchTrace]) -> list[RivalBatch]:
    """Settle the batches of a day by a rival of its own."""
    traces = list(traces)
    rival = DirectRival(EmbeddedEvm(traces[-1].header_after.timestamp_s), traces[0].params, seed=7)
    done = [rival.settle(trace) for trace in traces]
    if not done[-1].reason:
        check_vault(rival)
    return done


def check_vault(rival: DirectRival) -> None:
    """Check that the tokens in the contract are what it owes, to the atom, and that all longs are shorts."""
    books, exchange = rival.read_books(), rival.deployment.exchange
    held_e6 = rival.deployment.token.call("balanceOf", exchange.address)
    assert sum(cash_atoms for cash_atoms, _ in books.values()) == held_e6 * ATOMS_PER_E6
    assert not any(map(sum, zip(*(sizes_lots for _, sizes_lots in books.values()), strict=True)))


def test_a_day_of_trades() -> None:
    done = settle_all(run_day().values())
    assert [batch.reason for batch in done] == [""] * 5
    assert [batch.orders for batch in done] == [2, 4, 2, 0, 6]
    assert all(batch.auction.transactions == (batch.orders > 0) for batch in done)
    assert done[2].other.transactions == 0  # nothing but the auction: the tick travels with it


def test_a_day_of_rescues() -> None:
    traces = record(run_rescue_day)
    done = settle_all(traces)
    assert [batch.reason for batch in done] == [""] * len(traces)
    sent = [batch.other.transactions for batch in done]
    assert len(traces) == 7
    assert sent[2] == 2  # a tick and a takeover
    assert sent[5] == 1  # of a forced trade that was dropped nothing is sent


@settings(max_examples=2, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_random_days(seed: int) -> None:
    traces = record(lambda: play_random_day(seed, 5))
    assert [batch.reason for batch in settle_all(traces)] == [""] * len(traces)


def test_days_on_which_everything_happens() -> None:
    seen: set[str] = set()
    for seed in FULL_DAYS:
        traces = record(lambda seed=seed: seen.update(play_random_day(seed, 14).seen))  # type: ignore[misc]  # a lambda that binds
        assert [batch.reason for batch in settle_all(traces)] == [""] * len(traces)
    assert seen >= EVERYTHING


def test_a_difference_is_found_and_ends_the_run() -> None:
    traces = list(run_day().values())
    rival = DirectRival(EmbeddedEvm(traces[-1].header_after.timestamp_s), traces[0].params, seed=7)
    assert rival.settle(traces[0]).reason == ""
    rival.deployment.exchange.transact("deposit", derive_address(7, name_owner(3)), 1)
    found = rival.settle(traces[1])
    assert found.reason.startswith("account 3: the contract holds ")
    after = rival.settle(traces[2])
    assert (after.reason, after.orders, after.auction.transactions) == (found.reason, 0, 0)


def test_invalid_batch_is_refused_by_the_reference() -> None:
    """An order that its account has not the money for."""
    trace = run_day()["deposits and fills"]
    lane = trace.cash_lanes[0]
    assert isinstance(lane.op, Deposit)
    poor = (replace(lane, op=replace(lane.op, amount_e6=1)), *trace.cash_lanes[1:])
    (done,) = settle_all([replace(trace, cash_lanes=poor)])
    assert done.reason.startswith("account 2: equity ")


def test_invalid_batch_is_refused_by_the_contract() -> None:
    """An order whose time is over: the reference, which is told of trades alone, does not see it."""
    trace = run_day()["deposits and fills"]
    lane = trace.trade_lanes[0]
    late = replace(lane.fills[0], order=replace(lane.fills[0].order, expiry_s=1))
    lanes = (replace(lane, fills=(late,)), *trace.trade_lanes[1:])
    (done,) = settle_all([replace(trace, trade_lanes=lanes)])
    assert "OrderExpired" in done.reason


# slots


def test_an_order_keeps_its_slot_until_it_is_filled() -> None:
    slots, order = RivalSlots(), make_order(4, 100, 10**6, slot=77, nonce=3)
    first = slots.place(order, 0)
    assert (first.slot, first.nonce) == (1, 0)  # market 4 stands in word 1
    slots.fill(order, 60)
    assert slots.place(order, 0) == first
    other = slots.place(make_order(4, 100, 10**6, slot=78), 0)
    assert (other.slot, other.nonce) == (6, 0)  # the first that shares no word with positions
    slots.fill(order, 40)
    again = slots.place(make_order(3, 100, 10**6, slot=79), 0)
    assert (again.slot, again.nonce) == (1, 1)


@pytest.mark.parametrize("now_s", [-1, 0, 1])
def test_a_slot_is_free_when_its_order_expired(now_s: int) -> None:
    slots, order = RivalSlots(), make_order(0, 100, 10**6)
    slots.place(order, order.expiry_s)
    later = replace(order, slot=9)
    assert slots.place(later, order.expiry_s + now_s).slot == (0 if now_s > 0 else 6)


def test_who_replaces_an_order_replaces_it_here() -> None:
    slots, order = RivalSlots(), make_order(0, 100, 10**6, nonce=3)
    slots.place(order, 0)
    assert (slots.place(replace(order, nonce=4), 0).slot, slots.place(replace(order, nonce=4), 0).nonce) == (0, 1)


def test_an_ioc_order_leaves_the_nonce_after_its_own() -> None:
    slots, order = RivalSlots(), make_order(0, 100, 10**6, flags=1)
    assert slots.place(order, 0).nonce == 0
    slots.fill(order, 1)
    assert slots.place(order, 0).nonce == 2  # the contract's slot stands at 1 already


def test_cancelling_frees_a_slot() -> None:
    slots, order = RivalSlots(), make_order(0, 100, 10**6, nonce=3)
    slots.place(order, 0)
    assert slots.cancel(0, 3) == (0, 0)
    assert slots.cancel(5, 9) == (0, 1)  # an order that was never filled
    assert slots.place(order, 0).nonce == 2


# metering


@pytest.mark.parametrize(("calldata", "tokens"), [(b"", 0), (bytes(9), 9), (b"ab", 8), (b"a\0b\0", 10)])
def test_tokens_of_calldata(calldata: bytes, tokens: int) -> None:
    cost = measure(Sent(calldata, gas_used=30_000))
    assert (cost.calldata_gas, cost.calldata_floor_gas) == (4 * tokens, 10 * tokens)
    assert cost.base_gas + cost.calldata_gas + cost.execution_gas == 30_000


def test_metered_layer_counts_what_succeeds() -> None:
    layer = MeteredLayer(EmbeddedEvm())
    token = deploy_contract(layer, load_artifact("HookToken"))
    assert layer.take() == sum_costs(()) == GasCost(0, 0, 0, 0, 0)
    receipt = token.transact("mint", b"\1" * 20, 5)
    with pytest.raises(Reverted):
        token.transact("transfer", b"\2" * 20, 5)
    cost = layer.take()
    assert (cost.transactions, cost.bytes, cost.gas) == (1, 4 + 64, receipt.gas_used)
    assert layer.take().transactions == 0
