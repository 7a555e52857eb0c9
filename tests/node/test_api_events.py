"""The event stream: a snapshot first, then what happens; nothing of before after a restart; no more than fits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from tests.node.small_core import SmallCore

from sequencer.node.api import ApiLimits
from sequencer.node.api.gas_book import GasBook
from sequencer.node.api.past import MAX_SAMPLES
from sequencer.node.api.pulse import Pulse, Told, Watcher
from sequencer.node.api.summary import compute_fee_range, compute_interval_s, make_summary
from sequencer.node.event_types import FillSeen, OrderClosed
from sequencer.node.refusals import SubscriberSlow
from sequencer.node.stages import SETTLED, Settlement, record_settlement
from sequencer.node.view_types import BatchStage, BatchView
from tests.node.api_client import Served, connect, run, serve, served
from tests.node.events_client import wait_for, watching
from tests.scenarios import AVAX_PRICE

LIQUIDATED = FillSeen(4, 3, 0, 1, 0, 0, 5, AVAX_PRICE, 0, 10**18, 1_760_000_000, is_liquidation=True)
BATCH = BatchView(4, 1_760_000_000, BatchStage.SEQUENCED, None, 2, 1, 0, 0, 1, 2, 10**15, None, None)


def test_stream_begins_with_all_there_is_and_goes_on(tmp_path: Path) -> None:
    async def test(server: Served, client: httpx.AsyncClient) -> None:
        core = server.core
        core.batches.append(BATCH)
        async with watching(server, client) as events:
            first = await anext(events)
            assert (first.name, first.retry) == ("snapshot", "1000")
            assert first.id == f"{first.data['facts']['instance']}-{first.id.rpartition('-')[2]}"
            assert [batch["number"] for batch in first.data["batches"]] == [4]
            assert first.data["summary"]["markets"][0]["info"]["name"] == "AVAX-USD"
            core.publish(LIQUIDATED)
            assert (await wait_for(events, "liquidation")).data["account"] == 3
            core.publish(replace(BATCH, stage=BatchStage.PROVED))
            assert (await wait_for(events, "batch")).data["stage"] == "proved"
            summary = await wait_for(events, "summary")
            assert summary.data["fees"]["base_fees"] == first.data["summary"]["fees"]["base_fees"]
        async with watching(server, client) as events:
            again = await anext(events)
            assert again.data["facts"] == first.data["facts"]
            assert [fill["account"] for fill in again.data["liquidations"]] == [3]
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


def make_pulse(folder: Path) -> Pulse:
    return Pulse(SmallCore(folder), None, "page")


def test_invalid_watcher_that_does_not_read_is_dropped(tmp_path: Path) -> None:
    async def main() -> None:
        pulse = make_pulse(tmp_path)
        slow, quick = pulse.open(), pulse.open()
        for _ in range(1_000):
            pulse.hear(BATCH)
            await quick.read()
        assert len(pulse) == 1
        assert await slow.read() is None
        assert isinstance(await quick.read(), Told)

    run(main())


def test_snapshot_is_made_once_a_second_however_many_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def read_names(watcher: Watcher, count: int) -> list[str]:
        return [told.name for _ in range(count) if (told := await watcher.read()) is not None]

    async def main() -> None:
        pulse, made = make_pulse(tmp_path), [0]
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


def test_lost_events_end_the_streams_so_that_pages_begin_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        monkeypatch.setattr("sequencer.node.api.pulse._BEAT_S", 0.01)
        core = SmallCore(tmp_path)
        turns, is_open = iter([SubscriberSlow(10_001), BATCH]), asyncio.Event()

        async def watch(accounts: Any, markets: Any) -> AsyncIterator[Any]:  # noqa: ANN401
            assert 12345 in accounts
            assert 3 in markets
            turn = next(turns)
            if isinstance(turn, Exception):
                raise turn
            await is_open.wait()
            yield turn
            await asyncio.Event().wait()

        core.watch = watch  # type: ignore[method-assign]
        pulse = Pulse(core, None, "page")
        early = pulse.open()
        running = asyncio.create_task(pulse.run())
        while await early.read() is not None:
            pass
        late = pulse.open()
        is_open.set()
        names = set()
        while "batch" not in names:
            told = await late.read()
            assert told is not None
            names.add(told.name)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    run(main())


def test_a_look_that_fails_is_followed_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        pulse = make_pulse(tmp_path)
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


def test_past_keeps_the_last_minutes(tmp_path: Path) -> None:
    pulse = make_pulse(tmp_path)
    summary = pulse._look()
    for second in range(MAX_SAMPLES + 5):
        pulse._recorder.add(replace_time(summary, 1000 * second))
    past = pulse._recorder.spell()
    assert (len(past.times_ms), past.times_ms[0]) == (MAX_SAMPLES, 5_000)
    assert {len(market.marks) for market in past.markets} == {MAX_SAMPLES}
    assert past.markets[0].marks[0] == AVAX_PRICE


def replace_time(summary: Any, time_ms: int) -> Any:  # noqa: ANN401 (a struct)
    return msgspec.structs.replace(summary, time_ms=time_ms)


def test_summary_holds_the_fund_and_the_fractions_without_congestion(tmp_path: Path) -> None:
    core = SmallCore(tmp_path)
    fund, terms = core.get_account(0), core.params.markets[0]
    summary = make_summary(core, GasBook(), 10**15)
    assert fund is not None
    assert int(summary.fund_atoms) == fund.equity_atoms
    assert (summary.markets[0].base_initial_ppm, summary.markets[0].base_maintenance_ppm) == (
        terms.initial_ppm,
        terms.maintenance_ppm,
    )
    assert summary.interval_s is None


def keep_settled(core: SmallCore, group: int, numbers: range, fills: int, gas_used: int | None) -> None:
    """Keep batches as settled, in a group of so many, with so many fills each."""
    for number in numbers:
        core.batches.append(replace(BATCH, number=number, group=group, fills=fills, stage=BatchStage.SETTLED))
    place = (group, numbers.start, len(numbers), "ab" * 32, 9, 1_760_000_000)
    _, (artifact,) = record_settlement(Settlement(*place, gas_used))
    core.store.put_artifact(SETTLED, artifact.name, artifact.body)


def test_gas_an_order_is_that_of_whole_groups_with_orders(tmp_path: Path) -> None:
    core, gas = SmallCore(tmp_path), GasBook()
    assert gas.compute_per_order(core) is None
    keep_settled(core, 0, range(1, 3), 9, 400_000)  # 20 with a liquidation each
    assert gas.compute_per_order(core) == 20_000
    keep_settled(core, 1, range(3, 4), 0, None)  # sent by another process
    keep_settled(core, 2, range(4, 5), 9, 600_000)
    assert gas.compute_per_order(core) == 1_000_000 / 30
    core.batches = core.batches[1:]  # group 0 is not whole any more
    assert gas.compute_per_order(core) == 60_000


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
