"""`zkmargin rebuild`: a replay's state from genesis, queue and blobs; each fault of these by the name of its file."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from prover import kernel
from rollup.blob import BLOB_BYTES, decode_blob, encode_blob
from rollup.snapshot import Snapshot, decode_snapshot
from rollup.txs import Deposit
from sequencer.cli.main import run_cli
from sequencer.queue_file import encode_queue, read_queue
from sequencer.rebuilding import rebuild_run
from sequencer.snapshots import GENESIS, SNAPSHOT, read_snapshot, write_snapshot
from tests.cli.conftest import EXAMPLE
from tests.cli.helpers import assert_refused, edit_json, flip_bit, list_files, run_json
from verifier import kzg

N_BATCHES, N_GROUPS = 5, 3
OPTIONS = ("--shape", "tiny", "--batches", str(N_BATCHES), "--accounts", "4", "--group", "2")


@pytest.fixture(scope="session")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    kernel.install()
    folder = tmp_path_factory.mktemp("replayed")
    assert run_cli(["replay", str(EXAMPLE), "--out", str(folder), *OPTIONS]) == 0
    return folder


@pytest.fixture
def run(replayed: Path, tmp_path: Path) -> Path:
    """What the base layer keeps of a replay of three groups: neither batch files nor the state at the end."""
    folder = Path(shutil.copytree(replayed, tmp_path / "run"))
    for path in [*folder.glob("*.zkm"), folder / SNAPSHOT]:
        path.unlink()
    return folder


def test_rebuild_meets_the_published_root(
    run: Path, replayed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    again = tmp_path / "again.zks"
    found = run_json(capsys, "rebuild", run, "--out", again)
    manifest = json.loads((run / "manifest.json").read_text())
    published = manifest["batches"][-1]["new_state_root"]
    assert (found["equal"], found["state_root"], found["published_root"]) == (True, published, published)
    assert (found["batches"], found["groups"], found["elements"]) == (N_BATCHES, N_GROUPS, 16 * N_BATCHES)
    assert found["seconds"] > 0
    assert "reason" not in found
    assert again.read_bytes() == (replayed / SNAPSHOT).read_bytes()
    assert found["accounts"] == len(decode_snapshot(again.read_bytes()).state.accounts) > 3


def test_rebuild_says_so_in_words(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli(["rebuild", str(run)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "equal to the published root"


def test_rebuild_reads_nothing_else(run: Path) -> None:
    names = {"genesis.zks", "queue.json", "manifest.json"}
    names |= {f"group-000{i}.{suffix}" for i in range(N_GROUPS) for suffix in ("blob", "json")}
    assert set(list_files(run)) == names
    assert rebuild_run(run, lambda *_: None).is_equal


def blob(run: Path, number: int) -> Path:
    return run / f"group-{number:04}.blob"


def swap(run: Path, suffixes: Sequence[str]) -> None:
    """Swap files of the first two groups."""
    for suffix in suffixes:
        first, second = (run / f"group-000{i}.{suffix}" for i in (0, 1))
        first.rename(run / "spare")
        second.rename(first)
        (run / "spare").rename(second)


def swap_groups(run: Path) -> None:
    swap(run, ("blob", "json"))
    for i in (0, 1):
        edit_json(run / f"group-000{i}.json", group=i)


def rewrite(run: Path, number: int, change: Callable[[list[int]], None]) -> None:
    """Change a blob's coefficients, and have the group name the new blob."""
    coefficients = decode_blob(blob(run, number).read_bytes())
    change(coefficients)
    data = encode_blob(coefficients)
    blob(run, number).write_bytes(data)
    versioned = kzg.versioned_hash(kzg.commit(data))
    edit_json(run / f"group-{number:04}.json", versioned_hash="0x" + versioned.hex())


def write_behind_the_end(coefficients: list[int]) -> None:
    coefficients[16 * 2] = 1


def write_another_account(coefficients: list[int]) -> None:
    coefficients[16 + 7] ^= 1 << 30


def write_padding(coefficients: list[int]) -> None:
    coefficients[16 + 15] |= 1 << 247


def swap_segments(coefficients: list[int]) -> None:
    coefficients[:32] = coefficients[16:32] + coefficients[:16]


def drop_segment(coefficients: list[int]) -> None:
    coefficients[:32] = coefficients[16:32] + [0] * 16


def edit_queue(run: Path, change: Callable[[list[Any]], None]) -> None:
    """Change the queue's entries, its head with them."""
    queue = read_queue(run)
    entries = list(queue.entries)
    change(entries)
    (run / "queue.json").write_bytes(encode_queue(replace(queue, entries=tuple(entries))))


def enrich(entries: list[Any]) -> None:
    position = next(i for i, entry in enumerate(entries) if isinstance(entry, Deposit))
    entries[position] = replace(entries[position], amount_e6=entries[position].amount_e6 + 1)


def set_batch(run: Path, number: int, position: int, **facts: str) -> None:
    path = run / f"group-{number:04}.json"
    batches = json.loads(path.read_text())["batches"]
    batches[position] |= facts
    edit_json(path, batches=batches)


def set_last_root(run: Path) -> None:
    path = run / "manifest.json"
    batches = json.loads(path.read_text())["batches"]
    batches[-1]["new_state_root"] = "5"
    edit_json(path, batches=batches)


