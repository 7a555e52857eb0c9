"""`zkmargin report` of a replay: the page and its pictures, its figures against the run's own, what is missing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from rollup.codec import decode_trace, encode_trace
from rollup.units import TREASURY_ACCOUNT
from sequencer.cli.main import run_cli
from sequencer.errors import FileMalformed, RunEmpty
from sequencer.manifest import read_manifest
from sequencer.metering import GasCost
from sequencer.proofs import read_record
from sequencer.report.run import read_run_subject
from sequencer.report.totals import MAX_TIME_S, spell_usd
from sequencer.settlement.record import read_settlement, write_settlement
from sequencer.settlement.settling import SettledGroup, SettledRun
from sequencer.snapshots import GENESIS, SNAPSHOT, read_snapshot
from tests.cli.helpers import assert_refused, edit_json, flip_bit, run_json
from tests.cli.report_page import Page, read_page

Capsys = pytest.CaptureFixture[str]
HOSTILE = "</title><script>alert(1)</script>\x00\u202e$\\frac{\" onload='x'"
GAS = 654_321


def settle(run: Path, root: int | None = None) -> None:
    """Write what `zkmargin settle` would have left, in figures of our own."""
    manifest = read_manifest(run)
    orders = sum(entry.fills + entry.liquidations for entry in manifest.batches)
    cost = GasCost(1, 100, GAS, 50, 60)
    group = SettledGroup(0, len(manifest.batches), orders, 3, 1, 5, cost, cost, cost, 131_072, 1_760_130_000)
    last = int(manifest.batches[-1].new_state_root) if root is None else root
    write_settlement(run, SettledRun(bytes(20), (group,), last, 7, ""))


@pytest.fixture(scope="module")
def reported(_proved_run: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A run, proved and settled, and its report."""
    folder = tmp_path_factory.mktemp("report")
    run, out = Path(shutil.copytree(_proved_run, folder / "run")), folder / "out"
    settle(run)
    assert run_cli(["report", str(run), "--out", str(out)]) == 0
    return run, out


@pytest.fixture(scope="module")
def page(reported: tuple[Path, Path]) -> Page:
    """The page, which is well formed and has whole pictures."""
    return read_page(reported[1])


def test_page_shows_four_plots_and_asks_nobody(page: Page, reported: tuple[Path, Path]) -> None:
    assert {link for link in page.links if not link.startswith("data:")} == {
        f"{name}.{suffix}" for name in ("prices", "gas", "budget", "proving") for suffix in ("svg", "png")
    }
    assert "script" not in page.tags
    assert page.handlers == []
    text = (reported[1] / "index.html").read_text()
    assert "http://" not in text
    assert "https://" not in text
    assert "prefers-color-scheme: dark" in text
    assert "width=device-width" in text


def test_figures_are_the_run_s_own(page: Page, reported: tuple[Path, Path]) -> None:
    entries = read_manifest(reported[0]).batches
    facts = page.facts
    for name in ("fills", "liquidations", "takeovers", "deleveraged", "deposits", "withdrawals", "cancels"):
        assert facts[name] == f"{sum(getattr(entry, name) for entry in entries):,}", name
    assert facts["orders sent"] == f"{sum(entry.orders for entry in entries):,}"
    assert facts["insurance fund at the end"] == spell_usd(entries[-1].fund_atoms)
    assert facts["bad debt at the end"] == spell_usd(entries[-1].bad_debt_atoms)
    assert facts["congestion at the end"] == f"{entries[-1].congestion_ppm / 10**4:.2f} %"
    assert facts["solvency identity"] == "held after every batch"
    assert facts["shape"] == "tiny"


def test_figures_of_batches_are_those_of_the_manifest(reported: tuple[Path, Path]) -> None:
    manifest, subject = read_manifest(reported[0]), read_run_subject(reported[0], lambda *_: None)
    names = ("timestamp_s", "fills", "liquidations", "takeovers", "deleveraged", "fund_atoms", "congestion_ppm")
    for entry, batch in zip(manifest.batches, subject.batches, strict=True):
        assert [getattr(batch, name) for name in names] == [getattr(entry, name) for name in names]
        assert batch.markets[0].mark_ticks == entry.mark_ticks
        assert batch.markets[0].price_ticks in (None, entry.price_ticks)
        assert (batch.markets[0].price_ticks is None) == (batch.orders == 0)


def test_fees_are_what_the_treasury_got_and_the_fund_was_due(reported: tuple[Path, Path]) -> None:
    """Trading fees and tips are all that the treasury ever gets; orders of a replay carry no other charge than fees."""
    run, subject = reported[0], read_run_subject(reported[0], lambda *_: None)
    ends = [read_snapshot(run / name).state.get_account(TREASURY_ACCOUNT).cash_atoms for name in (GENESIS, SNAPSHOT)]
    traces = [decode_trace((run / entry.file).read_bytes()) for entry in read_manifest(run).batches]
    tips_e6 = sum(
        fill.order.tip_e6
        for trace in traces
        for lane in trace.order_lanes
        for fill in lane.fills
        if fill.slot_before >> 48 != fill.order.nonce or fill.slot_before % 2**48 == 0
    )
    assert sum(batch.fees.trading_atoms for batch in subject.batches) + tips_e6 * 10**12 == ends[1] - ends[0]
    assert sum(batch.fees.charge_atoms for batch in subject.batches) >= tips_e6 * 10**12
    assert ends[1] > ends[0]


