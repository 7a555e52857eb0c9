"""A process that keeps dying is started again after pauses that grow, up to a bound, and the node says so."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollup.rejections import AccountNotOpen
from sequencer.node import engine
from sequencer.node.node import Node
from sequencer.node.restarts import HEALTHY_S, MAX_PAUSE_S, Restarts
from tests.node.dying_engine import die
from tests.node.market import Market, make_snapshot
from tests.node.test_node import run, wait_for


def test_pauses_grow_to_a_bound_and_begin_anew_after_a_healthy_life() -> None:
    restarts, now_s, pauses = Restarts("engine"), 0.0, []
    for _ in range(12):
        restarts.note_start(now_s)
        now_s += 0.1
        pauses.append(restarts.note_end(now_s))
        now_s += pauses[-1]
    assert pauses[:5] == [0, 0.25, 0.5, 1, 2]
    assert pauses[-1] == MAX_PAUSE_S
    restarts.note_start(now_s)
    assert "ended 12 times in a row, the last time after 0.1 s" in (restarts.find_alarm(now_s) or "")
    assert restarts.find_alarm(now_s + HEALTHY_S) is None
    assert restarts.note_end(now_s + HEALTHY_S) == 0
    assert restarts.find_alarm(now_s + HEALTHY_S) is None


@given(st.lists(st.floats(0, 3 * HEALTHY_S), min_size=1, max_size=60))
def test_starts_are_never_many_in_a_short_time(lives_s: list[float]) -> None:
    restarts, now_s, starts = Restarts("engine"), 0.0, []
    for life_s in lives_s:
        starts.append(now_s)
        restarts.note_start(now_s)
        now_s += life_s
        pause_s = restarts.note_end(now_s)
        assert 0 <= pause_s <= MAX_PAUSE_S
        now_s += pause_s
    for start_s in starts:
        assert sum(start_s <= other_s < start_s + 60 for other_s in starts) <= 16


def test_engine_that_dies_at_once_is_an_alarm_and_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "run_engine", die)

    async def play(node: Node, market: Market) -> None:
        await wait_for(lambda: node.get_status().alarms)
        (alarm,) = node.get_status().alarms
        assert alarm.startswith("engine: ended 2 times in a row")
        assert node._auctioneer.engine_pid is None  # it waits
        await wait_for(lambda: node._auctioneer.deaths == 3)  # and was started again
        assert isinstance((await node.submit([market.cancel(2, 0, 0)]))[0], AccountNotOpen)  # the rest goes on

    run(tmp_path, make_snapshot(), play)
