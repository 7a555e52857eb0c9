"""SQLite's own faults: a full disk, a flipped bit, a failed sync, files that others may read."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sequencer.errors import FileMissing
from sequencer.node.errors import StoreCorrupt, StoreFull, StoreUnavailable
from sequencer.node.links import Record
from sequencer.node.opening import open_store
from sequencer.node.sql import Session
from sequencer.node.sql_store import SqlStore
from sequencer.node.sqlite_store import DATABASE_FILE
from sequencer.node.store import Artifact
from tests.node_stores import ROOT

FILE_LIMIT = """
import resource, sys
from sequencer.node.errors import StoreError
from sequencer.node.links import Record
from sequencer.node.opening import open_store
from sequencer.node.store import Artifact
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
store = open_store(sys.argv[1])
store.append([Record(1, b"before")])
resource.setrlimit(resource.RLIMIT_FSIZE, (2**18, hard))
number = 0
while True:
    try:
        store.append([Record(2, bytes(5000))] * 3, artifacts=[Artifact("blob", str(number), b"")])
        number += 1
    except StoreError as error:
        print(error.code, number)
        break
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
assert store.last_sequence == 1 + 3 * number
assert len(store.read(0, 1000)) == len(store.list_artifacts("blob")) * 3 + 1 == store.last_sequence
store.append([Record(3, b"after")])
"""


def limit_pages(store: SqlStore, n_pages: int) -> None:
    store._backend.write(lambda session: session.run(f"PRAGMA max_page_count = {n_pages}"))


def fill_up(store: SqlStore) -> int:
    """Append until there is no room; return how often it went well."""
    for number in range(1000):
        try:
            store.append([Record(1, bytes(9000))], artifacts=[Artifact("blob", str(number), bytes(9000))])
        except StoreFull:
            return number
    raise AssertionError("there was always room")


def test_disk_full_leaves_nothing_and_the_store_goes_on(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        limit_pages(store, 40)
        number = fill_up(store)
        assert number > 2
        assert store.last_sequence == len(store.read(0, 99)) == len(store.list_artifacts("blob")) == number
        limit_pages(store, 1000)
        assert store.append([Record(1, bytes(9000))]) == number + 1
    open_store(tmp_path).close()


def test_file_that_may_not_grow_leaves_nothing_and_the_store_goes_on(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FILE_LIMIT, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    code, number = done.stdout.split()
    assert (code in ("store_full", "store_unavailable"), int(number) > 2) == (True, True)
    with open_store(tmp_path) as store:
        assert store.read(3 * int(number) + 1, 9)[0].body == b"after"


def test_invalid_backup_to_a_folder_that_is_missing(tmp_path: Path) -> None:
    with open_store(tmp_path / "store") as store:
        with pytest.raises(FileMissing):
            store.backup(tmp_path / "missing" / "backup")
        assert store.append([Record(1, b"")]) == 1


@pytest.fixture(scope="module")
def closed_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("closed") / "store"
    with open_store(folder) as store:
        for number in range(40):
            store.append([Record(number, bytes([number]) * 300)] * 3, now_us=number)
    return folder


@settings(max_examples=150)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_flipped_bit_is_reported_or_changes_nothing(closed_store: Path, place: float, bit: int) -> None:
    with open_store(closed_store) as store:
        expected = store.read(0, 1000)
    copy = closed_store.parent / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(closed_store, copy)
    data = bytearray((copy / DATABASE_FILE).read_bytes())
    data[int(place * len(data))] ^= 1 << bit
    (copy / DATABASE_FILE).write_bytes(data)
    try:
        with open_store(copy) as store:
            assert store.read(0, 1000) == expected
            assert store.append([Record(1, b"")]) == len(expected) + 1
    except (StoreCorrupt, StoreUnavailable):
        pass


def test_invalid_flipped_bit_in_a_record(closed_store: Path, tmp_path: Path) -> None:
    shutil.copytree(closed_store, tmp_path / "copy")
    data = (tmp_path / "copy" / DATABASE_FILE).read_bytes()
    assert data.count(bytes([7]) * 300) == 3
    (tmp_path / "copy" / DATABASE_FILE).write_bytes(data.replace(bytes([7]) * 300, bytes([7]) * 299 + b"\x06", 1))
    with pytest.raises(StoreCorrupt, match=r"record 2\d: got another link"):
        open_store(tmp_path / "copy")


def test_invalid_write_after_a_sync_that_failed(tmp_path: Path) -> None:
    def fail(session: Session) -> None:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode, error.sqlite_errorname = sqlite3.SQLITE_IOERR_FSYNC, "SQLITE_IOERR_FSYNC"
        raise error

    with open_store(tmp_path) as store:
        with pytest.raises(StoreUnavailable, match="SQLITE_IOERR_FSYNC"):
            store._backend.write(fail)
        with pytest.raises(StoreUnavailable, match="opened anew"):
            store.append([Record(1, b"")])
    with open_store(tmp_path) as store:
        assert store.append([Record(1, b"")]) == 1


def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    with open_store(tmp_path / "a" / "store") as store:
        store.append([Record(1, b"")])
        assert (tmp_path / "a" / "store").stat().st_mode & 0o777 == 0o700
        modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "a" / "store").iterdir()}
    assert set(modes) == {DATABASE_FILE, f"{DATABASE_FILE}-wal", f"{DATABASE_FILE}-shm", "leader.lock"}
    assert set(modes.values()) == {0o600}


def test_invalid_file_where_a_folder_belongs(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(FileMissing):
        open_store(tmp_path / "file")
    with pytest.raises(StoreUnavailable, match="Not a directory"):
        open_store(tmp_path / "file" / "store")


def test_invalid_opening_without_room_gives_up_the_lead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", refuse)
    with pytest.raises(StoreFull, match="No space left"):
        open_store(tmp_path)
    monkeypatch.undo()
    open_store(tmp_path).close()


def test_invalid_backup_of_a_damaged_store_names_the_store(closed_store: Path, tmp_path: Path) -> None:
    shutil.copytree(closed_store, tmp_path / "copy")
    with open_store(tmp_path / "copy") as store:
        path = tmp_path / "copy" / DATABASE_FILE
        data = bytearray(path.read_bytes())
        for page in range(4, len(data) // 4096):
            data[page * 4096] = 0xFF  # no kind of page
        path.write_bytes(data)
        with pytest.raises(StoreCorrupt) as raised:
            store.backup(tmp_path / "backup")
        assert raised.value.store == store.name
        assert not (tmp_path / "backup").exists()


def test_every_commit_is_synced(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        pragmas = {
            name: store._backend.write(lambda session, name=name: session.fetch(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous")
        }
    assert pragmas == {"journal_mode": [("wal",)], "synchronous": [(2,)]}
