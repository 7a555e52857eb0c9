"""Replays: every trade of a tape sent, samples proved, the plot, and the figures that the manifest holds."""

from __future__ import annotations

import gzip
import shutil
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circuits.cash_inputs import KIND_OF
from rollup.codec import decode_trace
from rollup.orders import IOC, POST_ONLY, REDUCE_ONLY
from rollup.rescue import Counterparty, ForcedTradeLeg, Takeover, Victim
from rollup.shapes import BLOCK, TINY
from rollup.trace import BatchTrace
from sequencer import replay
from sequencer.cli.main import run_cli
from sequencer.manifest import read_manifest
from sequencer.sweeps import count_takers, cut_sweeps, merge_sweeps
from sequencer.tape import HEADER, PRICE_E9, Trade, read_tape
from tests.cli.conftest import EXAMPLE
from tests.cli.helpers import assert_refused, edit_json, list_files, run_json

RESCUES = (Takeover, Victim, Counterparty, ForcedTradeLeg)
FALL = slice(3_500, 4_900)  # of the example's trades: from 20 to 6 USD, and half the way back

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


@pytest.fixture(scope="module")
def fall() -> list[str]:
    """The trades of the fall, a line each."""
    return gzip.decompress(EXAMPLE.read_bytes()).decode().splitlines()[1:][FALL]


