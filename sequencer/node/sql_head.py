"""The head row: where the log ends, who leads, in which epoch. Whatever is written moves it in the same transaction.

A leader that lost its lock finds another epoch there, and its transaction changes nothing. One that lost its connection
while committing does not know whether it did: `recover` brings the tables back to what the leader acknowledged.
"""

from __future__ import annotations

from sequencer.node.errors import StoreCorrupt, StoreFenced
from sequencer.node.links import GENESIS, Head
from sequencer.node.sql import FORMAT_VERSION, Backend, Session

__all__ = ["check_epoch", "claim", "get_anchor", "move_head", "recover"]


def claim(session: Session, backend: Backend) -> tuple[int, Head]:
    """Make what tables are missing, raise the epoch by one, name the holder; return the epoch and the log's head."""
    for statement in backend.schema:
        session.run(statement)
    [(last,)] = session.fetch("SELECT max(sequence) FROM zkm_log")
    if last is None:
        session.run(
            "INSERT INTO zkm_head (one, version, epoch, sequence, time_us, link, holder_pid, holder_host, since_s) "
            "VALUES (1, %s, 0, %s, %s, %s, 0, '', 0) ON CONFLICT (one) DO NOTHING",
            (FORMAT_VERSION, *GENESIS),
        )
    rows = session.fetch("SELECT version, epoch, sequence, time_us, link FROM zkm_head")
    if [row[0] for row in rows] != [FORMAT_VERSION]:
        raise StoreCorrupt(backend.name, "head", repr(rows)[:80], f"one row of format version {FORMAT_VERSION}")
    [(_, epoch, *place)] = rows
    if last not in (None, place[0]):
        raise StoreCorrupt(backend.name, "end of the log", f"record {last}", f"record {place[0]}")
    session.run(
        "UPDATE zkm_head SET epoch = %s, holder_pid = %s, holder_host = %s, since_s = %s", (epoch + 1, *backend.holder)
    )
    return epoch + 1, Head._make(place)


def move_head(session: Session, store: str, epoch: int, old: Head, new: Head) -> None:
    """Set the head row, which must hold `old` in this epoch. Raises StoreFenced, StoreCorrupt."""
    moved = session.run(
        "UPDATE zkm_head SET sequence = %s, time_us = %s, link = %s WHERE epoch = %s AND sequence = %s",
        (*new, epoch, old.sequence),
    )
    if moved != 1:
        check_epoch(session, store, epoch)
        raise StoreCorrupt(store, "head", "another record", f"record {old.sequence}")


def check_epoch(session: Session, store: str, epoch: int) -> int:
    """Return the sequence number in the head row. Raises StoreFenced unless it is of this epoch."""
    rows = session.fetch("SELECT epoch, sequence FROM zkm_head")
    current, sequence = rows[0] if rows else (0, 0)
    if current != epoch:
        raise StoreFenced(store, epoch, current)
    return int(sequence)


def recover(session: Session, store: str, epoch: int, head: Head) -> None:
    """Undo what was committed behind `head`: the append whose connection was lost, and which raised or is asked again.

    Nobody else can have appended since: the epoch is ours. Raises StoreFenced where it is not.
    """
    sequence = check_epoch(session, store, epoch)
    if sequence < head.sequence:
        raise StoreCorrupt(store, "head", f"record {sequence}", f"record {head.sequence}")
    if sequence > head.sequence:
        session.run("DELETE FROM zkm_log WHERE sequence > %s", (head.sequence,))
        session.run("DELETE FROM zkm_artifacts WHERE sequence > %s", (head.sequence,))
        session.run("UPDATE zkm_head SET sequence = %s, time_us = %s, link = %s", tuple(head))


def get_anchor(session: Session) -> Head | None:
    """Return the place of the latest snapshot, from which the log is verified; None where there is none."""
    rows = session.fetch("SELECT sequence, time_us, link FROM zkm_snapshots ORDER BY sequence DESC LIMIT 1")
    return Head._make(rows[0]) if rows else None
