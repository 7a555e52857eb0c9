"""A node followed over its end and its return, and nodes that are silent, repeat themselves, or never were."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from prover import kernel
from sequencer.client.errors import NodeUnreachable
from sequencer.node.api import make_app, serving
from sequencer.top import feed as feed_module
from sequencer.top.feed import Feed, read_view
from sequencer.top.state import View
from tests.node.api_client import run
from tests.node.progress import trade
from tests.node.stepped_node import SteppedNode
from tests.node.test_api_events import LIQUIDATED

PATIENCE_S = 20


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_module, "_AGAIN_S", 0.02)


@asynccontextmanager
async def serve_at(folder: Path, port: int) -> AsyncIterator[tuple[SteppedNode, int]]:
    """Serve a stepped node on a port, which is the same after a restart."""
    kernel.install()
    core = SteppedNode(folder)
    core.begin()
    try:
        async with serving(make_app(core), port=port) as at:
            yield core, at
    finally:
        await core.end()


class Watched:
    """A feed that runs, and every view it told."""

    def __init__(self, url: str) -> None:
        self.views: list[View] = []
        self._news = asyncio.Event()
        self.task = asyncio.create_task(Feed(url, self._take).run())

    def _take(self, view: View) -> None:
        self.views.append(view)
        self._news.set()

    async def wait_for(self, check: Callable[[View], bool]) -> View:
        async with asyncio.timeout(PATIENCE_S):
            while not (self.views and check(self.views[-1])):
                self._news.clear()
                await self._news.wait()
        return self.views[-1]

    async def end(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


def test_node_is_followed_over_a_restart(tmp_path: Path) -> None:
    async def test() -> None:
        async with serve_at(tmp_path / "one", 0) as (core, port):
            watched = Watched(f"http://127.0.0.1:{port}")
            await watched.wait_for(lambda _: True)
            number = await trade(core)
            before = await watched.wait_for(lambda view: bool(view.batches))
            assert [batch.number for batch in before.batches] == [number]
            core.publish(LIQUIDATED)
            before = await watched.wait_for(lambda view: bool(view.liquidations))
        lost = await watched.wait_for(lambda view: not view.is_live)
        assert (lost.batches, lost.liquidations) == (before.batches, before.liquidations)  # told to be of before
        async with serve_at(tmp_path / "two", port):  # another process, which knows nothing of all that
            back = await watched.wait_for(lambda view: view.is_live)
            assert back.facts.instance != before.facts.instance
            assert (back.batches, back.liquidations, back.auctions) == ((), (), {})
            assert back.restarted_s is not None
            assert back.past.times_ms == () or back.past.times_ms[0] > before.summary.time_ms
        await watched.end()

    run(test())


def test_node_that_never_was_is_an_error_at_once() -> None:
    async def test() -> None:
        watched = Watched("http://127.0.0.1:9")
        with pytest.raises(NodeUnreachable):
            await asyncio.wait_for(watched.task, PATIENCE_S)
        with pytest.raises(NodeUnreachable):
            await read_view("http://127.0.0.1:9")

    run(test())


def test_node_that_falls_silent_is_lost_and_sought_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        monkeypatch.setattr(feed_module, "_SILENCE_S", 0.05)
        monkeypatch.setattr("sequencer.node.api.pulse._BEAT_S", 60)
        async with serve_at(tmp_path, 0) as (_, port):
            watched = Watched(f"http://127.0.0.1:{port}")
            await watched.wait_for(lambda view: not view.is_live)
            back = await watched.wait_for(lambda view: view.is_live)
            assert back.restarted_s is None  # the same process
            await watched.end()

    run(test())
