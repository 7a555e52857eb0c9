"""The files of groups: sealed by replay, proved at their z, and refused where they cannot be read."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sequencer import groups, queue_file
from sequencer.cli.main import run_cli
from sequencer.groups import read_group
from sequencer.queue_file import read_queue
from sequencer.sealing import SealedGroup
from tests.cli.conftest import EXAMPLE
from tests.cli.helpers import (
    assert_refused,
    edit_batch,
    edit_json,
    list_files,
    truncate,
)
from verifier import kzg
from verifier.group import commit_group

Capsys = pytest.CaptureFixture[str]
HEX = "0x and pairs of hexadecimal digits"


# replay and prove


@pytest.mark.parametrize(("group_size", "sizes"), [("1", [1, 1, 1]), ("2", [2, 1]), ("3", [3]), ("64", [3])])
def test_replay_seals_groups_of_the_size_asked_for(group_size: str, sizes: list[int], tmp_path: Path) -> None:
    run = tmp_path / "run"
    options = ["--out", str(run), "--shape", "tiny", "--batches", "3", "--accounts", "4", "--group", group_size]
    assert run_cli(["replay", str(EXAMPLE), *options]) == 0
    sealed = [read_group(run, number) for number in range(len(sizes))]
    assert [len(group.names) for group in sealed] == sizes
    assert [name for group in sealed for name in group.names] == ["batch-0000", "batch-0001", "batch-0002"]
    queue = read_queue(run)
    assert sum(count_entries(group, run) for group in sealed) == len(queue.entries)
    for group in sealed:
        assert kzg.verify(group.opening.commitment, group.z, group.opening.value, group.opening.proof)
        assert kzg.commit(group.blob) == group.opening.commitment
    assert not (run / f"group-{len(sizes):04}.json").exists()


def count_entries(sealed: SealedGroup, run: Path) -> int:
    entries = read_queue(run).get_from(sealed.first_entry)
    assert entries is not None
    committed = commit_group(sealed.group, entries)
    assert committed.z == sealed.z
    return committed.n_entries


@pytest.mark.parametrize("group_size", ["0", "65", "x"])
def test_invalid_group_size(group_size: str, tmp_path: Path, capsys: Capsys) -> None:
    assert_refused(capsys, "--group", "replay", EXAMPLE, "--out", tmp_path / "run", "--group", group_size)
    assert not (tmp_path / "run").exists()


def test_a_batch_file_alone_is_a_group_of_its_own(
    proved_run: Path, tmp_path: Path, keys_dir: Path, capsys: Capsys
) -> None:
    alone, out = tmp_path / "alone" / "batch-0001.zkm", tmp_path / "proof"
    alone.parent.mkdir()
    shutil.copy(proved_run / "batch-0001.zkm", alone)
    assert run_cli(["prove", str(alone), "--out", str(out), "--keys", str(keys_dir)]) == 0
    capsys.readouterr()
    assert run_cli(["verify", str(out)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "valid"
    assert read_group(out, 0).names == ("batch-0001",)
    assert read_group(out, 0).z != read_group(proved_run, 0).z
    assert read_queue(out).first == read_group(out, 0).first_entry > 0


@pytest.mark.parametrize(
    ("damage", "fact"),
    [
        (lambda run: (run / "group-0000.json").unlink(), "group-0000.json: no such file"),
        (lambda run: (run / "group-0000.blob").unlink(), "group-0000.blob: no such file"),
        (lambda run: (run / "queue.json").unlink(), "queue.json: no such file"),
        (lambda run: edit_json(run / "manifest.json", groups=0), "batch-0000 in none"),
        (lambda run: edit_json(run / "group-0000.json", z="1"), "group-0000.json: z: got 1"),
        (lambda run: edit_batch(run, 1, data_commitment="7"), "group-0000.json: z"),
        (lambda run: edit_batch(run, 1, name="batch-0007"), "batch-0001 in none"),
        (lambda run: edit_json(run / "group-0000.json", first_entry=99), "first_entry: got 99, expected 0 to "),
        (lambda run: edit_batch(run, 0, calldata="0x00"), "batch-0000: calldata"),
    ],
)
def test_invalid_group_to_prove(
    damage: Callable[[Path], object], fact: str, proved_run: Path, keys_dir: Path, tmp_path: Path, capsys: Capsys
) -> None:
    damage(proved_run)
    assert_refused(capsys, fact, "prove", proved_run, "--out", tmp_path / "proof", "--keys", keys_dir)
    assert not (tmp_path / "proof").exists()


def test_invalid_batch_that_is_not_its_groups(proved_run: Path, keys_dir: Path, tmp_path: Path, capsys: Capsys) -> None:
    """Each file is well formed; the group is another replay's."""
    other = tmp_path / "other"
    options = ["--out", str(other), "--shape", "tiny", "--batches", "2", "--accounts", "3", "--seed", "9"]
    assert run_cli(["replay", str(EXAMPLE), *options]) == 0
    for name in ("group-0000.json", "group-0000.blob", "queue.json"):
        shutil.copy(other / name, proved_run / name)
    out = tmp_path / "proof"
    assert_refused(capsys, "batch-0000: ", "prove", proved_run, "--out", out, "--keys", keys_dir)
    assert not out.exists()


