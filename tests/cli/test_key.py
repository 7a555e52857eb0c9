"""`key export` and `key import`: a key of the exit circuit there and back, and what they refuse."""

from __future__ import annotations

from pathlib import Path

import pytest

from prover.circuit import load_exit
from sequencer.converting import export_key, import_key
from sequencer.errors import FileMissing, KeyUnusable, OptionInvalid, ZkeyUnusable
from sequencer.keys import load_or_make_key
from sequencer.progress import ignore_progress
from tests.cli.helpers import assert_refused, flip_bit, run_json, truncate
from tests.prover.tiny import build_cubic_circuit

Capsys = pytest.CaptureFixture[str]
EXIT = ("--circuit", "exit", "--out")


@pytest.fixture(scope="module")
def exit_key(keys_dir: Path) -> Path:
    """The exit circuit's key, from the cache where it is there."""
    exit_circuit = load_exit()
    return load_or_make_key(keys_dir, exit_circuit.assembly, exit_circuit.circuit, ignore_progress).path


@pytest.fixture(scope="module")
def exit_zkey(exit_key: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same key as `.zkey`."""
    path = tmp_path_factory.mktemp("zkey") / "exit.zkey"
    export_key(exit_key, load_exit().circuit, path, ignore_progress)
    return path


def test_key_there_and_back(exit_key: Path, tmp_path: Path, capsys: Capsys) -> None:
    exported = run_json(capsys, "key", "export", exit_key, *EXIT, tmp_path / "exit.zkey")
    assert (exported["circuit"], exported["key"]) == ("exit", "development")
    assert exported["zkey_bytes"] == (tmp_path / "exit.zkey").stat().st_size
    imported = run_json(capsys, "key", "import", tmp_path / "exit.zkey", *EXIT, tmp_path / "back.key")
    assert imported["circuit_digest"] == exported["circuit_digest"] == load_exit().circuit.digest.hex()
    assert imported["key_bytes"] == exit_key.stat().st_size
    assert (tmp_path / "back.key").read_bytes() == exit_key.read_bytes()


def test_invalid_source_or_target(exit_key: Path, tmp_path: Path, capsys: Capsys) -> None:
    assert_refused(capsys, "no such file", "key", "export", tmp_path / "no", *EXIT, tmp_path / "a.zkey")
    assert_refused(capsys, "no such file", "key", "import", tmp_path / "no", *EXIT, tmp_path / "a.key")
    assert_refused(capsys, "a file that is not there yet", "key", "export", exit_key, *EXIT, exit_key)
    with pytest.raises(FileMissing):
        import_key(tmp_path / "no", load_exit().circuit, tmp_path / "a.key", ignore_progress)
    with pytest.raises(OptionInvalid):
        import_key(exit_key, load_exit().circuit, exit_key, ignore_progress)
    assert list(tmp_path.iterdir()) == []


def test_invalid_key(exit_key: Path, tmp_path: Path, capsys: Capsys) -> None:
    (tmp_path / "bad.key").write_bytes(exit_key.read_bytes())
    flip_bit(tmp_path / "bad.key", 10_000)
    assert_refused(capsys, "the checksum", "key", "export", tmp_path / "bad.key", *EXIT, tmp_path / "a.zkey")
    with pytest.raises(KeyUnusable, match="the checksum"):
        export_key(tmp_path / "bad.key", load_exit().circuit, tmp_path / "a.zkey", ignore_progress)
    assert not (tmp_path / "a.zkey").exists()


def test_invalid_zkey(exit_zkey: Path, tmp_path: Path, capsys: Capsys) -> None:
    (tmp_path / "bad.zkey").write_bytes(exit_zkey.read_bytes())
    truncate(tmp_path / "bad.zkey")
    out = tmp_path / "a.key"
    assert_refused(capsys, "truncated", "key", "import", tmp_path / "bad.zkey", *EXIT, out)
    with pytest.raises(ZkeyUnusable, match="the circuit's"):
        import_key(exit_zkey, build_cubic_circuit(3), out, ignore_progress)
    with pytest.raises(ZkeyUnusable, match="truncated"):
        import_key(tmp_path / "bad.zkey", load_exit().circuit, out, ignore_progress)
    assert not out.exists()


def test_invalid_circuit(exit_key: Path, tmp_path: Path, capsys: Capsys) -> None:
    assert_refused(capsys, "huge", "key", "export", exit_key, "--circuit", "huge", "--out", tmp_path / "a.zkey")
