"""The store suite over PostgreSQL, and backups carried from one kind of store to the other."""

from __future__ import annotations

from pathlib import Path

from sequencer.node.links import Record
from sequencer.node.opening import open_store
from sequencer.node.store import Artifact
from tests.store_suite import THREE, StoreSuite


class TestPostgres(StoreSuite):
    """Schemas of a database."""


def carry(source: str, destination: str, path: Path) -> None:
    with open_store(source) as store, open_store(destination) as copy:
        store.append(THREE, now_us=9, artifacts=[Artifact("proof", "Z", b"\x00"), Artifact("proof", "a", b"")])
        store.append([Record(2, b"%d" % number) for number in range(20_000)], now_us=10)
        store.put_snapshot(2, b"two")
        assert store.backup(path) == store.head
        copy.restore(path)
        assert (copy.head, copy.read(0, 30_000)) == (store.head, store.read(0, 30_000))
        assert copy.latest_snapshot() == store.latest_snapshot()
        assert copy.list_artifacts("proof") == store.list_artifacts("proof")
        assert copy.append(THREE) == 20_004


def test_backup_of_sqlite_restored_into_postgres(target: str, tmp_path: Path) -> None:
    carry(str(tmp_path / "store"), target, tmp_path / "backup")


def test_backup_of_postgres_restored_into_sqlite(target: str, tmp_path: Path) -> None:
    carry(target, str(tmp_path / "store"), tmp_path / "backup")