# verify: files that cannot be read


@pytest.mark.parametrize(
    ("name", "damage", "fact"),
    [
        ("group-0000.json", Path.unlink, "no such file"),
        ("group-0000.json", truncate, "JSON"),
        ("group-0000.json", lambda path: edit_json(path, version=2), "version: got 2"),
        ("group-0000.json", lambda path: edit_json(path, format="x"), "format: got 'x'"),
        ("group-0000.json", lambda path: edit_json(path, group=1), "group: got 1"),
        ("group-0000.json", lambda path: edit_json(path, shape="huge"), "shape: got 'huge'"),
        ("group-0000.json", lambda path: edit_json(path, shape="small"), "as in proving.json"),
        ("group-0000.json", lambda path: edit_json(path, batches=[]), "a list of 1 to 64"),
        ("group-0000.json", lambda path: edit_json(path, batches=[{}] * 65), "a list of 1 to 64"),
        ("group-0000.json", lambda path: edit_json(path, batches=[{}]), "batches[0]"),
        ("group-0000.json", lambda path: edit_json(path, chain_id=-1), "chain_id: got -1"),
        ("group-0000.json", lambda path: edit_json(path, contract="0x00"), "contract: got 1 bytes"),
        ("group-0000.json", lambda path: edit_json(path, commitment="0xAB"), HEX),
        ("group-0000.json", lambda path: edit_json(path, proof=7), "proof"),
        ("group-0000.json", lambda path: edit_json(path, versioned_hash="ab"), HEX),
        ("group-0000.json", lambda path: edit_json(path, value="07"), "a decimal number"),
        ("group-0000.json", lambda path: edit_json(path, old_root="-1"), "a decimal number"),
        ("group-0000.json", lambda path: edit_json(path, z=5), "z"),
        (
            "group-0000.json",
            lambda path: edit_batch(path.parent, 1, name="x"),
            "proving.json: groups",
        ),
        ("group-0000.json", lambda path: edit_batch(path.parent, 1, calldata="0x0"), HEX),
        ("group-0000.json", lambda path: edit_json(path, first_entry=99), "first_entry: got 99"),
        ("group-0000.blob", Path.unlink, "no such file"),
        ("group-0000.blob", lambda path: path.write_bytes(bytes(131_073)), "at most 131072 are read"),
        ("queue.json", Path.unlink, "no such file"),
        ("queue.json", truncate, "JSON"),
        ("queue.json", lambda path: edit_json(path, head="0x" + "00" * 32), "head: got 0x00"),
        ("queue.json", lambda path: edit_json(path, head_before="0x"), "head_before: got 0 bytes"),
        ("queue.json", lambda path: edit_json(path, first=-1), "first: got -1"),
        ("queue.json", lambda path: edit_json(path, entries={}), "entries"),
        ("queue.json", lambda path: edit_json(path, entries=["0x02"]), "entries[0]: got queue entry: kind is 2"),
        ("queue.json", lambda path: edit_json(path, entries=[5]), HEX),
    ],
)
def test_invalid_file_of_a_group(
    name: str, damage: Callable[[Path], object], fact: str, proved_run: Path, capsys: Capsys
) -> None:
    damage(proved_run / name)
    assert_refused(capsys, name if "proving" not in fact else "proving", "verify", proved_run)
    assert_refused(capsys, fact, "verify", proved_run)


@pytest.mark.parametrize(("module", "limit"), [(groups, "MAX_GROUP_BYTES"), (queue_file, "MAX_QUEUE_BYTES")])
def test_invalid_oversized_file(
    module: object, limit: str, proved_run: Path, capsys: Capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, limit, 10)
    assert_refused(capsys, "at most 10 are read", "verify", proved_run)


def test_files_of_groups_go_along_with_the_proofs(proved_run: Path, tmp_path: Path, keys_dir: Path) -> None:
    out = tmp_path / "proof"
    assert run_cli(["prove", str(proved_run), "--out", str(out), "--keys", str(keys_dir)]) == 0
    for name in ("group-0000.json", "group-0000.blob", "queue.json"):
        assert list_files(out)[name] == list_files(proved_run)[name]