def test_gas_and_stages_are_those_of_the_settlement(page: Page, reported: tuple[Path, Path]) -> None:
    (group,) = read_settlement(reported[0]).groups
    assert ["0", "2", f"{group.orders:,}", f"{GAS:,}", f"{round(GAS / group.orders):,}"] in page.rows
    stages = {row[0]: row[1:3] for row in page.rows if len(row) == 4}
    assert {name: stages[name] for name in ("cleared", "sealed", "proved", "settled")} == {
        "cleared": ["2", "-"],
        "sealed": ["2", "1"],
        "proved": ["2", "1"],
        "settled": ["2", "1"],
    }


def test_parts_of_proofs_are_those_of_the_prover(page: Page, reported: tuple[Path, Path]) -> None:
    record = read_record(reported[0])
    for proof in record.proofs:
        assert list(proof.parts_s) == ["rows", "FFT", "H", "wires", "L", "A", "B", "B1", "B2"]
        assert 0 < sum(proof.parts_s.values()) <= proof.prove_s + 0.01
        assert [proof.batch, f"{proof.witness_s:.3f}".rstrip("0").rstrip("."), f"{proof.prove_s:g}"] in page.rows
    assert {"witness", "sparse evaluation", "FFT, quotient", "MSM H", "MSM B2 (G2)"} <= {row[0] for row in page.rows}


def test_constraints_by_scope_add_up_to_the_circuit(page: Page, reported: tuple[Path, Path]) -> None:
    scopes = [row for row in page.rows if len(row) == 4 and " / " in row[0]][1:]
    n_constraints = read_record(reported[0]).proofs[0].constraints
    assert sum(int(row[3].replace(",", "")) for row in scopes) == n_constraints
    assert f"{n_constraints:,} constraints" in page.text


def test_json_says_what_was_written(
    reported: tuple[Path, Path], tmp_path: Path, capsys: Capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Drawing is left out: the page is the fixture's."""
    monkeypatch.setattr("sequencer.report.writing._draw", lambda plot, folder: _copy(plot.name, reported[1], folder))
    run = Path(shutil.copytree(reported[0], tmp_path / "run"))
    found = run_json(capsys, "report", run)
    assert found["folder"] == str(tmp_path / "run-report")
    assert sorted(found["files"]) == sorted(path.name for path in Path(found["folder"]).iterdir())
    assert (found["kind"], found["shape"], found["missing"]) == ("replay", "tiny", [])
    assert found["facts"]["batches"] == 2
    assert [proof["batch"] for proof in found["proofs"]] == ["batch-0000", "batch-0001"]
    assert found["groups"][0]["gas"] == GAS


def _copy(name: str, source: Path, folder: Path) -> None:
    for suffix in (".svg", ".png"):
        shutil.copy(source / f"{name}{suffix}", folder)


def test_what_is_missing_is_said_and_what_was_there_goes(
    reported: tuple[Path, Path], tmp_path: Path, capsys: Capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sequencer.report.writing._draw", lambda plot, folder: _copy(plot.name, reported[1], folder))
    run, out = (Path(shutil.copytree(path, tmp_path / path.name)) for path in reported)
    for name in ("proving.json", "settlement.json"):
        (run / name).unlink()
    assert run_cli(["report", str(run), "--out", str(out)]) == 0
    page = read_page(out)
    assert {path.stem for path in out.iterdir()} == {"index", "prices", "gas", "budget"}
    for sentence in ("There are no proofs in the folder", "The run is not settled"):
        assert sentence in page.text
        assert sentence in capsys.readouterr().out or sentence.startswith("The run")
    assert "proved" not in {row[0] for row in page.rows}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda run: settle(run, root=5), "settlement.json is left out"),
        (lambda run: shutil.copy(run / "batch-0000.public.json", run / "batch-0001.public.json"), "batch-0001 is of"),
        (lambda run: _sample(run), "1 of 2 batches are proved: a sample"),
    ],
)
def test_what_is_of_another_run_is_left_out(change: Callable[[Path], Any], said: str, proved_run: Path) -> None:
    settle(proved_run)
    change(proved_run)
    subject = read_run_subject(proved_run, lambda *_: None)
    assert any(said in sentence for sentence in subject.missing)


def _sample(run: Path) -> None:
    facts = json.loads((run / "proving.json").read_text())
    edit_json(run / "proving.json", every=2, proofs=facts["proofs"][:1])


