"""PostgreSQL's own faults: restarts, a lost session, a leader deposed, a commit unheard, a full disk, secrets."""

from __future__ import annotations

import traceback
from collections.abc import Iterator

import psycopg
import pytest

from sequencer.node.errors import StoreCorrupt, StoreFenced, StoreFull, StoreLocked, StoreUnavailable
from sequencer.node.links import Record, link_records
from sequencer.node.opening import open_store
from sequencer.node.sql_store import SqlStore
from sequencer.node.store import Artifact
from tests.node_stores import appending, edit, open_patiently
from tests.postgres.clusters import Cluster
from tests.store_suite import THREE

END_SESSIONS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> %s"


@pytest.fixture
def own_cluster() -> Iterator[Cluster]:
    """A server that a test may stop."""
    server = Cluster()
    yield server
    server.remove()


def end_sessions(target: str) -> None:
    with psycopg.connect(target, autocommit=True) as connection:
        connection.execute(END_SESSIONS, (connection.info.backend_pid,))


def commit_unheard(store: SqlStore, target: str, body: bytes) -> None:
    """Do what an append does whose connection breaks between its commit and the answer."""
    [record] = link_records(store.head, [Record(9, body)], 1)
    with psycopg.connect(target) as connection:
        connection.execute(
            "INSERT INTO zkm_log (sequence, kind, time_us, link, body) VALUES (%s, %s, %s, %s, %s)", record
        )
        connection.execute("INSERT INTO zkm_artifacts VALUES ('batch', 'unheard', %s, '', '')", (record.sequence,))
        connection.execute(
            "UPDATE zkm_head SET sequence = %s, time_us = %s, link = %s",
            (record.sequence, record.time_us, record.link),
        )
    end_sessions(target)


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_restart_of_the_server_between_two_appends(own_cluster: Cluster, mode: str) -> None:
    with open_store(own_cluster.make_store()) as store:
        epoch = store.epoch
        assert store.append(THREE) == 1
        own_cluster.stop(mode)
        own_cluster.start()
        assert (store.append(THREE), store.epoch) == (4, epoch)
        assert len(store.read(0, 99)) == 6


def test_server_away_for_a_while(own_cluster: Cluster) -> None:
    with open_store(own_cluster.make_store()) as store:
        store.append(THREE)
        own_cluster.stop()
        for _ in range(2):
            with pytest.raises(StoreUnavailable):
                store.append(THREE)
            with pytest.raises(StoreUnavailable):
                store.read(0, 1)
        own_cluster.start()
        assert (store.append(THREE), len(store.read(0, 99))) == (4, 6)


def test_server_crashing_while_a_process_appends(own_cluster: Cluster) -> None:
    target = own_cluster.make_store()
    for seed in range(1, 6):
        with appending(target, seed) as process:
            assert process.stdout is not None
            process.stdout.readline()
            own_cluster.stop("immediate")
            acknowledged = [line for line in process.stdout if line.endswith("\n")]  # to its end: it is refused
        own_cluster.start()
        with open_patiently(target) as store:
            assert acknowledged == [] or store.last_sequence >= int(acknowledged[-1].split()[0])
    with open_store(target) as store:
        log = store.read(0, 100_000)
    for seed in range(1, 6):
        numbers = [int(record.body) for record in log if record.kind == seed]
        assert numbers == list(range(len(numbers)))
        assert numbers != []


def test_session_ended_by_the_server_is_replaced(target: str) -> None:
    with open_store(target) as store:
        store.append(THREE)
        store.read(0, 1)
        end_sessions(target)
        assert (len(store.read(0, 99)), store.append(THREE), store.epoch) == (3, 4, 1)
        with pytest.raises(StoreLocked):
            open_store(target)


def test_invalid_append_of_a_leader_whose_session_died_and_another_leads(target: str) -> None:
    with open_store(target) as old:
        old.append(THREE)
        end_sessions(target)
        with open_patiently(target) as new:
            assert new.append(THREE) == 4
            with pytest.raises(StoreFenced) as raised:
                old.append([Record(9, b"lost")])
            assert (raised.value.epoch, raised.value.current_epoch) == (1, 2)
            assert new.append(THREE) == 7
        with pytest.raises(StoreFenced):  # nor when the other has gone
            old.append([Record(9, b"lost")])
    with open_patiently(target) as store:
        assert [record.kind for record in store.read(0, 99)] == [record.kind for record in THREE] * 3


def test_append_committed_unheard_is_undone_before_the_next(target: str) -> None:
    with open_store(target) as store:
        store.append(THREE)
        commit_unheard(store, target, b"unheard")
        assert len(store.read(0, 99)) == 3
        assert store.append([Record(5, b"next")], artifacts=[Artifact("batch", "1", b"")]) == 4
        assert [record.body for record in store.read(3, 9)] == [b"next"]
        assert [info.name for info in store.list_artifacts("batch")] == ["1"]
    open_store(target).close()


def test_append_committed_unheard_stays_where_its_process_died(target: str) -> None:
    store = open_store(target)
    store.append(THREE)
    commit_unheard(store, target, b"unheard")
    store.close()
    with open_store(target) as store:
        assert store.read(3, 9)[0].body == b"unheard"


def test_invalid_server_that_lost_what_it_acknowledged(target: str) -> None:
    with open_store(target) as store:
        store.append(THREE)
        edit(target, "UPDATE zkm_head SET sequence = 2")
        end_sessions(target)
        with pytest.raises(StoreCorrupt, match="got record 2, expected record 3"):
            store.append(THREE)


def test_disk_full_leaves_nothing_and_the_store_goes_on(target: str) -> None:
    with open_store(target) as store:
        store.append(THREE)
        # the server's own error, raised by the server where a row is written
        edit(
            target,
            "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE 'could not extend file' USING ERRCODE = 'disk_full'; END $$",
        )
        edit(target, "CREATE TRIGGER full_disk BEFORE INSERT ON zkm_artifacts FOR EACH ROW EXECUTE FUNCTION fail()")
        with pytest.raises(StoreFull, match="could not extend file"):
            store.append(THREE, artifacts=[Artifact("batch", "1", b"")])
        assert (store.last_sequence, len(store.read(0, 99)), store.list_artifacts("batch")) == (3, 3, [])
        edit(target, "DROP TRIGGER full_disk ON zkm_artifacts")
        assert store.append(THREE, artifacts=[Artifact("batch", "1", b"")]) == 4


def test_invalid_server_that_does_not_sync() -> None:
    server = Cluster("-c fsync=off")
    try:
        with pytest.raises(StoreUnavailable, match="fsync off"):
            open_store(server.make_store())
    finally:
        server.remove()


@pytest.mark.parametrize(
    "rest",
    [
        "/missing?host={folder}",
        "/postgres?host={folder}&port=1",
        "/postgres?host={folder}&sesame",
        "[/",
        "/x?port=many",
    ],
)
def test_invalid_url_whose_secrets_are_not_told(cluster: Cluster, rest: str) -> None:
    url = "postgresql://alibaba:sesame@" + rest.format(folder=cluster.folder)
    with pytest.raises(StoreUnavailable) as raised:
        open_store(url)
    told = "".join([*traceback.format_exception(raised.value), repr(raised.value), str(raised.value)])
    assert "sesame" not in told
    assert "alibaba" not in told


def test_two_schemas_of_one_database_are_two_stores(target: str, fresh: str) -> None:
    with open_store(target) as one, open_store(fresh) as two:
        assert (one.append(THREE), two.append(THREE), one.append(THREE)) == (1, 1, 4)
