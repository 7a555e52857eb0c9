"""What a store is asked for, held to its limits before anything is written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from sequencer.node.errors import StoreRequestInvalid
from sequencer.node.links import MAX_KIND, MAX_SEQUENCE, MAX_TIME_US
from sequencer.node.store import (
    MAX_ARTIFACT_BYTES,
    MAX_GROUP_BYTES,
    MAX_GROUP_RECORDS,
    MAX_READ,
    MAX_RECORD_BYTES,
    Artifact,
    Record,
)

__all__ = ["check_artifact", "check_group", "check_kind", "check_read", "check_sequence", "check_snapshot"]

_KIND: Final = re.compile(r"[a-z_]{1,32}")
_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,128}")


def check_group(store: str, records: Sequence[Record], now_us: int, artifacts: Sequence[Artifact]) -> None:
    """Raise StoreRequestInvalid unless the records, their time and the artefacts may be appended together."""
    _check_range(store, "records in a group", len(records), 0, MAX_GROUP_RECORDS)
    _check_range(store, "now_us", now_us, 0, MAX_TIME_US)
    for kind, body in records:
        if not (0 <= kind <= MAX_KIND and len(body) <= MAX_RECORD_BYTES):
            _check_range(store, "kind", kind, 0, MAX_KIND)
            _check_range(store, "record bytes", len(body), 0, MAX_RECORD_BYTES)
    for artifact in artifacts:
        check_artifact(store, artifact)
    n_bytes = sum(len(record.body) for record in records) + sum(len(artifact.body) for artifact in artifacts)
    _check_range(store, "bytes in a group", n_bytes, 0, MAX_GROUP_BYTES)


def check_artifact(store: str, artifact: Artifact) -> None:
    """Raise StoreRequestInvalid unless kind, name and size are within their limits."""
    check_kind(store, artifact.kind)
    if not _NAME.fullmatch(artifact.name):
        raise StoreRequestInvalid(store, "artefact name", repr(artifact.name)[:80], _NAME.pattern)
    _check_range(store, "artefact bytes", len(artifact.body), 0, MAX_ARTIFACT_BYTES)


def check_kind(store: str, kind: str) -> None:
    """Raise StoreRequestInvalid unless it can be an artefact's kind."""
    if not _KIND.fullmatch(kind):
        raise StoreRequestInvalid(store, "artefact kind", repr(kind)[:80], _KIND.pattern)


def check_read(store: str, after: int, limit: int) -> None:
    """Raise StoreRequestInvalid unless records may be asked for so."""
    _check_range(store, "after", after, 0, MAX_SEQUENCE)
    _check_range(store, "limit", limit, 0, MAX_READ)


def check_sequence(store: str, field: str, sequence: int, minimum: int, maximum: int) -> None:
    """Raise StoreRequestInvalid unless minimum <= sequence <= maximum."""
    _check_range(store, field, sequence, minimum, maximum)


def check_snapshot(store: str, sequence: int, body: bytes, last_sequence: int) -> None:
    """Raise StoreRequestInvalid unless the snapshot is small enough and stands in the log."""
    _check_range(store, "snapshot sequence", sequence, 0, last_sequence)
    _check_range(store, "snapshot bytes", len(body), 0, MAX_ARTIFACT_BYTES)


def _check_range(store: str, field: str, value: int, minimum: int, maximum: int) -> None:
    if not minimum <= value <= maximum:
        raise StoreRequestInvalid(store, field, str(value), f"{minimum} to {maximum}")