def test_hostile_names_are_text(proved_run: Path, tmp_path: Path, capsys: Capsys) -> None:
    """In the tape's name, the shape's, the market's, and a part's of a proof; drawn, too."""
    edit_json(proved_run / "manifest.json", tape=HOSTILE, shape=HOSTILE)
    batches = json.loads((proved_run / "manifest.json").read_text())["batches"]
    for entry in batches:
        path = proved_run / entry["file"]
        trace = decode_trace(path.read_bytes())
        market = replace(trace.params.markets[0], name=HOSTILE[:16])
        params = replace(trace.params, markets=(market, *trace.params.markets[1:]))
        path.write_bytes(encode_trace(replace(trace, params=params)))
        entry["sha256"] = sha256(path.read_bytes()).hexdigest()
    edit_json(proved_run / "manifest.json", batches=batches)
    proofs = json.loads((proved_run / "proving.json").read_text())["proofs"]
    edit_json(proved_run / "proving.json", proofs=[proof | {"parts_s": {HOSTILE: 0.1}} for proof in proofs])
    found = run_json(capsys, "report", proved_run, "--out", tmp_path / "out")
    page = read_page(Path(found["folder"]))
    assert "script" not in page.tags
    assert page.handlers == []
    assert HOSTILE.split("\x00")[0] in page.text
    assert not {"\x00", "\u202e"} & set(page.text)
    assert any(sentence.startswith("This program knows no shape") for sentence in found["missing"])
    assert "budget.svg" not in found["files"]
    assert "<script" not in (Path(found["folder"]) / "prices.svg").read_text()


# What is refused


def test_invalid_folder_that_is_no_run(tmp_path: Path, capsys: Capsys) -> None:
    fact = "no such replay (manifest.json) or node's store (store/store.sqlite3)"
    for name in (tmp_path, tmp_path / "absent"):
        assert_refused(capsys, fact, "report", name, "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_invalid_run_without_batches(proved_run: Path, tmp_path: Path, capsys: Capsys) -> None:
    edit_json(proved_run / "manifest.json", batches=[])
    with pytest.raises(RunEmpty):
        read_run_subject(proved_run, lambda *_: None)
    assert_refused(capsys, "manifest.json: no batch, expected one at least", "report", proved_run)
    assert not proved_run.with_name("run-report").exists()


@pytest.mark.parametrize(
    ("damage", "fact"),
    [
        (lambda run: flip_bit(run / "batch-0001.zkm", 50), "batch-0001.zkm: sha256"),
        (lambda run: (run / "batch-0001.zkm").unlink(), "batch-0001.zkm: no such file"),
        (lambda run: (run / "manifest.json").write_text("{"), "manifest.json"),
        (lambda run: edit_json(run / "settlement.json", groups=5), "settlement.json: groups"),
        (lambda run: edit_json(run / "settlement.json", groups=[5]), "settlement.json: groups[0]"),
        (lambda run: edit_json(run / "settlement.json", version=9), "settlement.json: version"),
        (lambda run: (run / "batch-0000.public.json").unlink(), "batch-0000.public.json"),
        (lambda run: _set_parts(run, 5), "proofs[0].parts_s"),
        (lambda run: _set_parts(run, {"A": -1.0}), "proofs[0].parts_s"),
        (lambda run: _set_parts(run, {"A": "1"}), "proofs[0].parts_s"),
        (lambda run: _set_parts(run, {str(i): 1.0 for i in range(65)}), "proofs[0].parts_s"),
    ],
)
def test_invalid_run_that_is_damaged(
    damage: Callable[[Path], object], fact: str, proved_run: Path, tmp_path: Path, capsys: Capsys
) -> None:
    settle(proved_run)
    damage(proved_run)
    assert_refused(capsys, fact, "report", proved_run, "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def _set_parts(run: Path, parts: object) -> None:
    proofs = json.loads((run / "proving.json").read_text())["proofs"]
    edit_json(run / "proving.json", proofs=[proof | {"parts_s": parts} for proof in proofs])


@pytest.mark.parametrize(("field", "number"), [("timestamp_s", MAX_TIME_S + 1), ("batch_number", 77)])
def test_invalid_batch_whose_header_is_of_no_day(field: str, number: int, proved_run: Path) -> None:
    batches = json.loads((proved_run / "manifest.json").read_text())["batches"]
    path = proved_run / batches[1]["file"]
    trace = decode_trace(path.read_bytes())
    path.write_bytes(encode_trace(replace(trace, header_after=replace(trace.header_after, **{field: number}))))
    batches[1]["sha256"] = sha256(path.read_bytes()).hexdigest()
    edit_json(proved_run / "manifest.json", batches=batches)
    with pytest.raises(FileMalformed):
        read_run_subject(proved_run, lambda *_: None)


def test_invalid_hours_of_a_replay(proved_run: Path, capsys: Capsys) -> None:
    assert_refused(capsys, "--hours 3: expected a node's folder", "report", proved_run, "--hours", "3")


def test_invalid_report_onto_a_file(proved_run: Path, tmp_path: Path, capsys: Capsys) -> None:
    (tmp_path / "out").write_text("kept")
    assert_refused(capsys, "a file has its name", "report", proved_run, "--out", tmp_path / "out")
    assert (tmp_path / "out").read_text() == "kept"
