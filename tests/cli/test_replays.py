"""Replays: every trade of a tape sent, samples proved, the plot, and the figures that the manifest holds."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollup.codec import decode_trace
from rollup.orders import IOC, POST_ONLY, REDUCE_ONLY
from rollup.rescue import ForcedTradeLeg
from rollup.shapes import BLOCK, TINY
from rollup.txs import CashOp
from sequencer import plotting, replay
from sequencer.cli.main import run_cli
from sequencer.manifest import read_manifest
from sequencer.market import CONTRACT_USD
from sequencer.sweeps import count_takers, cut_sweeps, merge_sweeps
from sequencer.tape import PRICE_E9, Trade
from tests.cli.conftest import EXAMPLE
from tests.cli.helpers import assert_refused, edit_json, list_files, run_json

Capsys = pytest.CaptureFixture[str]

trades = st.lists(
    st.builds(
        Trade,
        time_ms=st.integers(0, 20_000),
        is_buy=st.booleans(),
        price_e9=st.integers(20 * PRICE_E9, 25 * PRICE_E9),
        contracts=st.integers(1, 9),
    ),
    min_size=1,
    max_size=60,
).map(lambda tape: sorted(tape, key=lambda trade: trade.time_ms))


@given(tape=trades)
def test_a_sweep_is_one_millisecond_and_side(tape: list[Trade]) -> None:
    sweeps = merge_sweeps(tape)
    assert sum(sweep.contracts for sweep in sweeps) == sum(trade.contracts for trade in tape)
    assert all((one.time_ms, one.is_buy) != (two.time_ms, two.is_buy) for one, two in pairwise(sweeps))


@given(tape=trades, n_takers=st.integers(1, 5))
def test_slices_of_sweeps_hold_each_once_and_time_rises(tape: list[Trade], n_takers: int) -> None:
    slices = cut_sweeps(tape, n_takers)
    assert [sweep for part in slices for sweep in part.trades] == merge_sweeps(tape)
    assert all(1 <= len(part.trades) <= n_takers for part in slices)
    assert all(one.timestamp_s < two.timestamp_s for one, two in pairwise(slices))
    assert all(part.timestamp_s >= part.trades[-1].time_ms // 1000 for part in slices)


def test_takers_have_the_lanes_of_one_order() -> None:
    assert [count_takers(shape) for shape in (TINY, BLOCK)] == [2, 22]


def write_tape(path: Path, n_trades: int, contracts: int = 40) -> Path:
    """Write a tape whose price falls by a half, buys and sells in turn, three trades a second."""
    rows = (
        f"{1_760_130_000_000 + i * 333},{i},{'sell' if i % 3 else 'buy'},{24 - 12 * i // n_trades}.5,{contracts}"
        for i in range(n_trades)
    )
    path.write_text("\n".join(["time_ms,id,side,price,amount", *rows]) + "\n")
    return path


@pytest.fixture(scope="module")
def long_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every trade of a tape, in batches of the largest shape."""
    folder = tmp_path_factory.mktemp("long")
    tape = write_tape(folder / "tape.csv", 1_200)
    options = ["--all-trades", "--shape", "block", "--accounts", "40", "--out", str(folder / "run")]
    assert run_cli(["replay", str(tape), *options]) == 0
    return folder / "run"


def list_traces(run: Path) -> list[replay.BatchResult]:
    return [decode_trace((run / entry.file).read_bytes()) for entry in read_manifest(run).batches]


def test_every_trade_is_somebodys_order(long_run: Path) -> None:
    placed: dict[tuple[int, int, int], int] = {}
    for trace in list_traces(long_run):
        for lane in trace.trade_lanes:
            for fill in lane.fills:
                order = fill.order
                if not order.is_post_only:
                    placed[order.account, order.slot, order.nonce] = order.size_lots
    # what trades of it depends on the others; here nearly all does
    assert 0.9 * 1_200 <= len(placed) <= 1_200 + 3 * len(list_traces(long_run))


def test_a_long_replay_has_every_kind_of_operation(long_run: Path) -> None:
    traces = list_traces(long_run)
    lanes = [lane for trace in traces for lane in trace.cash_lanes if lane.op is not None]
    kinds = Counter(type(lane.op) for lane in lanes if lane.is_applied)
    assert set(CashOp.__args__) - set(kinds) <= NEEDS_LUCK
    assert any(not lane.is_applied for lane in lanes)
    rescues = [lane.op for trace in traces for lane in trace.rescue_lanes]
    assert any(isinstance(op, ForcedTradeLeg) and op.is_applied for op in rescues)
    flags = Counter(fill.order.flags for trace in traces for lane in trace.order_lanes for fill in lane.fills)
    assert {0, IOC, REDUCE_ONLY, POST_ONLY} <= flags.keys()
    assert any(lane.fills for trace in traces for lane in trace.quote_lanes)
