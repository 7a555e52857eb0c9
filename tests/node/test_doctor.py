"""`zkmargin doctor`: each thing that can be wrong is, and its line says what to do. Base layers: tests/third_party."""

from __future__ import annotations

import json
import os
import resource
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from sequencer.cli.main import run_cli
from sequencer.doctor.checks import Check, Level
from sequencer.doctor.machine import measure_fsync_s
from sequencer.doctor.roots import KnownRoots, check_store
from sequencer.node.config_loading import load_config
from sequencer.node.live_codec import encode_live
from sequencer.node.opening import open_store
from sequencer.node.store import Artifact, Record
from sequencer.snapshots import GENESIS, write_snapshot
from tests.cli.helpers import assert_refused, run_json
from tests.node.small_node import MARK, SmallNode
from tests.node.wide_books import WIDE_PARAMS

KEY = "0x" + "17" * 32


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A cache of proving keys of the test's own; a circuit by name takes long, and is not what is looked at here."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def write_secret(path: Path, text: str = KEY, mode: int = 0o600) -> Path:
    path.write_text(text + "\n")
    path.chmod(mode)
    return path


def write_config(tmp_path: Path, port: int = 0, **sections: dict[str, object]) -> Path:
    """Write a configuration of shape tiny with a data folder that is as it should be."""
    data = tmp_path / "node"
    data.mkdir(mode=0o700, exist_ok=True)
    tables: dict[str, dict[str, object]] = {"node": {"data": "node", "shape": "tiny"}, "api": {"port": port}}
    for name, keys in sections.items():
        tables[name] = tables.get(name, {}) | keys
    lines = []
    for name, keys in tables.items():
        lines += [f"[{name}]\n", *(f"{key} = {json.dumps(value)}\n" for key, value in keys.items())]
    path = tmp_path / "node.toml"
    path.write_text("".join(lines))
    return path


def examine(capsys: pytest.CaptureFixture[str], config: Path, status: int = 0) -> dict[str, dict[str, Any]]:
    """Return the checks by name."""
    found = run_json(capsys, "doctor", "--config", config, status=status)
    assert found["healthy"] == (status == 0)
    assert found["wrong"] == sum(check["level"] == "wrong" for check in found["checks"])
    assert all(check["advice"] for check in found["checks"] if check["level"] != "ok")
    return {check["check"]: check for check in found["checks"]}


def test_a_new_node_is_well_and_notes_what_the_first_start_makes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], free_port: int
) -> None:
    checks = examine(capsys, write_config(tmp_path, free_port))
    notes = [name for name, check in checks.items() if check["level"] == "note" and name != "fsync"]
    assert notes == ["receipt key", "store", "base layer", "proving key"]
    assert checks["port"]["found"] == f"127.0.0.1:{free_port} is free"
    assert "zkmargin setup --shape tiny" in checks["proving key"]["advice"]


def test_a_proving_key_in_the_cache_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = write_config(tmp_path, proving={"keys": "keys"})
    path = Path(examine(capsys, config)["proving key"]["found"].split(":")[0])
    path.parent.mkdir()
    path.write_bytes(b"key")
    assert examine(capsys, config)["proving key"]["level"] == "ok"


def test_tables_and_status_1_where_something_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        config = write_config(tmp_path, taken.getsockname()[1])
        assert run_cli(["doctor", "--config", str(config)]) == 1
    assert "wrong" in capsys.readouterr().out


def test_invalid_port_in_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        check = examine(capsys, write_config(tmp_path, taken.getsockname()[1]), status=1)["port"]
    assert "in use" in check["found"]
    assert "api.port" in check["advice"]


def test_invalid_config_is_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = write_config(tmp_path, api={"prot": 1})
    assert_refused(capsys, "api.prot: got an unknown key", "doctor", "--config", config)


def find(config: Path, name: str) -> Check:
    """Return one check, without those of the machine."""
    from sequencer.doctor.base_layer import check_base_layer
    from sequencer.doctor.secrets import check_secrets

    loaded, known = load_config(config, {}), KnownRoots()
    checks = [*check_secrets(loaded), *check_store(loaded, known), *check_base_layer(loaded, known)]
    return next(check for check in checks if check.name == name)


