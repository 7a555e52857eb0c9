"""`account` and the snapshots it reads: what is shown, what is proved, what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rollup.codec import decode_trace
from rollup.codec_inclusion import decode_inclusion
from sequencer.cli.main import run_cli
from sequencer.manifest import read_manifest
from sequencer.snapshots import GENESIS, SNAPSHOT, read_snapshot
from tests.cli.helpers import assert_refused, flip_bit, run_json, truncate

Capsys = pytest.CaptureFixture[str]
LAST = 2**21 - 1


def get_root(run: Path) -> int:
    """Return the state root after the last batch, as the manifest has it."""
    return int(read_manifest(run).batches[-1].new_state_root)


def write_proof(run: Path, capsys: Capsys, *options: str) -> Path:
    """Return the file of a proof of account 2."""
    path = run / "account-2.json"
    run_json(capsys, "account", "proof", run / SNAPSHOT, "--account", "2", "--out", path, *options)
    return path


def test_replay_leaves_the_state_at_both_ends(proved_run: Path) -> None:
    first = decode_trace((proved_run / "batch-0000.zkm").read_bytes())
    assert read_snapshot(proved_run / GENESIS).state.header == first.header_before
    last = read_snapshot(proved_run / SNAPSHOT)
    assert last.state.state_root == get_root(proved_run)
    assert last.params == first.params


def test_show_an_account(proved_run: Path, capsys: Capsys) -> None:
    found = run_json(capsys, "account", "show", proved_run / SNAPSHOT, "--account", "2")
    state = read_snapshot(proved_run / SNAPSHOT).state
    account = state.get_account(2)
    assert (int(found["cash_atoms"]), int(found["owner"], 16)) == (account.cash_atoms, account.owner)
    assert (found["empty"], int(found["state_root"])) == (False, get_root(proved_run))
    assert sorted(found["positions"].values()) == sorted(size for size in account.sizes_lots if size)


@pytest.mark.parametrize("account_id", [0, 1, LAST])
def test_show_what_nobody_owns(account_id: int, proved_run: Path, capsys: Capsys) -> None:
    found = run_json(capsys, "account", "show", proved_run / SNAPSHOT, "--account", str(account_id))
    assert (found["empty"], found["owner"], found["order_slots"]) == (True, "0x" + "0" * 40, 0)


@pytest.mark.parametrize("options", [(), ("--slot", "0"), ("--slot", "511")])
@pytest.mark.parametrize("spell", [str, hex])
def test_proof_is_valid_against_the_root(
    options: tuple[str, ...], spell: Callable[[int], str], proved_run: Path, capsys: Capsys
) -> None:
    path = write_proof(proved_run, capsys, *options)
    found = run_json(capsys, "account", "verify", path, "--root", spell(get_root(proved_run)))
    assert found == {"valid": True, "account": 2, "slot": int(options[1]) if options else None}


def test_proof_goes_to_stdout_without_a_file(proved_run: Path, capsys: Capsys) -> None:
    written = write_proof(proved_run, capsys).read_bytes()
    capsys.readouterr()
    assert run_cli(["account", "proof", str(proved_run / SNAPSHOT), "--account", "2"]) == 0
    assert capsys.readouterr().out.encode() == written
    assert decode_inclusion(written).account_id == 2


def test_invalid_proof_of_another_root(proved_run: Path, capsys: Capsys) -> None:
    path = write_proof(proved_run, capsys)
    found = run_json(capsys, "account", "verify", path, "--root", str(get_root(proved_run) + 1), status=1)
    assert found["valid"] is False
    assert "account 2: its fields lead to state root" in found["reason"]
    capsys.readouterr()
    assert run_cli(["account", "verify", str(path), "--root", "5"]) == 1
    assert capsys.readouterr().out.startswith("not valid: account 2")


def test_invalid_proof_of_another_slot(proved_run: Path, capsys: Capsys) -> None:
    path = write_proof(proved_run, capsys, "--slot", "0")
    path.write_text(path.read_text().replace('"filled_lots": "', '"filled_lots": "1'))
    found = run_json(capsys, "account", "verify", path, "--root", str(get_root(proved_run)), status=1)
    assert "account 2, slot 0: its value leads to orders root" in found["reason"]


@pytest.mark.parametrize(
    ("damage", "fact"),
    [
        (Path.unlink, "no such file"),
        (truncate, "truncated"),
        (lambda path: flip_bit(path, 300), "SHA-256"),
        (lambda path: flip_bit(path, 8), "format version 0, this program reads 1"),
        (lambda path: path.write_bytes((path.parent / "batch-0000.zkm").read_bytes()), "expected b'ZKMSTATE'"),
    ],
)
@pytest.mark.parametrize("command", [("account", "show"), ("account", "proof"), ("exit", "prove")])
def test_invalid_snapshot(
    command: tuple[str, str],
    damage: Callable[[Path], object],
    fact: str,
    proved_run: Path,
    tmp_path: Path,
    keys_dir: Path,
    capsys: Capsys,
) -> None:
    path, out = proved_run / SNAPSHOT, tmp_path / "out"
    damage(path)
    options = ["--out", str(out)] if command != ("account", "show") else []
    options += ["--keys", str(keys_dir)] if command[0] == "exit" else []
    assert_refused(capsys, "snapshot.zks: ", *command, path, "--account", "2", *options)
    assert_refused(capsys, fact, *command, path, "--account", "2", *options)
    assert not out.exists()


@pytest.mark.parametrize(
    ("options", "fact"),
    [
        (["--account", "-1"], "-1"),
        (["--account", str(LAST + 1)], str(LAST + 1)),
        (["--account", "two"], "two"),
        ([], "--account"),
        (["--account", "2", "--slot", "512"], "512"),
    ],
)
def test_invalid_account_option(options: list[str], fact: str, proved_run: Path, capsys: Capsys) -> None:
    assert_refused(capsys, fact, "account", "proof", proved_run / SNAPSHOT, *options)


@pytest.mark.parametrize(
    ("root", "fact"),
    [
        ("", "no number"),
        ("-1", "no number"),
        ("0x", "no number"),
        ("12ab", "no number"),
        ("1_000", "no number"),
        ("0x" + "f" * 65, "no number"),
        ("1" * 78, "no number"),
        ("0x" + "f" * 64, "not below the order"),
        ("21888242871839275222246405745257275088548364400416034343698204186575808495617", "not below the order"),
    ],
)
def test_invalid_root(root: str, fact: str, proved_run: Path, capsys: Capsys) -> None:
    path = write_proof(proved_run, capsys)
    assert_refused(capsys, fact, "account", "verify", path, f"--root={root}")


@pytest.mark.parametrize(
    ("damage", "fact"),
    [
        (Path.unlink, "no such file"),
        (truncate, "not JSON"),
        (lambda path: path.write_bytes(b" " * 70_000), "bytes or more, at most 65536"),
        (lambda path: path.write_text("[]"), "an object of format, version, proof"),
        (lambda path: path.write_text(path.read_text().replace('"version": 1', '"version": 2')), "version: got '2'"),
        (lambda path: path.write_text(path.read_text().replace('"account_id": "2"', '"account_id": 2')), "account_id"),
        (lambda path: path.write_text(path.read_text() + "\n"), "not spelled"),
    ],
)
def test_invalid_inclusion_file(damage: Callable[[Path], object], fact: str, proved_run: Path, capsys: Capsys) -> None:
    path = write_proof(proved_run, capsys)
    damage(path)
    assert_refused(capsys, fact, "account", "verify", path, "--root", "1")
    assert_refused(capsys, "account-2.json", "account", "verify", path, "--root", "1")
