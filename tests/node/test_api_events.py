"""The event stream: a snapshot first, then what happens; nothing of before after a restart; no more than fits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from sequencer.node.api import ApiLimits
from sequencer.node.api.gas_book import GasBook
from sequencer.node.api.past import MAX_SAMPLES
from sequencer.node.api.pulse import Pulse, Told, Watcher
from sequencer.node.api.summary import compute_fee_range, compute_interval_s, make_summary
from sequencer.node.event_types import AuctionSeen, FillSeen, OrderClosed, PositionGone, RescueKind, RescueSeen
from sequencer.node.pipeline_types import BatchProgress
from sequencer.node.view_types import BatchStage, BatchView
from tests.node.api_client import Served, connect, run, serve, served
from tests.node.events_client import wait_for, watching
from tests.node.progress import settle, trade
from tests.node.stepped_node import SteppedNode
from tests.scenarios import AVAX_PRICE

LIQUIDATED = FillSeen(4, 3, 0, 1, 0, 0, 5, AVAX_PRICE, 0, 10**18, 1_760_000_000, is_liquidation=True)
TAKEN_OVER = RescueSeen(4, 5, RescueKind.TAKEOVER, (PositionGone(0, 6, AVAX_PRICE),), -7, (), 1_760_000_000)
BATCH = BatchView(4, 1_760_000_000, BatchStage.SEQUENCED, None, 2, 1, 0, 0, 1, 2, 10**15, None, None)


def test_stream_begins_with_all_there_is_and_goes_on(tmp_path: Path) -> None:
    async def test(server: Served, client: httpx.AsyncClient) -> None:
        core = server.core
        number = await trade(core)
        async with watching(server, client) as events:
            first = await anext(events)
            assert (first.name, first.retry) == ("snapshot", "1000")
            assert first.id == f"{first.data['facts']['instance']}-{first.id.rpartition('-')[2]}"
            assert [batch["number"] for batch in first.data["batches"]] == [number]
            assert first.data["summary"]["markets"][0]["info"]["name"] == "AVAX-USD"
            core.publish(LIQUIDATED)
            assert (await wait_for(events, "liquidation")).data["account"] == 3
            core.publish(TAKEN_OVER)
            assert (await wait_for(events, "rescue")).data["kind"] == "takeover"
            core.set_progress(number, BatchProgress(BatchStage.PROVED, 0, 2.5, None))
            assert (await wait_for(events, "batch")).data["stage"] == "proved"
            summary = await wait_for(events, "summary")
            assert summary.data["fees"]["base_fees"] == first.data["summary"]["fees"]["base_fees"]
        async with watching(server, client) as events:
            again = await anext(events)
            assert again.data["facts"] == first.data["facts"]
            assert [fill["account"] for fill in again.data["liquidations"]] == [3]
            assert [(one["account"], one["equity_atoms"]) for one in again.data["rescues"]] == [(5, "-7")]
            assert len(again.data["past"]["times_ms"]) >= 1

    served(tmp_path, test)


def test_orders_of_accounts_are_not_told_to_everybody(tmp_path: Path) -> None:
    async def test(server: Served, client: httpx.AsyncClient) -> None:
        async with watching(server, client) as events:
            await anext(events)
            server.core.publish(OrderClosed(3, 1, 1, "expired"))
            server.core.publish(replace(LIQUIDATED, is_liquidation=False))
            server.core.publish(BATCH)
            names = [(await anext(events)).name]
            while names[-1] != "batch":
                names.append((await anext(events)).name)
            assert set(names) <= {"summary", "batch"}

    served(tmp_path, test)


def test_another_process_is_another_instance(tmp_path: Path) -> None:
    async def look(folder: Path) -> Any:  # noqa: ANN401 (JSON)
        async with serve(folder) as server, connect(server) as client, watching(server, client) as events:
            return (await anext(events)).data

    before, after = run(look(tmp_path / "store")), run(look(tmp_path / "store"))
    assert before["facts"]["instance"] != after["facts"]["instance"]
    assert before["facts"]["page"] == after["facts"]["page"]
    assert after["past"]["times_ms"] == [] or after["past"]["times_ms"][0] > before["summary"]["time_ms"]


def test_invalid_stream_beyond_the_limits_is_refused_and_its_place_is_given_back(tmp_path: Path) -> None:
    async def test(server: Served, client: httpx.AsyncClient) -> None:
        async with watching(server, client) as events:
            await anext(events)
            refused = await client.get("events")
            assert (refused.status_code, refused.json()["code"]) == (503, "connections_exhausted")
        for _ in range(200):
            if not len(server.app.state.service.pulse):
                break
            await asyncio.sleep(0.02)
        async with watching(server, client) as events:
            assert (await anext(events)).name == "snapshot"

    served(tmp_path, test, ApiLimits(max_event_streams_per_address=1))
    served(tmp_path / "whole", test, ApiLimits(max_event_streams=1))


def test_streams_end_with_the_server(tmp_path: Path) -> None:
    async def main() -> None:
        async with connect_later() as client:
            async with serve(tmp_path / "store") as server:
                stream = watching(server, client)
                events = await stream.__aenter__()
                await anext(events)
                server.app.state.service.is_draining = True
                assert (await client.get(f"{server.url}/v1/events")).json()["code"] == "node_draining"
                left = asyncio.create_task(_drain(events))
            await asyncio.wait_for(left, 5)  # well below the server's patience with those who are connected

    def connect_later() -> httpx.AsyncClient:
        return httpx.AsyncClient(timeout=30)

    async def _drain(events: AsyncIterator[Any]) -> None:
        async for _ in events:
            pass

    run(main())


@pytest.fixture
def core(tmp_path: Path) -> Iterator[SteppedNode]:
    core = SteppedNode(tmp_path / "store")
    yield core
    core.store.close()


@pytest.fixture
def pulse(core: SteppedNode) -> Pulse:
    return Pulse(core, None, "page")


def test_invalid_watcher_that_does_not_read_is_dropped(pulse: Pulse) -> None:
    async def main() -> None:
        slow, quick = pulse.open(), pulse.open()
        for _ in range(1_000):
            pulse.hear(BATCH)
            await quick.read()
        assert len(pulse) == 1
        assert await slow.read() is None
        assert isinstance(await quick.read(), Told)

    run(main())


def test_snapshot_is_made_once_a_second_however_many_open(pulse: Pulse, monkeypatch: pytest.MonkeyPatch) -> None:
    async def read_names(watcher: Watcher, count: int) -> list[str]:
        return [told.name for _ in range(count) if (told := await watcher.read()) is not None]

    async def main() -> None:
        made = [0]
        whole = pulse._make_snapshot

        def make() -> Any:  # noqa: ANN401 (a struct)
            made[0] += 1
            return whole()

        monkeypatch.setattr(pulse, "_make_snapshot", make)
        first = pulse.open()
        pulse.hear(BATCH)
        second = pulse.open()
        pulse.hear(LIQUIDATED)
        for watcher in (first, second):  # who came later misses nothing that is not in the snapshot
            assert await read_names(watcher, 3) == ["snapshot", "batch", "liquidation"]
        assert made == [1]
        pulse.beat()
        assert await read_names(pulse.open(), 1) == ["snapshot"]
        assert made == [2]

    run(main())


async def wait_for_listener(core: SteppedNode) -> None:
    while not len(core._hub):
        await asyncio.sleep(0.001)


def test_lost_events_end_the_streams_so_that_pages_begin_anew(
    core: SteppedNode, pulse: Pulse, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        monkeypatch.setattr("sequencer.node.api.pulse._BEAT_S", 0.01)
        early = pulse.open()
        running = asyncio.create_task(pulse.run())
        await wait_for_listener(core)
        for _ in range(10_002):  # of any account: more than the hub keeps for one who does not read
            core.publish(OrderClosed(12345, 0, 0, "cancelled"))
        while await early.read() is not None:
            pass
        late = pulse.open()
        await wait_for_listener(core)
        core.publish(AuctionSeen(4, 3, 5, 5, 5))  # of any market
        names = set()
        while "auction" not in names:
            told = await late.read()
            assert told is not None
            names.add(told.name)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    run(main())


def test_a_look_that_fails_is_followed_by_the_next(pulse: Pulse, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        monkeypatch.setattr("sequencer.node.api.pulse._BEAT_S", 0.01)
        whole, fails = pulse._look, iter([True, False])
        monkeypatch.setattr(pulse, "_look", lambda: 1 // 0 if next(fails, False) else whole())
        running = asyncio.create_task(pulse.run())
        for _ in range(200):
            await asyncio.sleep(0.01)
            if len(pulse._recorder.spell().times_ms):
                break
        assert len(pulse._recorder.spell().times_ms) >= 1
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    run(main())


def test_past_keeps_the_last_minutes(pulse: Pulse) -> None:
    summary = pulse._look()
    for second in range(MAX_SAMPLES + 5):
        pulse._recorder.add(replace_time(summary, 1000 * second))
    past = pulse._recorder.spell()
    assert (len(past.times_ms), past.times_ms[0]) == (MAX_SAMPLES, 5_000)
    assert {len(market.marks) for market in past.markets} == {MAX_SAMPLES}
    assert past.markets[0].marks[0] == AVAX_PRICE


def replace_time(summary: Any, time_ms: int) -> Any:  # noqa: ANN401 (a struct)
    return msgspec.structs.replace(summary, time_ms=time_ms)


def test_summary_holds_the_fund_and_the_fractions_without_congestion(core: SteppedNode) -> None:
    fund, terms = core.get_account(0), core.params.markets[0]
    summary = make_summary(core, GasBook(), 10**15)
    assert fund is not None
    assert int(summary.fund_atoms) == fund.equity_atoms
    assert (summary.markets[0].base_initial_ppm, summary.markets[0].base_maintenance_ppm) == (
        terms.initial_ppm,
        terms.maintenance_ppm,
    )
    assert summary.interval_s is None


def test_summary_tells_of_a_clock_that_was_ahead(core: SteppedNode) -> None:
    assert make_summary(core, GasBook(), 10**15).batches_resume_s == 0
    header = replace(
        core.live.state.header, timestamp_s=int(time.time()) + 86_400
    )  # as a batch of that clock leaves it
    core.live.state = replace(core.live.state, header=header)
    core.alarms = ("low_balance: 5 wei",)
    summary = make_summary(core, GasBook(), 10**15)
    assert 86_400 - 60 < summary.batches_resume_s <= 86_401
    assert [alarm.partition(":")[0] for alarm in summary.alarms] == ["low_balance", "clock"]


def test_gas_an_order_is_that_of_whole_groups_with_orders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(server: Served, _: httpx.AsyncClient) -> None:
        core, gas = server.core, GasBook()
        first = await trade(core)
        for _ in range(3):
            await trade(core)
        assert gas.compute_per_order(core) is None
        await settle(core, 0, range(first, first + 2), 80_000)  # two orders a batch
        assert gas.compute_per_order(core) == 20_000
        await settle(core, 1, range(first + 2, first + 3), None)
        await settle(core, 2, range(first + 3, first + 4), 60_000)
        assert gas.compute_per_order(core) == 140_000 / 6
        monkeypatch.setattr("sequencer.node.api.gas_book._RECENT_BATCHES", 3)  # group 0 is not whole any more
        assert gas.compute_per_order(core) == 30_000

    served(tmp_path, test)


@pytest.mark.parametrize(
    ("ages_s", "expected_s"),
    [((), None), ((5,), None), ((5, 8), 3.0), ((1, 2, 5), 2.0), ((5, 70), None), ((61, 62), None)],
)
def test_interval_is_that_of_the_last_minute(ages_s: tuple[int, ...], expected_s: float | None) -> None:
    now_us = 10**15
    batches = [replace(BATCH, sealed_us=now_us - age_s * 10**6) for age_s in ages_s]
    assert compute_interval_s(batches, now_us) == expected_s


def test_fee_range_ends_at_the_least_fee() -> None:
    assert compute_fee_range(8, 8)[0] == 8
    low, high = compute_fee_range(8 * 10**9, 1)
    assert low == pytest.approx(8 * 10**9 * (7 / 8) ** 5, rel=1e-6)
    assert high == pytest.approx(8 * 10**9 * (9 / 8) ** 5, rel=1e-6)
