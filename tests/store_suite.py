"""What every store must do, whatever it is made of. A subclass in tests/node or tests/postgres names the target."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sequencer.errors import FileMissing
from sequencer.node.errors import (
    ArtifactExists,
    StoreCorrupt,
    StoreFenced,
    StoreLocked,
    StoreRequestInvalid,
    StoreUnavailable,
)
from sequencer.node.links import GENESIS, MAX_KIND, MAX_TIME_US, Head, Record, link_records
from sequencer.node.opening import open_store
from sequencer.node.store import (
    MAX_ARTIFACT_BYTES,
    MAX_GROUP_RECORDS,
    MAX_READ,
    MAX_RECORD_BYTES,
    Artifact,
    Snapshot,
    Store,
)
from tests.node_stores import ROOT, appending, edit, open_patiently

THREE = [Record(1, b"one"), Record(2, b""), Record(MAX_KIND, b"\x00\xff")]
OPEN_AND_SAY = """
import sys
from sequencer.node.errors import StoreLocked
from sequencer.node.opening import open_store
try:
    open_store(sys.argv[1])
except StoreLocked as error:
    print(error.code, error.holder_pid, error.holder_host)
"""


def put_number(store: Store, number: int) -> None:
    store.append([Record(number, b"%d" % number)])


def read_bodies(store: Store) -> list[bytes]:
    return [record.body for record in store.read(0, MAX_READ)]


class StoreSuite:
    """Tests over the fixture `target`: a folder or a URL with nothing in it."""

    def test_groups_of_any_size_are_read_back(self, target: str) -> None:
        sizes = (1, 2, 3, 64, 127, 128, 129, 300)
        bodies = [b"%d of %d" % (index, size) for size in sizes for index in range(size)]
        rest = iter(bodies)
        with open_store(target) as store:
            for size in sizes:
                store.append([Record(1, next(rest)) for _ in range(size)])
            assert read_bodies(store) == bodies
        with open_store(target) as store:  # its links hold
            assert store.last_sequence == len(bodies)

    def test_append_and_read_back(self, target: str) -> None:
        with open_store(target) as store:
            assert (store.head, store.last_sequence, store.read(0, 10)) == (GENESIS, 0, [])
            assert store.append(THREE, now_us=5) == 1
            assert store.append(THREE, now_us=6) == 4
            assert store.read(0, 3) == link_records(GENESIS, THREE, 5)
            assert store.read(3, 3) == link_records(Head(3, 5, store.read(2, 1)[0].link), THREE, 6)
            assert [record.sequence for record in store.read(1, 4)] == [2, 3, 4, 5]
            assert (store.read(6, 10), store.read(0, 0)) == ([], [])
            assert store.head == (6, 6, store.read(5, 1)[0].link)

    def test_all_is_there_after_opening_again(self, target: str) -> None:
        with open_store(target) as store:
            store.append(THREE, now_us=7, artifacts=[Artifact("batch", "1", b"sealed")])
            before = store.head, store.read(0, 9), store.epoch
        with open_store(target) as store:
            assert (store.head, store.read(0, 9), store.epoch) == (*before[:2], before[2] + 1)
            assert store.get_artifact("batch", "1") == b"sealed"

    @pytest.mark.parametrize("n_records", [1, 63, 64, 65, 1000])
    def test_groups_of_any_size(self, target: str, n_records: int) -> None:
        group = [Record(index % 7, b"%d" % index) for index in range(n_records)]
        with open_store(target) as store:
            put_number(store, 1)
            assert store.append(group) == 2
            assert [(record.kind, record.body) for record in store.read(1, 2000)] == group

    def test_appends_of_many_threads_take_turns(self, target: str) -> None:
        with open_store(target) as store, ThreadPoolExecutor(4) as pool:
            firsts = list(pool.map(lambda kind: (store.append([Record(kind, b"")] * 3), kind), range(40)))
            assert sorted(firsts)[0][0] == 1
            log = store.read(0, 999)
            assert len(log) == 120
            assert all([record.kind for record in log[first - 1 : first + 2]] == [kind] * 3 for first, kind in firsts)
        open_store(target).close()

    def test_time_stands_where_the_clock_falls_back(self, target: str) -> None:
        with open_store(target) as store:
            for now_us in (9, 4, 0, 10):
                store.append(THREE[:1], now_us=now_us)
            assert [record.time_us for record in store.read(0, 9)] == [9, 9, 9, 10]

    def test_artifacts_are_listed_in_the_order_of_their_bytes(self, target: str) -> None:
        names = ["B", "a", "Z9", "a.1", "_"]
        with open_store(target) as store:
            for name in names:
                store.put_artifact("proof", name, name.encode() * 2)
            store.put_artifact("blob", "c", b"")
            listed = store.list_artifacts("proof")
            assert [(info.name, info.size_bytes) for info in listed] == [(n, 2 * len(n)) for n in sorted(names)]
            assert store.list_artifacts("proof", after="Z9", limit=2) == listed[2:4]
            assert (store.list_artifacts("group"), store.get_artifact("group", "B")) == ([], None)
            assert store.get_artifact("blob", "c") == b""

    @pytest.mark.parametrize(("below", "left"), [("0", 205), ("n100", 105), ("n204", 1), ("o", 0)])
    def test_artifacts_before_a_name_are_removed(self, target: str, below: str, left: int) -> None:
        names = [f"n{number:03}" for number in range(205)]
        with open_store(target) as store:
            store.append((), artifacts=[Artifact("blob", name, name.encode()) for name in names])
            store.put_artifact("proof", "a", b"")
            assert store.remove_artifacts("blob", below) == 205 - left
            assert store.remove_artifacts("blob", below) == 0
            assert [one.name for one in store.list_artifacts("blob")] == names[205 - left :]
            assert store.get_artifact("proof", "a") == b""

    def test_the_same_artifact_again_is_no_error(self, target: str) -> None:
        with open_store(target) as store:
            store.put_artifact("proof", "1", b"x")
            store.put_artifact("proof", "1", b"x")
            assert len(store.list_artifacts("proof")) == 1

    def test_invalid_artifact_over_another_takes_its_records_along(self, target: str) -> None:
        with open_store(target) as store:
            store.put_artifact("proof", "1", b"x")
            with pytest.raises(ArtifactExists) as raised:
                store.append(THREE, artifacts=[Artifact("batch", "2", b"y"), Artifact("proof", "1", b"z")])
            assert raised.value.get_facts() == {"store": store.name, "kind": "proof", "name": "1"}
            assert (store.last_sequence, store.read(0, 9), store.list_artifacts("batch")) == (0, [], [])
            assert store.append(THREE) == 1
        open_store(target).close()

    def test_snapshot_truncation_and_what_follows(self, target: str) -> None:
        with open_store(target) as store:
            assert store.latest_snapshot() is None
            store.put_snapshot(0, b"genesis")
            assert store.latest_snapshot() == Snapshot(GENESIS, b"genesis")
            for number in range(1, 11):
                put_number(store, number)
            store.put_snapshot(4, b"four")
            store.put_snapshot(8, b"eight")
            store.truncate(6)
            assert [record.sequence for record in store.read(0, 99)] == [7, 8, 9, 10]
            store.truncate(8)
            store.put_snapshot(8, b"eight again")
            head = store.head
        with open_store(target) as store:
            snapshot = store.latest_snapshot()
            assert snapshot is not None
            assert (snapshot.head.sequence, snapshot.body, store.head) == (8, b"eight again", head)
            assert read_bodies(store) == [b"9", b"10"]
            store.put_snapshot(10, b"ten")
            store.truncate(10)
        with open_store(target) as store:
            assert (store.head, store.read(0, 9), store.append(THREE)) == (head, [], 11)

    def test_replay_goes_from_the_snapshot_to_the_end(self, target: str) -> None:
        with open_store(target) as store:
            assert list(store.replay()) == []
            store.append([Record(1, b"")] * 10_005)
            store.put_snapshot(3, b"")
        with open_store(target, is_verified=False) as store:
            assert [len(records) for records in store.replay()] == [10_000, 2]

    def test_invalid_edited_log_is_seen_by_replay(self, target: str) -> None:
        with open_store(target) as store:
            store.append(THREE)
        edit(target, "UPDATE zkm_log SET kind = 9 WHERE sequence = 2")
        with open_store(target, is_verified=False) as store, pytest.raises(StoreCorrupt, match="record 2"):
            list(store.replay())

    def test_truncation_in_many_steps(self, target: str) -> None:
        with open_store(target) as store:
            store.append([Record(0, b"")] * 25_001)
            store.put_snapshot(25_000, b"")
            store.truncate(25_000)
            assert [record.sequence for record in store.read(0, 9)] == [25_001]

    @pytest.mark.parametrize(("taken", "sequence"), [(3, 2), (0, 5)])
    def test_invalid_snapshot_before_the_latest_or_beyond_the_log(self, target: str, taken: int, sequence: int) -> None:
        with open_store(target) as store:
            store.append([*THREE, Record(1, b"")])
            store.put_snapshot(taken, b"s")
            with pytest.raises(StoreRequestInvalid, match="snapshot sequence"):
                store.put_snapshot(sequence, b"s")

    @pytest.mark.parametrize("up_to", [3, 4, -1])
    def test_invalid_truncation_beyond_the_snapshot(self, target: str, up_to: int) -> None:
        with open_store(target) as store:
            store.append(THREE)
            store.put_snapshot(2, b"s")
            with pytest.raises(StoreRequestInvalid, match=f"truncation {up_to}: expected 0 to 2"):
                store.truncate(up_to)
            assert len(store.read(0, 9)) == 3

    @pytest.mark.parametrize(
        ("records", "now_us", "artifacts"),
        [
            ([Record(MAX_KIND + 1, b"")], 0, []),
            ([Record(-1, b"")], 0, []),
            ([Record(1, bytes(MAX_RECORD_BYTES + 1))], 0, []),
            ([Record(1, b"")] * (MAX_GROUP_RECORDS + 1), 0, []),
            ([Record(1, bytes(MAX_RECORD_BYTES))] * 257, 0, []),
            ([Record(1, b"")], -1, []),
            ([Record(1, b"")], MAX_TIME_US + 1, []),
            ([], 0, [Artifact("Batch", "1", b"")]),
            ([], 0, [Artifact("", "1", b"")]),
            ([], 0, [Artifact("batch", "a/b", b"")]),
            ([], 0, [Artifact("batch", "a\n", b"")]),
            ([], 0, [Artifact("batch", "x" * 129, b"")]),
            ([], 0, [Artifact("batch", "1", bytes(MAX_ARTIFACT_BYTES + 1))]),
        ],
        ids=lambda value: str(value)[:20],
    )
    def test_invalid_request_outside_the_limits(
        self, target: str, records: list[Record], now_us: int, artifacts: list[Artifact]
    ) -> None:
        with open_store(target) as store:
            with pytest.raises(StoreRequestInvalid):
                store.append(records, now_us=now_us, artifacts=artifacts)
            assert (store.last_sequence, store.read(0, 1)) == (0, [])

    def test_record_as_large_as_may_be(self, target: str) -> None:
        with open_store(target) as store:
            store.append([Record(1, bytes(MAX_RECORD_BYTES))])
            assert len(store.read(0, 1)[0].body) == MAX_RECORD_BYTES

    @pytest.mark.parametrize(("after", "limit"), [(-1, 1), (0, -1), (0, MAX_READ + 1), (2**63, 1)])
    def test_invalid_read_outside_the_limits(self, target: str, after: int, limit: int) -> None:
        with open_store(target) as store, pytest.raises(StoreRequestInvalid):
            store.read(after, limit)

    def test_invalid_second_opening_names_the_leader(self, target: str) -> None:
        with open_store(target) as store:
            with pytest.raises(StoreLocked) as raised:
                open_store(target)
            assert raised.value.since_s > 0
            said = subprocess.run(
                [sys.executable, "-c", OPEN_AND_SAY, target], cwd=ROOT, capture_output=True, text=True, check=True
            )
            assert said.stdout.split() == ["store_locked", str(raised.value.holder_pid), raised.value.holder_host]
            assert store.append(THREE) == 1
        open_store(target).close()

    def test_invalid_use_of_a_closed_store(self, target: str) -> None:
        store = open_store(target)
        store.close()
        store.close()
        with pytest.raises(StoreUnavailable):
            store.append(THREE)
        with pytest.raises(StoreUnavailable):
            store.read(0, 1)

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE zkm_log SET body = %s WHERE sequence = 3",
            "UPDATE zkm_log SET link = %s WHERE sequence = 6",
            "UPDATE zkm_head SET link = %s",
        ],
    )
    def test_invalid_edited_bytes_are_seen_at_opening(self, target: str, statement: str) -> None:
        with open_store(target) as store:
            store.append(THREE, now_us=5)
            store.append(THREE, now_us=6)
        edit(target, statement, (bytes(32),))
        with pytest.raises(StoreCorrupt):
            open_store(target)

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE zkm_log SET kind = 3 WHERE sequence = 1",
            "UPDATE zkm_log SET kind = -1 WHERE sequence = 1",
            "UPDATE zkm_log SET time_us = 6 WHERE sequence = 3",
            "UPDATE zkm_log SET time_us = 4 WHERE sequence = 6",
            "DELETE FROM zkm_log WHERE sequence = 1",
            "DELETE FROM zkm_log WHERE sequence = 4",
            "DELETE FROM zkm_log WHERE sequence = 6",
            "UPDATE zkm_log SET sequence = 7 WHERE sequence = 6",
            "UPDATE zkm_head SET sequence = 5",
            "UPDATE zkm_head SET time_us = 7",
            "UPDATE zkm_head SET version = 2",
            "DELETE FROM zkm_head",
            "UPDATE zkm_head SET (sequence, link) = (SELECT sequence, link FROM zkm_log WHERE sequence = 5)",
        ],
    )
    def test_invalid_edited_store_is_seen_at_opening(self, target: str, statement: str) -> None:
        with open_store(target) as store:
            store.append(THREE, now_us=5)
            store.append(THREE, now_us=6)
        open_store(target).close()
        edit(target, statement)
        with pytest.raises(StoreCorrupt):
            open_store(target)

    @pytest.mark.parametrize("table", ["zkm_snapshots", "zkm_artifacts"])
    def test_invalid_edited_bytes_are_seen_at_reading(self, target: str, table: str) -> None:
        with open_store(target) as store:
            store.put_snapshot(0, b"genesis")
            store.put_artifact("proof", "1", b"x")
        edit(target, f"UPDATE {table} SET body = %s", (b"y",))
        with open_store(target) as store, pytest.raises(StoreCorrupt):
            assert (store.latest_snapshot(), store.get_artifact("proof", "1")) == ()

    def test_invalid_append_under_another_epoch(self, target: str) -> None:
        with open_store(target) as store:
            store.append(THREE)
            edit(target, "UPDATE zkm_head SET epoch = 9")
            with pytest.raises(StoreFenced) as raised:
                store.append(THREE, artifacts=[Artifact("batch", "1", b"")])
            assert (raised.value.epoch, raised.value.current_epoch) == (1, 9)
            with pytest.raises(StoreFenced):
                store.put_snapshot(3, b"")
            assert (len(store.read(0, 99)), store.list_artifacts("batch")) == (3, [])

    def test_backup_while_appending_and_restore(self, target: str, fresh: str, tmp_path: Path) -> None:
        with open_store(target) as store:
            store.append(THREE, now_us=3, artifacts=[Artifact("proof", "1", b"x" * 5000)])
            store.put_snapshot(2, b"two")
            end = threading.Event()
            thread = threading.Thread(target=self._append_until, args=(store, end))
            thread.start()
            heads = [store.backup(tmp_path / f"{number}.backup") for number in range(5)]
            end.set()
            thread.join()
            log = store.read(0, MAX_READ)
        assert heads == sorted(heads)
        assert (tmp_path / "4.backup").stat().st_mode & 0o777 == 0o600
        with open_store(fresh) as copy:
            copy.restore(tmp_path / "4.backup")
            assert (copy.head, copy.read(0, MAX_READ)) == (heads[4], log[: heads[4].sequence])
            assert copy.get_artifact("proof", "1") == b"x" * 5000
            assert copy.latest_snapshot() == Snapshot(Head(*log[1][:1], 3, log[1].link), b"two")
            assert copy.append(THREE) == heads[4].sequence + 1
        open_store(fresh).close()

    @staticmethod
    def _append_until(store: Store, end: threading.Event) -> None:
        while not end.is_set():
            store.append(THREE)

    def test_restore_of_a_truncated_store(self, target: str, fresh: str, tmp_path: Path) -> None:
        with open_store(target) as store:
            for number in range(1, 9):
                put_number(store, number)
            store.put_snapshot(3, b"three")
            store.put_snapshot(5, b"five")
            store.truncate(4)
            head = store.backup(tmp_path / "backup")
        with open_store(fresh) as copy:
            copy.restore(tmp_path / "backup")
            assert (copy.head, read_bodies(copy)) == (head, [b"5", b"6", b"7", b"8"])

    def test_invalid_restore_over_what_is_there(self, target: str, fresh: str, tmp_path: Path) -> None:
        with open_store(target) as store:
            store.append(THREE)
            store.backup(tmp_path / "backup")
            with pytest.raises(StoreRequestInvalid, match="restore over 3 records"):
                store.restore(tmp_path / "backup")
        with open_store(fresh) as store:
            store.put_artifact("proof", "1", b"x")
            with pytest.raises(StoreRequestInvalid, match="1 artefacts"):
                store.restore(tmp_path / "backup")
            assert store.last_sequence == 0

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE zkm_log SET body = x'00' WHERE sequence = 2",
            "DELETE FROM zkm_log WHERE sequence = 3",
            "UPDATE zkm_snapshots SET body = x'00'",
            "UPDATE zkm_artifacts SET digest = x'00'",
            "UPDATE zkm_head SET version = 2",
            "DROP TABLE zkm_artifacts",
        ],
    )
    def test_invalid_backup_that_was_edited(self, target: str, fresh: str, tmp_path: Path, statement: str) -> None:
        with open_store(target) as store:
            store.append(THREE, artifacts=[Artifact("proof", "1", b"x")])
            store.put_snapshot(3, b"three")
            folder = tmp_path / "backup"
            folder.mkdir()
            store.backup(folder / "store.sqlite3")
        edit(str(folder), statement)
        with open_store(fresh) as copy:
            with pytest.raises(StoreCorrupt):
                copy.restore(folder / "store.sqlite3")
            assert (copy.head, copy.read(0, 9), copy.latest_snapshot()) == (GENESIS, [], None)
            assert copy.append(THREE) == 1

    def test_invalid_backup_that_is_none(self, target: str, tmp_path: Path) -> None:
        (tmp_path / "noise").write_bytes(b"no database" * 1000)
        with open_store(target) as store:
            with pytest.raises(StoreCorrupt):
                store.restore(tmp_path / "noise")
            with pytest.raises(FileMissing):
                store.restore(tmp_path / "missing")

    def test_killed_twenty_times_and_nothing_acknowledged_is_missing(self, target: str) -> None:
        expected: dict[int, int] = {}  # how many records of each process may have been acknowledged
        for seed in range(1, 21):
            with appending(target, seed) as process:
                assert process.stdout is not None
                last, number = 0, 0
                for _ in range(1 + seed * 7 % 23):  # killed while it goes on, after so many acknowledgements
                    last, number = map(int, process.stdout.readline().split())
                process.kill()
                for line in process.stdout:  # what was printed before the end came
                    if line.endswith("\n"):
                        last, number = map(int, line.split())
            expected[seed] = number
            with open_patiently(target) as store:
                assert store.last_sequence >= last
        with open_store(target) as store:
            log = store.read(0, MAX_READ)
        assert [record.sequence for record in log] == list(range(1, len(log) + 1))
        for seed, n_acknowledged in expected.items():
            numbers = [int(record.body) for record in log if record.kind == seed]
            assert numbers == list(range(len(numbers)))
            assert len(numbers) >= n_acknowledged