@pytest.mark.parametrize(
    ("text", "mode", "found", "advice"),
    [
        (KEY, 0o600, "mode 0600", ""),
        (KEY[2:], 0o400, "mode 0400", ""),
        (KEY, 0o640, "mode 0640 lets others in", "chmod 0600"),
        (KEY, 0o604, "mode 0604 lets others in", "chmod 0600"),
        (KEY[:-1], 0o600, "not 32 bytes in hexadecimal", "write the file anew"),
        ("\u00e9", 0o600, "not 32 bytes in hexadecimal", "write the file anew"),
        ("x" * 5_000, 0o600, "not 32 bytes in hexadecimal", "write the file anew"),
    ],
)
def test_key_files_are_there_closed_and_of_their_form(
    tmp_path: Path, text: str, mode: int, found: str, advice: str
) -> None:
    write_secret(tmp_path / "key", text, mode)
    config = write_config(tmp_path, node={"receipt_key_file": "key"})
    check = find(config, "receipt key")
    assert found in check.found
    assert advice in check.advice
    assert (check.level is Level.OK) == (advice == "")
    assert text[:20] not in check.found


def test_invalid_key_file_that_is_none(tmp_path: Path) -> None:
    config = write_config(tmp_path, node={"receipt_key_file": "key"})
    assert (find(config, "receipt key").level, find(config, "receipt key").found) == (
        Level.WRONG,
        f"{tmp_path / 'key'}: no such file",
    )
    (tmp_path / "key").symlink_to(write_secret(tmp_path / "real"))
    assert "not a plain file" in find(config, "receipt key").found
    (tmp_path / "file").write_text("")
    config = write_config(tmp_path, node={"receipt_key_file": "file/key"})
    assert "Not a directory" in find(config, "receipt key").found


def test_invalid_owner_of_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_secret(tmp_path / "key")
    config = write_config(tmp_path, node={"receipt_key_file": "key"})
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    check = find(config, "receipt key")
    assert (check.level, check.advice) == (Level.WRONG, f"chown {os.getuid() + 1} {tmp_path / 'key'}")


