"""Artefacts in a SQL database: named bytes, written once, each with its digest."""

from __future__ import annotations

from sequencer.node.errors import ArtifactExists
from sequencer.node.links import compute_digest
from sequencer.node.portable import check_digest
from sequencer.node.sql import Session
from sequencer.node.store import Artifact, ArtifactInfo

__all__ = ["get_artifact", "list_artifacts", "put_artifact"]


def put_artifact(session: Session, store: str, sequence: int, artifact: Artifact) -> None:
    """Add an artefact beside the log's record `sequence`. Raises ArtifactExists where its name holds other bytes."""
    kind, name, body = artifact
    digest = compute_digest(body)
    added = session.run(
        "INSERT INTO zkm_artifacts (kind, name, sequence, digest, body) VALUES (%s, %s, %s, %s, %s) "
        "ON CONFLICT (kind, name) DO NOTHING",
        (kind, name, sequence, digest, body),
    )
    if not added:
        rows = session.fetch("SELECT digest FROM zkm_artifacts WHERE kind = %s AND name = %s", (kind, name))
        if rows != [(digest,)]:
            raise ArtifactExists(store, kind, name)


def get_artifact(session: Session, store: str, kind: str, name: str) -> bytes | None:
    """Return an artefact's bytes, or None. Raises StoreCorrupt where they do not have their digest."""
    rows = session.fetch("SELECT digest, body FROM zkm_artifacts WHERE kind = %s AND name = %s", (kind, name))
    for digest, body in rows:
        return check_digest(store, f"{kind} {name}", digest, body)
    return None


def list_artifacts(session: Session, kind: str, after: str, limit: int) -> list[ArtifactInfo]:
    """Return at most `limit` artefacts of a kind, by name in the order of its bytes, from behind `after`."""
    rows = session.fetch(
        "SELECT name, length(body), digest FROM zkm_artifacts WHERE kind = %s AND name > %s ORDER BY name LIMIT %s",
        (kind, after, limit),
    )
    return [ArtifactInfo._make(row) for row in rows]
