"""`exit`: a proof of what an account may claim, verified three ways; what is not one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from prover.circuit import load_exit
from rollup.exit import compute_exit_inputs, open_exit
from sequencer.cli.main import run_cli
from sequencer.keys import get_key_path
from sequencer.snapshots import SNAPSHOT, read_snapshot
from tests.cli.helpers import assert_refused, edit_json, flip_bit, list_files, run_json, truncate

Capsys = pytest.CaptureFixture[str]
FILES = {"exit.proof.json", "exit.public.json", "verification_key.json"}


@pytest.fixture(scope="module")
def _proved_exit(_proved_run: Path, tmp_path_factory: pytest.TempPathFactory, keys_dir: Path) -> Path:
    folder = tmp_path_factory.mktemp("exit")
    options = ["--account", "2", "--out", str(folder), "--keys", str(keys_dir)]
    assert run_cli(["exit", "prove", str(_proved_run / SNAPSHOT), *options]) == 0
    return folder


@pytest.fixture
def proved_exit(_proved_exit: Path, tmp_path: Path) -> Path:
    """A folder with the exit proof of account 2, to be tampered with."""
    return Path(shutil.copytree(_proved_exit, tmp_path / "exit"))


@pytest.mark.parametrize("account_id", [0, 1, 3, 2**21 - 1])
def test_any_account_is_proved(
    account_id: int, proved_run: Path, tmp_path: Path, keys_dir: Path, capsys: Capsys
) -> None:
    out = tmp_path / "proof"
    options = ("--account", str(account_id), "--out", out, "--keys", keys_dir)
    found = run_json(capsys, "exit", "prove", proved_run / SNAPSHOT, *options)
    assert {"constraints", "circuit_digest", "key_s", "witness_s", "prove_s", "new_key"} <= found.keys()
    assert (found["account"], found["key"]) == (account_id, "development")
    assert set(list_files(out)) == FILES
    inputs = compute_exit_inputs(open_exit(read_snapshot(proved_run / SNAPSHOT).state, account_id))
    assert json.loads((out / "exit.public.json").read_text()) == [str(value) for value in inputs]
    assert run_json(capsys, "exit", "verify", out, "--root", str(inputs.state_root))["valid"] is True


def test_verify_honest_exit(proved_exit: Path, proved_run: Path, capsys: Capsys) -> None:
    found = run_json(capsys, "exit", "verify", proved_exit)
    state = read_snapshot(proved_run / SNAPSHOT).state
    assert (found["valid"], found["kernel"], found["py_ecc"], found["evm"]) == (True,) * 4
    assert (found["account"], int(found["owner"], 16)) == (2, state.get_account(2).owner)
    assert int(found["claim_e6"]) > 0
    assert int(found["state_root"]) == state.state_root
    assert "reason" not in found
    capsys.readouterr()
    assert run_cli(["exit", "verify", str(proved_exit)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "valid"


def test_exit_has_a_key_of_its_own(proved_exit: Path, keys_dir: Path) -> None:
    path = get_key_path(keys_dir, load_exit().assembly, load_exit().circuit)
    assert path.name.startswith("exit-")
    assert path.stat().st_mode & 0o077 == 0


def raise_number(folder: Path, index: int, by: int = 1) -> None:
    path = folder / "exit.public.json"
    numbers = json.loads(path.read_text())
    numbers[index] = str(int(numbers[index]) + by)
    path.write_text(json.dumps(numbers))


def drop_input(folder: Path) -> None:
    path = folder / "exit.public.json"
    path.write_text(json.dumps(json.loads(path.read_text())[:-1]))


@pytest.mark.parametrize(
    ("tamper", "fact"),
    [
        (lambda folder: raise_number(folder, 0), "kernel: the pairing equation does not hold"),
        (lambda folder: raise_number(folder, 1), "py_ecc: the pairing equation does not hold"),
        (lambda folder: raise_number(folder, 2), "evm: EquationFails()"),
        (lambda folder: raise_number(folder, 2, by=1 << 21), "kernel: the pairing equation does not hold"),
        (drop_input, "2 public inputs, an exit has 3"),
    ],
)
def test_invalid_exit_proof(tamper: Callable[[Path], object], fact: str, proved_exit: Path, capsys: Capsys) -> None:
    tamper(proved_exit)
    found = run_json(capsys, "exit", "verify", proved_exit, status=1)
    assert found["valid"] is False
    assert fact in found["reason"]


def test_invalid_exit_of_another_root(proved_exit: Path, capsys: Capsys) -> None:
    found = run_json(capsys, "exit", "verify", proved_exit, "--root", "5", status=1)
    assert (found["valid"], found["kernel"]) == (False, True)
    assert found["reason"].endswith("expected 0x5")


@pytest.mark.parametrize(
    ("name", "damage", "fact"),
    [
        ("verification_key.json", Path.unlink, "verification_key.json"),
        ("verification_key.json", truncate, "JSON"),
        ("exit.proof.json", Path.unlink, "exit.proof.json"),
        ("exit.proof.json", lambda path: edit_json(path, curve="bls12381"), "curve: got bls12381"),
        ("exit.public.json", Path.unlink, "exit.public.json"),
        ("exit.public.json", lambda path: path.write_text('["-1"]'), "a decimal string"),
    ],
)
def test_invalid_file_of_an_exit(
    name: str, damage: Callable[[Path], object], fact: str, proved_exit: Path, capsys: Capsys
) -> None:
    damage(proved_exit / name)
    assert_refused(capsys, name, "exit", "verify", proved_exit)
    assert_refused(capsys, fact, "exit", "verify", proved_exit)


@pytest.mark.parametrize("damage", [truncate, lambda path: flip_bit(path, -1), lambda path: flip_bit(path, 0)])
def test_invalid_cached_exit_key(
    damage: Callable[[Path], object],
    proved_exit: Path,
    proved_run: Path,
    keys_dir: Path,
    tmp_path: Path,
    capsys: Capsys,
) -> None:
    source = get_key_path(keys_dir, load_exit().assembly, load_exit().circuit)
    copy = tmp_path / "keys" / source.name
    copy.parent.mkdir()
    copy.write_bytes(source.read_bytes())
    damage(copy)
    out = tmp_path / "proof"
    options = ["--account", "2", "--out", out, "--keys", copy.parent]
    assert_refused(capsys, source.name, "exit", "prove", proved_run / SNAPSHOT, *options)
    assert not out.exists()


def test_invalid_exit_onto_a_file(proved_run: Path, keys_dir: Path, tmp_path: Path, capsys: Capsys) -> None:
    (tmp_path / "out").write_text("kept")
    options = ["--account", "2", "--out", tmp_path / "out", "--keys", keys_dir]
    assert_refused(capsys, "no such folder", "exit", "prove", proved_run / SNAPSHOT, *options)
    assert (tmp_path / "out").read_text() == "kept"
