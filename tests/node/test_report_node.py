"""`zkmargin report` of a node: a log with a fill, a liquidation and accounts deleveraged, read beside its leader."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from prover import kernel
from rollup.codec import encode_trace
from rollup.rescue import Victim
from rollup.shapes import TINY
from sequencer.node.commands import Kind
from sequencer.node.errors import StoreUnavailable
from sequencer.node.links import Record
from sequencer.node.opening import open_store
from sequencer.node.outcome import decode_outcome
from sequencer.node.proving_errors import PipelineCorrupt
from sequencer.node.reading import find_database, open_view
from sequencer.node.sqlite_store import DATABASE_FILE
from sequencer.node.stages import BATCH, SETTLED, Settlement, name_batch, name_group, record_settlement
from sequencer.node.store import Artifact, Store
from sequencer.report.figures import Subject
from sequencer.report.node import read_node_subject
from sequencer.report.totals import spell_usd
from tests.cli.helpers import assert_refused, list_files, run_json
from tests.cli.report_page import read_page
from tests.node.small_node import MARK, SmallNode, trade
from tests.node_stores import edit

Capsys = pytest.CaptureFixture[str]
_SHAPE = replace(TINY, name="town")  # no shape of this program's: its circuit need not be built to be drawn
_PROVED_MS = (2_500, 1_500)
_GAS = 440_445
_EQUITY_ATOMS = 10**9  # of each account: a fall by 35 ticks is too much for some, by 60 for others


class Made:
    """A small node that ran for some seconds, and the folder that its store was written to."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.node, self.traces = folder, SmallNode(_SHAPE, _EQUITY_ATOMS), []
        trade(self.node)
        for mark in (MARK, MARK - 35, MARK - 60, MARK - 60):
            self.traces.append(self.node.clear(60, mark))
            self.node.submit(self.node.order(2, 3, mark - 20, slot=1))
        with open_store(folder / "store") as store:
            self.fill(store)

    def fill(self, store: Store) -> None:
        """Write the log with the batches' files, then what became of the first group."""
        for record in self.node.log:
            store.append([Record(record.kind, record.body)], now_us=record.time_us)
        store.append(
            (), artifacts=[Artifact(BATCH, name_batch(n), encode_trace(t)) for n, t in enumerate(self.traces, 1)]
        )
        now_us = self.node.now_s * 10**6
        group = Record(Kind.GROUP, (0).to_bytes(8, "big") + (1).to_bytes(4, "big") + b"\x02" + bytes(32))
        store.append([group], now_us=now_us + 1_000_000)
        for batch, took_ms in enumerate(_PROVED_MS, 1):
            proved = batch.to_bytes(4, "big") + bytes(8) + took_ms.to_bytes(4, "big")
            store.append([Record(Kind.PROVED, proved)], now_us=now_us + 2_000_000)
        record, artifacts = record_settlement(Settlement(0, 1, 2, "00" * 32, 5, self.node.now_s, _GAS))
        store.append([record], now_us=now_us + 9_000_000, artifacts=artifacts)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    kernel.install()
    return Made(tmp_path_factory.mktemp("day") / "node")


@pytest.fixture
def folder(made: Made, tmp_path: Path) -> Path:
    """A copy of the node's folder, to be damaged."""
    return Path(shutil.copytree(made.folder, tmp_path / "node"))


def read(folder: Path, hours: float = 24) -> Subject:
    return read_node_subject(folder / "store" / DATABASE_FILE, "node", hours, lambda *_: None)


def test_page_of_a_node_that_runs(made: Made, tmp_path: Path, capsys: Capsys) -> None:
    """Its leader has the store open, writes before and after, and notices nothing."""
    with open_store(made.folder / "store", is_verified=False) as store:
        head = store.head
        found = run_json(capsys, "report", made.folder, "--out", tmp_path / "out")
        store.append(())
        assert (store.head, store.epoch) == (head, 2)
    page = read_page(tmp_path / "out")
    facts = page.facts
    outcomes = [decode_outcome(record.body) for record in made.node.log if record.kind == Kind.OUTCOME]
    fills = [fill for outcome in outcomes if outcome.batch for fill in outcome.batch.fills]
    orders = [fill for fill in fills if not fill.is_liquidation]
    assert facts["fills"] == str(len(orders))
    assert facts["liquidations"] == str(len(fills) - len(orders)) == "1"
    victims = sum(isinstance(lane.op, Victim) for trace in made.traces for lane in trace.rescue_lanes)
    assert (facts["deleveraged"], facts["takeovers"]) == (str(victims), "0")
    assert victims == 2
    assert facts["trading fees paid"] == spell_usd(sum(fill.trading_fee_atoms for fill in orders))
    assert facts["markets"] == "ONE, TWO"
    assert facts["orders acknowledged"] == str(sum(record.kind == Kind.ORDER for record in made.node.log))
    assert found["kind"] == "node"
    for sentence in found["missing"]:
        assert sentence in page.text
    assert any("parts are not known" in sentence for sentence in found["missing"])
    assert any("knows no shape town" in sentence for sentence in found["missing"])
    assert any("bad debt is not shown" in sentence for sentence in found["missing"])


def test_batches_are_those_of_the_log(made: Made) -> None:
    subject = read(made.folder)
    assert [batch.number for batch in subject.batches] == [1, 2, 3, 4]
    for batch, trace in zip(subject.batches, made.traces, strict=True):
        assert batch.timestamp_s == trace.header_after.timestamp_s
        assert tuple(market.mark_ticks for market in batch.markets) == trace.header_after.marks_ticks[:2]
        assert batch.liquidations == sum(lane.liquidation is not None for lane in trace.trade_lanes)
    traded = [[market.price_ticks is not None for market in batch.markets] for batch in subject.batches]
    assert traded == [[True, False], [True, False], [False, False], [False, False]]
    assert [batch.markets[0].deleveraged for batch in subject.batches] == [0, 0, 1, 1]
    assert sum(batch.markets[1].deleveraged for batch in subject.batches) == 0


