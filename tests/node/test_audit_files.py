"""`zkmargin audit` over files: receipts as clients keep them, batches as nodes publish them; what is wrong is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rollup.shapes import TINY
from rollup.trace import BatchTrace
from sequencer.audit.published import read_published
from sequencer.audit.statements import encode_statements, read_statements
from sequencer.errors import DataFault, FileMalformed, FileMissing, FileTooLarge
from sequencer.groups import write_group
from sequencer.node.commands import Kind
from sequencer.queue_file import QUEUE, Queue, encode_queue
from sequencer.sealing import publish_batch, seal_group
from sequencer.snapshots import GENESIS, write_snapshot
from tests.cli.helpers import assert_refused, edit_json, flip_bit, run_json
from tests.node.small_node import DOMAIN, MARK, PUBLIC_KEY, SmallNode
from tests.node.wide_books import WIDE_PARAMS

KEY = f"{PUBLIC_KEY[0]},{PUBLIC_KEY[1]:#x}"


def publish(node: SmallNode, traces: list[BatchTrace], folder: Path) -> Path:
    """Write what a node publishes: two batches in the first group, the others in the second."""
    folder.mkdir()
    write_snapshot(folder / GENESIS, WIDE_PARAMS, node.genesis)
    (folder / QUEUE).write_bytes(encode_queue(Queue(0, ())))
    for number, part in enumerate((traces[:2], traces[2:])):
        batches = [publish_batch(f"batch-{trace.header_after.batch_number}", trace) for trace in part]
        write_group(folder, seal_group(number, TINY, batches))
    return folder


@pytest.fixture(scope="module")
def cheating(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A node that fills a cancelled order in its second batch of three: receipts.json, run/."""
    folder = tmp_path_factory.mktemp("cheating")
    node, traces = SmallNode(shape=TINY), []
    for turn in range(3):
        buy, sell = node.order(2, 5, MARK + 2), node.order(3, -5, MARK - 2)
        node.submit(buy, sell)
        node.hidden = {Kind.CANCEL} if turn == 1 else set()
        if turn == 1:
            node.submit(node.cancel(2, 0, buy.signed.order.nonce))
        trace = node.clear()
        assert trace is not None
        traces.append(trace)
    publish(node, traces, folder / "run")
    (folder / "receipts.json").write_bytes(encode_statements(node.receipts))
    return folder


def test_published_batches_are_rebuilt_from_blobs(cheating: Path) -> None:
    published = read_published(cheating / "run")
    assert [batch.number for batch in published.batches] == [1, 2, 3]
    assert published.batches[2].before.state_root == published.batches[1].after.state_root
    assert published.batches[0].source.startswith("group 0, blob 0x01")
    assert len(published.batches[0].fills) == 2


