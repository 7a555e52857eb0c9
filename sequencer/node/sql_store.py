"""The store over a SQL database. The head row ties all together: each append moves it, held to the leader's epoch."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType

from sequencer.node import portable
from sequencer.node.errors import StoreCorrupt
from sequencer.node.links import GENESIS, Head, LogRecord, Record, compute_digest, find_broken_link, link_records
from sequencer.node.sql import Backend, Session
from sequencer.node.sql_artifacts import get_artifact, list_artifacts, put_artifact
from sequencer.node.sql_head import claim, get_anchor, move_head, recover
from sequencer.node.store import MAX_READ, Artifact, ArtifactInfo, Snapshot
from sequencer.node.store_checks import check_artifact, check_group, check_kind, check_read, check_sequence
from sequencer.node.store_checks import check_snapshot as _check_snapshot

__all__ = ["SqlStore"]

_REPLAY_RECORDS = 10_000
_TRUNCATE_RECORDS = 10_000
_REMOVED_ARTIFACTS = 100  # a blob has 128 KiB
_KEPT_SNAPSHOTS = 2
_make_record = partial(tuple.__new__, LogRecord)  # as LogRecord._make, without a call in Python for each row


class SqlStore:
    """A `store.Store` over a backend that this process leads. Leaving its `with` block closes it."""

    def __init__(self, backend: Backend, *, is_verified: bool) -> None:
        """Take the lead's epoch and, if asked, hold the log behind the latest snapshot to its links."""
        self._backend = backend
        self._writing = threading.RLock()
        try:
            self._epoch, self._head = backend.write(lambda session: claim(session, backend))
            backend.on_reconnect = lambda session: recover(session, self.name, self._epoch, self._head)
            if is_verified:
                deque(self.replay(), maxlen=0)
        except BaseException:
            backend.close()
            raise

    def __enter__(self) -> SqlStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def name(self) -> str:
        """The folder, or the URL without user and password."""
        return self._backend.name

    @property
    def head(self) -> Head:
        """Sequence number, time and link of the last record."""
        return self._head

    @property
    def last_sequence(self) -> int:
        """The sequence number of the last record, 0 before the first."""
        return self._head.sequence

    @property
    def epoch(self) -> int:
        """How often this store has been opened to lead."""
        return self._epoch

    def append(self, records: Sequence[Record], *, now_us: int = 0, artifacts: Sequence[Artifact] = ()) -> int:
        """See `store.Store.append`."""
        check_group(self.name, records, now_us, artifacts)
        with self._writing:
            linked = link_records(self._head, records, now_us)
            head = _end_of(linked, self._head)
            self._backend.write(lambda session: self._put_group(session, linked, head, artifacts))
            first, self._head = self._head.sequence + 1, head
        return first

    def _put_group(
        self, session: Session, linked: Sequence[LogRecord], head: Head, artifacts: Sequence[Artifact]
    ) -> None:
        move_head(session, self.name, self._epoch, self._head, head)
        if linked:
            session.insert_log(linked)
        for artifact in artifacts:
            put_artifact(session, self.name, head.sequence, artifact)

    def read(self, after: int, limit: int) -> list[LogRecord]:
        """See `store.Store.read`."""
        check_read(self.name, after, limit)
        query = (
            "SELECT sequence, kind, time_us, link, body FROM zkm_log WHERE sequence > %s AND sequence <= %s "
            "ORDER BY sequence LIMIT %s"
        )
        values = (after, self._head.sequence, limit)
        return list(map(_make_record, self._backend.read(lambda session: session.fetch(query, values))))

    def replay(self) -> Iterator[list[LogRecord]]:
        """See `store.Store.replay`."""
        at = self._backend.read(get_anchor) or GENESIS
        end = self._head
        while records := self.read(at.sequence, min(_REPLAY_RECORDS, end.sequence - at.sequence)):
            broken = find_broken_link(at, records)
            if broken is not None:
                raise StoreCorrupt(self.name, f"record {broken.sequence}", "another link", "the one its bytes make")
            at = _end_of(records, at)
            yield records
        if at != end:
            raise StoreCorrupt(self.name, "end of the log", f"record {at.sequence}", f"record {end.sequence}")

    def put_snapshot(self, sequence: int, body: bytes) -> None:
        """See `store.Store.put_snapshot`."""
        _check_snapshot(self.name, sequence, body, self.last_sequence)
        with self._writing:
            self._backend.write(lambda session: self._put_snapshot(session, sequence, body))

    def _put_snapshot(self, session: Session, sequence: int, body: bytes) -> None:
        move_head(session, self.name, self._epoch, self._head, self._head)
        anchor = get_anchor(session) or GENESIS
        check_sequence(self.name, "snapshot sequence", sequence, anchor.sequence, self.last_sequence)
        query = "SELECT sequence, time_us, link FROM zkm_log WHERE sequence = %s"
        place = [Head._make(row) for row in session.fetch(query, (sequence,))]
        if sequence == anchor.sequence:  # its record may be truncated
            place = [anchor]
        if not place:
            raise StoreCorrupt(self.name, f"record {sequence}", "none", "a record, the log being whole")
        session.run("DELETE FROM zkm_snapshots WHERE sequence = %s", (sequence,))
        session.run(
            "INSERT INTO zkm_snapshots (sequence, time_us, link, digest, body) VALUES (%s, %s, %s, %s, %s)",
            (*place[0], compute_digest(body), body),
        )
        session.run(
            "DELETE FROM zkm_snapshots WHERE sequence NOT IN "
            "(SELECT sequence FROM zkm_snapshots ORDER BY sequence DESC LIMIT %s)",
            (_KEPT_SNAPSHOTS,),
        )

    def latest_snapshot(self) -> Snapshot | None:
        """See `store.Store.latest_snapshot`."""
        query = "SELECT sequence, time_us, link, digest, body FROM zkm_snapshots ORDER BY sequence DESC LIMIT 1"
        rows = self._backend.read(lambda session: session.fetch(query))
        for sequence, time_us, link, digest, body in rows:
            portable.check_digest(self.name, f"snapshot {sequence}", digest, body)
            return Snapshot(Head(sequence, time_us, link), body)
        return None

    def truncate(self, up_to: int) -> None:
        """See `store.Store.truncate`. In steps: a reader or an append waits for one of them at most."""
        anchor = self._backend.read(get_anchor) or GENESIS
        check_sequence(self.name, "truncation", up_to, 0, anchor.sequence)
        while (lowest := self._get_lowest()) is not None and lowest <= up_to:
            bound = min(up_to, lowest + _TRUNCATE_RECORDS - 1)
            with self._writing:
                self._backend.write(partial(self._delete_up_to, bound=bound))

    def _get_lowest(self) -> int | None:
        rows = self._backend.read(lambda session: session.fetch("SELECT min(sequence) FROM zkm_log"))
        lowest: int | None = rows[0][0]
        return lowest

    def _delete_up_to(self, session: Session, bound: int) -> None:
        move_head(session, self.name, self._epoch, self._head, self._head)
        session.run("DELETE FROM zkm_log WHERE sequence <= %s", (bound,))

    def put_artifact(self, kind: str, name: str, body: bytes) -> None:
        """See `store.Store.put_artifact`."""
        self.append((), artifacts=(Artifact(kind, name, body),))

    def get_artifact(self, kind: str, name: str) -> bytes | None:
        """See `store.Store.get_artifact`."""
        check_artifact(self.name, Artifact(kind, name, b""))
        return self._backend.read(lambda session: get_artifact(session, self.name, kind, name))

    def list_artifacts(self, kind: str, after: str = "", limit: int = MAX_READ) -> list[ArtifactInfo]:
        """See `store.Store.list_artifacts`."""
        check_kind(self.name, kind)
        check_read(self.name, 0, limit)
        return self._backend.read(lambda session: list_artifacts(session, kind, after, limit))

    def remove_artifacts(self, kind: str, below: str) -> int:
        """See `store.Store.remove_artifacts`. In steps, as `truncate`."""
        check_artifact(self.name, Artifact(kind, below, b""))
        n_removed = 0
        while names := [one.name for one in self.list_artifacts(kind, "", _REMOVED_ARTIFACTS) if one.name < below]:
            with self._writing:
                n_removed += self._backend.write(lambda session, last=names[-1]: self._remove(session, kind, last))  # type: ignore[misc]
        return n_removed

    def _remove(self, session: Session, kind: str, last: str) -> int:
        move_head(session, self.name, self._epoch, self._head, self._head)
        return session.run("DELETE FROM zkm_artifacts WHERE kind = %s AND name <= %s", (kind, last))

    def backup(self, path: Path) -> Head:
        """See `store.Store.backup`."""
        head = self._head  # what stands behind it when the view is taken is left out
        self._backend.read_apart(lambda session: portable.write_backup(session, path, head))
        return head

    def restore(self, path: Path) -> None:
        """See `store.Store.restore`."""
        with self._writing, portable.open_backup(path) as source:
            self._head = self._backend.write(lambda session: portable.fill(session, self.name, self._epoch, source))

    def close(self) -> None:
        """See `store.Store.close`."""
        self._backend.close()


def _end_of(records: Sequence[LogRecord], head: Head) -> Head:
    return Head(records[-1].sequence, records[-1].time_us, records[-1].link) if records else head