def test_proofs_gas_and_stages_of_a_node(made: Made) -> None:
    subject = read(made.folder)
    assert subject.proving is not None
    assert [proof.prove_s for proof in subject.proving.proofs] == [2.5, 1.5]
    (group,) = subject.gas
    assert (group.batches, group.orders, group.gas) == (2, 4, _GAS)
    assert [(stage.name, stage.batches, stage.groups) for stage in subject.stages] == [
        ("sequenced", 4, None),
        ("sealed", 2, 1),
        ("proved", 2, None),
        ("settled", 2, 1),
    ]
    assert subject.stages[2].note.startswith("152.0 s")  # 182 and 122 after the first and the second: in the middle


def test_nothing_is_written_to_a_store_that_stands_still(folder: Path) -> None:
    before = list_files(folder)
    assert sorted(before) == ["store/leader.lock", "store/store.sqlite3"]
    read(folder)
    assert list_files(folder) == before


def test_hours_count_back_from_the_last_record(made: Made) -> None:
    last = read(made.folder, hours=30 / 3_600)
    assert [batch.number for batch in last.batches] == [4]
    assert dict(last.facts)["batches"] == 1
    assert last.gas == ()
    assert any("of gas only the curve" in sentence for sentence in last.missing)
    assert any("nothing is shown of proving" not in sentence for sentence in last.missing)


def test_a_log_that_was_cut_is_read_from_where_it_begins(folder: Path) -> None:
    edit(str(folder / "store"), "DELETE FROM zkm_log WHERE sequence < 12")
    assert [batch.number for batch in read(folder).batches] == [2, 3, 4]


def test_rescues_whose_batch_is_gone_are_said_to_be(folder: Path) -> None:
    edit(str(folder / "store"), "DELETE FROM zkm_artifacts WHERE kind = 'batch' AND name < %s", (name_batch(4),))
    subject = read(folder)
    assert sum(batch.deleveraged for batch in subject.batches) == 1
    assert any("files of 1 batches with rescues" in sentence for sentence in subject.missing)


def test_a_backup_or_the_store_s_folder_will_do(made: Made, tmp_path: Path) -> None:
    with open_store(made.folder / "store", is_verified=False) as store:
        store.backup(tmp_path / "backup")
    for path in (tmp_path / "backup", made.folder / "store", made.folder):
        database = find_database(path)
        assert database is not None
        assert len(read_node_subject(database, "x", 24, lambda *_: None).batches) == 4
    assert find_database(tmp_path / "absent") is None


# What is refused


def test_invalid_log_without_batches(tmp_path: Path, capsys: Capsys) -> None:
    with open_store(tmp_path / "node" / "store") as store:
        assert_refused(capsys, "no batch in the last 24 hours", "report", tmp_path / "node")
        store.append([Record(Kind.AUCTION, b"x")], now_us=10**15)
    assert_refused(capsys, "no batch in the last 2 hours", "report", tmp_path / "node", "--hours", "2")
    assert not (tmp_path / "node-report").exists()


@pytest.mark.parametrize("hours", ["0", "-1", "nan", "1.5", "9999999"])
def test_invalid_hours(hours: str, made: Made, capsys: Capsys) -> None:
    assert_refused(capsys, "--hours", "report", made.folder, "--hours", hours)


@pytest.mark.parametrize(
    ("statement", "fact"),
    [
        ("UPDATE zkm_log SET body = x'00' WHERE sequence = 9", "record 9: got another link"),
        ("UPDATE zkm_log SET time_us = 'x' WHERE sequence = 9", "record 9"),
        ("DELETE FROM zkm_log WHERE sequence = 9", "record 9: got none"),
        ("DELETE FROM zkm_log WHERE sequence > 20", "record"),
        ("UPDATE zkm_head SET version = 2", "head"),
        ("DELETE FROM zkm_head", "head"),
        ("DROP TABLE zkm_head", "no such table"),
        ("UPDATE zkm_artifacts SET body = x'00' WHERE kind = 'batch'", "batch-0000000004: got other bytes"),
    ],
)
def test_invalid_store_that_is_damaged(statement: str, fact: str, folder: Path, capsys: Capsys) -> None:
    edit(str(folder / "store"), statement)
    assert_refused(capsys, fact, "report", folder, "--out", folder / "out")
    assert not (folder / "out").exists()


def test_invalid_settlement_in_a_store(folder: Path) -> None:
    body = json.dumps({"group": 0, "first_batch": "1", "n_batches": 2, "transaction": "", "block": 0, "timestamp_s": 0})
    edit(str(folder / "store"), "DELETE FROM zkm_artifacts WHERE kind = 'settled'")
    with open_store(folder / "store", is_verified=False) as store:
        store.put_artifact(SETTLED, name_group(0), body.replace("}", ', "gas_used": 7}').encode())
    with pytest.raises(PipelineCorrupt):
        read(folder)


def test_invalid_file_that_is_no_database(tmp_path: Path, capsys: Capsys) -> None:
    (tmp_path / "file").write_text("x" * 5_000)
    assert_refused(capsys, "SQLITE_NOTADB", "report", tmp_path / "file")


def test_invalid_store_on_which_a_node_starts_while_it_is_read(folder: Path) -> None:
    database = folder / "store" / DATABASE_FILE
    started = pytest.raises(StoreUnavailable, match="a node was started on it")
    with closing(sqlite3.connect(database, isolation_level=None)) as writer, started, open_view(database):
        writer.execute("CREATE TABLE other (x)")