def test_audit_finds_it_and_ends_with_status_1(cheating: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--published", cheating / "run", "--receipt-key", KEY)
    found = run_json(capsys, "audit", cheating / "receipts.json", *options, status=1)
    (finding,) = found["findings"]
    assert (finding["rule"], finding["verdict"]) == ("fill_after_cancel", "misconduct")
    assert finding["published"]["source"].startswith("group 0, blob 0x01")
    assert (found["misconduct"], found["batches"], found["batches_placed"], found["unusable"]) == (1, 3, 3, [])


def test_the_evidence_of_a_finding_proves_it_again(
    cheating: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--published", cheating / "run", "--receipt-key", KEY)
    found = run_json(capsys, "audit", cheating / "receipts.json", *options, status=1)
    again = tmp_path / "evidence.json"
    whole = {"format": "zkmargin receipts", "version": 1, "statements": found["findings"][0]["evidence"]}
    again.write_text(json.dumps(whole))
    assert run_json(capsys, "audit", again, *options, status=1)["misconduct"] == 1


def test_tables_say_the_same(cheating: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from sequencer.cli.main import run_cli

    options = ["--published", str(cheating / "run"), "--receipt-key", KEY]
    assert run_cli(["audit", str(cheating / "receipts.json"), *options]) == 1
    assert "misconduct: fill_after_cancel: account 2, slot 0, nonce" in capsys.readouterr().out


def test_receipts_alone_are_compared(cheating: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = run_json(capsys, "audit", cheating / "receipts.json", "--receipt-key", KEY, "--domain", str(DOMAIN))
    assert (found["findings"], found["batches"]) == ([], 0)
    assert found["receipts"] > 10


def test_receipts_of_another_key_say_nothing(cheating: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from rollup.signature import derive_public_key

    x, y = derive_public_key(b"\x09" * 32)
    options = ("--published", cheating / "run", "--receipt-key", f"{x},{y}")
    found = run_json(capsys, "audit", cheating / "receipts.json", *options)
    assert (found["misconduct"], found["receipts"]) == (0, 0)
    assert len(found["unusable"]) > 10


def test_statements_are_read_as_they_were_written(cheating: Path) -> None:
    data = (cheating / "receipts.json").read_bytes()
    assert encode_statements(read_statements(cheating / "receipts.json")) == data


@pytest.mark.parametrize(
    ("options", "fact"),
    [
        (("--receipt-key", KEY), "--domain nothing"),
        (("--receipt-key", "1,2", "--domain", "5"), "is no key"),
        (("--receipt-key", "1", "--domain", "5"), "is no key"),
        (("--receipt-key", "x,y", "--domain", "5"), "is no number"),
        (("--receipt-key", KEY, "--published", "RUN", "--domain", "5"), "of genesis.zks"),
        (("--receipt-key", KEY, "--published", "NO"), "no such file"),
    ],
)
def test_invalid_option_is_named(
    cheating: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], fact: str
) -> None:
    given = [str(cheating / "run") if option == "RUN" else option for option in options]
    assert_refused(capsys, fact, "audit", cheating / "receipts.json", *given)


Change = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda whole: whole.update(format="other"), "format"),
        (lambda whole: whole.update(version=2), "version"),
        (lambda whole: whole.update(more=1), "file"),
        (lambda whole: whole.update(statements={}), "statements"),
        (lambda whole: whole["statements"].insert(0, 5), "statements[0]"),
        (lambda whole: whole["statements"][1].update(more=1), "statements[1]"),
        (lambda whole: whole["statements"][1].update(body="AB"), "statements[1].body"),
        (lambda whole: whole["statements"][1].update(body="0" * 2**22), "statements[1].body"),
        (lambda whole: whole["statements"][2]["receipt"].update(sequence=-1), "statements[2].receipt"),
        (lambda whole: whole["statements"][2].update(receipt=None), "statements[2].receipt"),
    ],
)
def test_invalid_receipts_file_is_named(cheating: Path, tmp_path: Path, change: Change, where: str) -> None:
    whole = json.loads((cheating / "receipts.json").read_text())
    change(whole)
    path = tmp_path / "receipts.json"
    path.write_text(json.dumps(whole))
    with pytest.raises(FileMalformed) as raised:
        read_statements(path)
    assert raised.value.where == where


def test_invalid_receipts_file_that_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "receipts.json"
    with pytest.raises(FileMissing):
        read_statements(path)
    for data in (b"{", b"[]", b"[" * 100):
        path.write_bytes(data)
        with pytest.raises(FileMalformed):
            read_statements(path)
    monkeypatch.setattr("sequencer.audit.statements.MAX_STATEMENTS_BYTES", 10)
    path.write_bytes(b"x" * 11)
    with pytest.raises(FileTooLarge):
        read_statements(path)


@pytest.fixture
def run(cheating: Path, tmp_path: Path) -> Path:
    import shutil

    return Path(shutil.copytree(cheating / "run", tmp_path / "run"))


def test_invalid_blob_is_named(run: Path) -> None:
    flip_bit(run / "group-0001.blob", 100)
    with pytest.raises(DataFault) as raised:
        read_published(run)
    assert (raised.value.file, raised.value.field) == ("group-0001.blob", "versioned hash")


def test_invalid_old_root_is_named(run: Path) -> None:
    edit_json(run / "group-0001.json", old_root="5")
    with pytest.raises(DataFault) as raised:
        read_published(run)
    assert (raised.value.file, raised.value.field) == ("group-0001.json", "old_root")


def test_invalid_new_root_is_named(run: Path) -> None:
    batches = json.loads((run / "group-0001.json").read_text())["batches"]
    batches[0]["new_root"] = "5"
    edit_json(run / "group-0001.json", batches=batches)
    with pytest.raises(DataFault) as raised:
        read_published(run)
    assert (raised.value.file, raised.value.field) == ("group-0001.blob", "data")