def write_other_genesis(run: Path) -> None:
    genesis = read_snapshot(run / GENESIS)
    header = replace(genesis.state.header, timestamp_s=genesis.state.header.timestamp_s - 1)
    other = Snapshot(genesis.params, replace(genesis.state, header=header))
    write_snapshot(run / GENESIS, other.params, other.state)


# what is wrong with the run; the file that is named; what is said of it; how many batches are rebuilt
FAULTS: dict[str, tuple[Callable[[Path], object], str, str, int]] = {
    "blob missing": (lambda run: blob(run, 1).unlink(), "group-0001.blob", "no such file", 2),
    "first blob missing": (lambda run: blob(run, 0).unlink(), "group-0000.blob", "no such file", 0),
    "two blobs swapped": (lambda run: swap(run, ["blob"]), "group-0000.blob", ", that of group-0001.blob", 0),
    "blob of another group": (
        lambda run: shutil.copy(blob(run, 0), blob(run, 2)),
        "group-0002.blob",
        ", that of group-0000.blob",
        4,
    ),
    "one bit altered": (lambda run: flip_bit(blob(run, 1), 4_000), "group-0001.blob", "versioned hash: got 0x01", 2),
    "value beyond the field": (
        lambda run: blob(run, 1).write_bytes(b"\xff" + blob(run, 1).read_bytes()[1:]),
        "group-0001.blob",
        "value 0",
        2,
    ),
    "blob too short": (
        lambda run: blob(run, 2).write_bytes(blob(run, 2).read_bytes()[:-1]),
        "group-0002.blob",
        f"{BLOB_BYTES - 1} bytes",
        4,
    ),
    "blob too long": (
        lambda run: blob(run, 2).write_bytes(blob(run, 2).read_bytes() + b"\0"),
        "group-0002.blob",
        f"{BLOB_BYTES + 1} bytes",
        4,
    ),
    "groups swapped": (swap_groups, "group-0000.json", "old_root", 0),
    "something behind the batches": (
        lambda run: rewrite(run, 0, write_behind_the_end),
        "group-0000.blob",
        "element 32 and up",
        0,
    ),
    "another account": (lambda run: rewrite(run, 1, write_another_account), "group-0001.blob", "batch 4", 3),
    "padding": (lambda run: rewrite(run, 0, write_padding), "group-0000.blob", "batch 2: segment: padding", 1),
    "segments swapped": (
        lambda run: rewrite(run, 1, swap_segments),
        "group-0001.blob",
        "batch 4 stands where batch 3 is expected",
        2,
    ),
    "a batch left out": (
        lambda run: rewrite(run, 0, drop_segment),
        "group-0000.blob",
        "batch 2 stands where batch 1 is expected",
        0,
    ),
    "coefficient of 32 bytes": (
        lambda run: rewrite_values(run, 1),
        "group-0001.blob",
        "coefficient",
        2,
    ),
    "queue entry missing": (lambda run: edit_queue(run, list.pop), "group-000", "no entry at position", -1),
    "queue entry altered": (lambda run: edit_queue(run, enrich), "group-0000.blob", "rebuilt state root", 0),
    "another root of a batch": (
        lambda run: set_batch(run, 1, 0, new_root="7"),
        "group-0001.blob",
        "batch 3: rebuilt state root",
        2,
    ),
    "another root at the end": (set_last_root, "manifest.json", "new_state_root: got 5", N_BATCHES),
    "another genesis": (write_other_genesis, "group-0000.json", "of the state before it", 0),
}


def rewrite_values(run: Path, number: int) -> None:
    """Let a blob be one of EIP-4844, but not one of 31-byte coefficients."""
    data = (5).to_bytes(32, "big") + blob(run, number).read_bytes()[32:]
    blob(run, number).write_bytes(data)
    versioned = kzg.versioned_hash(kzg.commit(data))
    edit_json(run / f"group-{number:04}.json", versioned_hash="0x" + versioned.hex())


@pytest.mark.parametrize("name", FAULTS)
def test_invalid_run_names_the_file(name: str, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change, file, said, n_batches = FAULTS[name]
    change(run)
    found = run_json(capsys, "rebuild", run, "--out", tmp_path / "again.zks", status=1)
    assert found["equal"] is False
    assert found["reason"].startswith(file), found["reason"]
    assert said in found["reason"]
    if n_batches >= 0:
        assert found["batches"] == n_batches
    assert not (tmp_path / "again.zks").exists()


def test_invalid_run_says_so_in_words(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    blob(run, 1).unlink()
    assert run_cli(["rebuild", str(run)]) == 1
    assert capsys.readouterr().out.splitlines()[-1].startswith("not equal: group-0001.blob: file: ")


@pytest.mark.parametrize("name", ["group-0001.json", "queue.json", "genesis.zks", "manifest.json"])
def test_invalid_run_without_what_goes_beside_the_blobs(
    name: str, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (run / name).unlink()
    assert_refused(capsys, f"{name}: no such file", "rebuild", run)


def test_invalid_queue_with_another_head(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit_json(run / "queue.json", head="0x" + "11" * 32)
    assert_refused(capsys, "queue.json", "rebuild", run)


def test_invalid_genesis(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flip_bit(run / "genesis.zks", 99)
    assert_refused(capsys, "genesis.zks", "rebuild", run)


def test_invalid_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert_refused(capsys, "no such folder", "rebuild", tmp_path / "absent")