@pytest.fixture(scope="module")
def long_run(fall: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every trade of the fall, in batches of the largest shape."""
    folder = tmp_path_factory.mktemp("long")
    (folder / "tape.csv").write_text("\n".join([HEADER, *fall]) + "\n")
    options = ["--all-trades", "--shape", "block", "--accounts", "40", "--out", str(folder / "run")]
    assert run_cli(["replay", str(folder / "tape.csv"), *options]) == 0
    return folder / "run"


def list_traces(run: Path) -> list[BatchTrace]:
    return [decode_trace((run / entry.file).read_bytes()) for entry in read_manifest(run).batches]


def test_nearly_every_sweep_is_filled(long_run: Path) -> None:
    filled = {
        (fill.order.account, fill.order.slot, fill.order.nonce)
        for trace in list_traces(long_run)
        for lane in trace.trade_lanes
        for fill in lane.fills
        if not fill.order.is_post_only
    }
    n_sweeps = len(merge_sweeps(read_tape(long_run.parent / "tape.csv")))
    assert 0.8 * n_sweeps <= len(filled) <= n_sweeps


def test_a_long_replay_has_every_kind_of_operation(long_run: Path) -> None:
    traces = list_traces(long_run)
    lanes = [lane for trace in traces for lane in trace.cash_lanes if lane.op is not None]
    kinds = Counter(type(lane.op) for lane in lanes if lane.is_applied)
    assert [kind.__name__ for kind in KIND_OF if kind not in kinds] == []
    assert any(not lane.is_applied for lane in lanes)
    rescues = Counter(type(lane.op) for trace in traces for lane in trace.rescue_lanes)
    assert [kind.__name__ for kind in RESCUES if kind not in rescues] == []
    flags = Counter(fill.order.flags for trace in traces for lane in trace.order_lanes for fill in lane.fills)
    assert {0, IOC, REDUCE_ONLY, POST_ONLY} <= flags.keys()
    assert any(lane.fills for trace in traces for lane in trace.quote_lanes)


def test_compare_settles_every_kind_directly(long_run: Path, capsys: Capsys) -> None:
    found = run_json(capsys, "compare", long_run)
    assert (found["equal"], found["proved"]) == (True, 0)
    assert found["n_batches"] == len(found["batches"])


def test_totals_add_up_and_end_with_the_last_batch(tmp_path: Path, capsys: Capsys) -> None:
    found = run_json(capsys, "replay", EXAMPLE, "--out", tmp_path / "run")
    batches = found["batches"]
    for name in ("liquidations", "takeovers", "deleveraged", "adl_lots"):
        assert found[name] == sum(batch[name] for batch in batches) > 0
    for name in ("fund_atoms", "bad_debt_atoms"):
        assert found[name] == batches[-1][name]
    assert found["identity_held"] is True
    assert {"congestion_ppm", "identity_held"} <= batches[0].keys()


def test_invalid_all_trades_with_too_few_to_take_them(
    fall: list[str], tmp_path: Path, capsys: Capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "_MAX_EXTRA", 0)
    tape, out = tmp_path / "tape.csv", tmp_path / "run"
    tape.write_text("\n".join([HEADER, *fall[:30]]) + "\n")
    options = ("--all-trades", "--shape", "tiny", "--accounts", "3", "--out", out)
    assert_refused(capsys, "trades find nobody", "replay", tape, *options)
    assert not out.exists()


# the plot


def test_plot_is_drawn_and_the_same_each_time(tmp_path: Path, capsys: Capsys) -> None:
    pictures = []
    for name in ("a", "b"):
        arguments = ["replay", str(EXAMPLE), "--out", str(tmp_path / name), "--plot", str(tmp_path / f"{name}.svg")]
        assert run_cli(arguments) == 0
        pictures.append((tmp_path / f"{name}.svg").read_text())
    assert pictures[0] == pictures[1]
    assert "<svg" in pictures[0]
    for word in ("clearing price", "takeovers (", "fund equity", "congestion, %"):
        assert word in pictures[0]


def test_invalid_plot_of_an_unknown_kind(tmp_path: Path, capsys: Capsys) -> None:
    out = tmp_path / "run"
    assert_refused(capsys, "--plot crash.gif", "replay", EXAMPLE, "--out", out, "--plot", tmp_path / "crash.gif")
    assert not out.exists()


# a sample


@pytest.fixture(scope="module")
def _sample(tmp_path_factory: pytest.TempPathFactory, keys_dir: Path) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    options = ["--shape", "tiny", "--batches", "4", "--accounts", "4", "--out", str(folder)]
    assert run_cli(["replay", str(EXAMPLE), *options]) == 0
    assert run_cli(["prove", str(folder), "--every", "3", "--out", str(folder), "--keys", str(keys_dir)]) == 0
    return folder


@pytest.fixture
def sample(_sample: Path, tmp_path: Path) -> Path:
    """A folder of four tiny batches, the first and the last proved, to be tampered with."""
    return Path(shutil.copytree(_sample, tmp_path / "run"))


def test_a_sample_is_verified_and_says_how_many(sample: Path, capsys: Capsys) -> None:
    assert [name for name in sorted(list_files(sample)) if name.endswith(".proof.json")] == [
        "batch-0000.proof.json",
        "batch-0003.proof.json",
    ]
    found = run_json(capsys, "verify", sample)
    assert (found["valid"], found["proved"], found["n_batches"]) == (True, 2, 4)
    assert run_cli(["verify", str(sample)]) == 0
    last = "valid: 2 of 4 batches are proved; the blob's value was joined from proofs in 0 of 1 groups"
    assert capsys.readouterr().out.splitlines()[-1] == last


def test_a_sample_is_compared_and_says_how_many(sample: Path, capsys: Capsys) -> None:
    found = run_json(capsys, "compare", sample)
    assert (found["equal"], found["proved"], found["n_batches"]) == (True, 2, 4)
    assert [batch["gas"] is None for batch in found["batches"]] == [False, True, True, False]


@pytest.mark.parametrize(
    ("change", "fact"),
    [
        ({"every": 1}, "number of proofs: got 2, expected 4"),
        ({"every": 0}, "every: got 0"),
        ({"n_batches": 7}, "number of proofs: got 2, expected 3"),
        ({"every": "3"}, "every"),
    ],
)
def test_invalid_sample_that_claims_another_number(
    change: dict[str, object], fact: str, sample: Path, capsys: Capsys
) -> None:
    edit_json(sample / "proving.json", **change)
    assert_refused(capsys, fact, "verify", sample)


def test_invalid_chain_passed_off_as_whole(sample: Path, capsys: Capsys) -> None:
    edit_json(sample / "proving.json", every=1, n_batches=2)
    found = run_json(capsys, "verify", sample, status=1)
    assert "batch-0003: EVM: OldStateRootWrong" in found["reason"]


@pytest.mark.parametrize("every", ["0", "-1", "two"])
def test_invalid_sampling(every: str, sample: Path, tmp_path: Path, capsys: Capsys) -> None:
    assert_refused(capsys, "--every", "prove", sample, "--out", tmp_path / "proof", "--every", every)
    assert not (tmp_path / "proof").exists()