def test_other_secrets_are_looked_at_too(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_secret(tmp_path / name)
    write_secret(tmp_path / "base", "0x" + "00" * 32)
    write_secret(tmp_path / "empty", "")
    config = write_config(
        tmp_path,
        oracle={"key_files": ["a", "b", "empty"]},
        store={"password_file": "empty"},
        base_layer={"url_file": "empty", "key_file": "base", "beacon_url_file": "empty"},
    )
    names = (
        "oracle key 0",
        "oracle key 2",
        "store password",
        "base layer address",
        "beacon addresses",
        "base layer key",
    )
    levels = [find(config, name).level.value for name in names]
    assert levels == ["ok", "wrong", "wrong", "wrong", "wrong", "wrong"]
    assert "order" in find(config, "base layer key").found


def test_the_data_folder_is_a_folder_of_this_user_alone(tmp_path: Path) -> None:
    config = write_config(tmp_path)
    assert find(config, "data folder").level is Level.OK
    (tmp_path / "node").chmod(0o750)
    assert find(config, "data folder").advice.startswith("chmod 0700")
    (tmp_path / "node").rmdir()
    assert find(config, "data folder").level is Level.NOTE
    (tmp_path / "node").write_text("")
    assert "no folder" in find(config, "data folder").found


# The store


def test_the_roots_of_a_store_are_those_of_its_batches(tmp_path: Path) -> None:
    node = SmallNode()
    node.submit(node.order(2, 5, MARK + 2), node.order(3, -5, MARK - 2))
    node.clear()
    config, known = load_config(write_config(tmp_path), {}), KnownRoots()
    write_snapshot(tmp_path / "node" / GENESIS, WIDE_PARAMS, node.genesis)
    with open_store(config.store_target) as store:
        records = [Record(record.kind, record.body) for record in node.log]
        store.append(records, now_us=1, artifacts=[Artifact("group", "0", b'{"new_root": "77"}')])
        store.put_snapshot(len(records), encode_live(node.sequencing.live))
    levels = [check.level for check in check_store(config, known)]
    assert levels == [Level.OK, Level.OK, Level.OK]
    assert known.is_known
    roots = [node.genesis.state_root, node.batches[0].after.state_root, 77]
    assert [known.holds(root) for root in (*roots, 7)] == [True, True, True, False]


def test_a_store_that_is_led_is_a_note(tmp_path: Path) -> None:
    config = write_config(tmp_path)
    with open_store(load_config(config, {}).store_target):
        check = find(config, "store")
    assert (check.level, f"process {os.getpid()}" in check.found) == (Level.NOTE, True)


def test_invalid_store_is_named(tmp_path: Path) -> None:
    config = write_config(tmp_path)
    with open_store(load_config(config, {}).store_target) as store:
        store.append([Record(1, b"x")], now_us=1)
    (tmp_path / "node" / "store" / "store.sqlite3").write_bytes(b"damage" * 1_000)
    check = find(config, "store")
    assert (check.level, "docs/node-storage.md" in check.advice) == (Level.WRONG, True)


def test_invalid_clock_behind_the_log(tmp_path: Path) -> None:
    config = write_config(tmp_path)
    with open_store(load_config(config, {}).store_target) as store:
        store.append([Record(1, b"x")], now_us=int(time.time() + 3_600) * 10**6)
    check = find(config, "clock of the log")
    assert check.level is Level.WRONG
    assert "s in the future" in check.found


@pytest.mark.parametrize("is_snapshot", [True, False])
def test_invalid_clock_behind_the_last_batch(tmp_path: Path, is_snapshot: bool) -> None:
    node = SmallNode()
    node.now_s = node.ex.now_s = int(time.time()) + 7_200  # as a clock that was two hours ahead
    node.submit(node.order(2, 5, MARK + 2), node.order(3, -5, MARK - 2))
    node.clear()
    config = load_config(write_config(tmp_path), {})
    write_snapshot(tmp_path / "node" / GENESIS, WIDE_PARAMS, node.genesis)
    with open_store(config.store_target) as store:
        records = [Record(record.kind, record.body) for record in node.log]
        store.append(records, now_us=1)
        if is_snapshot:
            store.put_snapshot(len(records), encode_live(node.sequencing.live))
    (check,) = [one for one in check_store(config, KnownRoots()) if one.name == "clock of the batches"]
    assert (check.level, check.advice.startswith("set the clock")) == (Level.WRONG, True)
    assert "the last batch is in the future: no batches for 7" in check.found


# The machine


def test_embedded_chain_is_to_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = write_config(tmp_path)
    (tmp_path / "node" / "chain.sqlite3").write_bytes(b"")
    assert find(config, "base layer").level is Level.OK
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may read and write anything
    assert find(config, "base layer").level is Level.WRONG


def test_fsync_is_measured(tmp_path: Path) -> None:
    assert 0 < measure_fsync_s(tmp_path) < 10
    with pytest.raises(OSError, match="No such file"):
        measure_fsync_s(tmp_path / "none")


@pytest.mark.parametrize(
    ("target", "value", "name", "advice"),
    [
        ("MIN_FREE_BYTES", 2**70, "disk", "make room"),
        ("SLOW_FSYNC_S", -1.0, "fsync", "a faster disk"),
        ("NODE_BYTES", 2**70, "memory", "more memory"),
    ],
)
def test_too_little_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, value: float, name: str, advice: str
) -> None:
    from sequencer.doctor import machine

    monkeypatch.setattr(machine, target, value)
    monkeypatch.setattr(machine, "_check_proving_key", lambda config: Check("proving key", Level.OK, ""))
    checks = {check.name: check for check in machine.check_machine(load_config(write_config(tmp_path), {}))}
    assert checks[name].level is (Level.NOTE if name == "fsync" else Level.WRONG)
    assert advice in checks[name].advice


def test_a_file_limit_below_the_connections_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sequencer.doctor import machine

    monkeypatch.setattr(machine, "_check_proving_key", lambda config: Check("proving key", Level.OK, ""))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    config = load_config(write_config(tmp_path, api={"port": 0, "max_connections": 900}), {})
    resource.setrlimit(resource.RLIMIT_NOFILE, (1_100, hard))
    try:
        checks = {check.name: check for check in machine.check_machine(config)}
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert checks["file limit"].level is Level.WRONG
    assert "1156" in checks["file limit"].advice
