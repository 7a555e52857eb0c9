"""Rebuilds a run from what the base layer keeps of it: genesis, queue entries, the groups' blobs. docs/rebuild.md.

Of a group's JSON only what the contract stores is read: the roots, the blob's versioned hash. No batch file is opened.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rollup.blob import decode_blob
from rollup.errors import BatchInvalid
from rollup.queue_events import QueueEvents
from rollup.rebuild import BatchData, apply_segment
from rollup.shapes import get_shape
from rollup.snapshot import Snapshot
from sequencer.errors import DataFault, FileMissing, FileTooLarge
from sequencer.groups import get_group_file, read_group
from sequencer.manifest import MANIFEST, Manifest, read_manifest
from sequencer.number_files import parse_decimal, spell_hex
from sequencer.progress import Report
from sequencer.queue_file import QUEUE, read_queue
from sequencer.sealing import SealedGroup
from sequencer.snapshots import GENESIS, read_snapshot
from verifier import kzg

__all__ = ["Rebuilt", "rebuild_run"]


@dataclass
class Rebuilt:
    """How far a rebuild came, and the first thing that did not fit; nothing where the state is that of the run."""

    snapshot: Snapshot
    published_root: int  # of the run's last batch
    batches: int = 0
    groups: int = 0  # of which every batch was rebuilt
    elements: int = 0  # of blobs, that batches stand in
    seconds: float = 0.0
    reason: str = ""

    @property
    def state_root(self) -> int:
        """The root of the state that was rebuilt."""
        return self.snapshot.state.state_root

    @property
    def is_equal(self) -> bool:
        """Whether it is the root that the run published last, and nothing was refused on the way."""
        return not self.reason and self.state_root == self.published_root


def rebuild_run(folder: Path, report: Report) -> Rebuilt:
    """Return what can be rebuilt of a replay's folder: all of it, or all up to the first fault, which is named.

    Raises FileMissing, FileTooLarge, FileMalformed, SnapshotInvalid, SnapshotRootWrong for what goes beside the blobs.
    """
    if not folder.is_dir():
        raise FileMissing(str(folder), "folder")
    started_s = time.perf_counter()
    manifest, queue, genesis = read_manifest(folder), read_queue(folder), read_snapshot(folder / GENESIS)
    rebuilt = Rebuilt(genesis, _get_published_root(folder, manifest) or genesis.state.state_root)
    events, n_groups = QueueEvents(queue.entries, queue.first), manifest.groups
    try:
        for number in range(n_groups):
            report("groups rebuilt", number, n_groups)
            _rebuild_group(folder, number, n_groups, rebuilt, events)
        if rebuilt.state_root != rebuilt.published_root:
            raise DataFault(MANIFEST, "new_state_root", str(rebuilt.published_root), str(rebuilt.state_root))
    except DataFault as fault:
        rebuilt.reason = str(fault)
    rebuilt.seconds = time.perf_counter() - started_s
    return rebuilt


def _get_published_root(folder: Path, manifest: Manifest) -> int | None:
    """Return the root of the last batch, None where there is none."""
    last = manifest.batches[-1:]
    return parse_decimal(folder / MANIFEST, "new_state_root", last[0].new_state_root) if last else None


def _rebuild_group(folder: Path, number: int, n_groups: int, rebuilt: Rebuilt, events: QueueEvents) -> None:
    """Move the state through the group's batches. Raises DataFault."""
    sealed, params = _read_group(folder, number), rebuilt.snapshot.params
    name, group = get_group_file(number), sealed.group
    if group.old_root != rebuilt.state_root:
        raise DataFault(name, "old_root", str(group.old_root), f"{rebuilt.state_root}, of the state before it")
    _check_hash(folder, sealed, n_groups)
    try:
        for data in _cut_blob(sealed):
            rebuilt.snapshot = Snapshot(params, apply_segment(rebuilt.snapshot.state, params, data, events))
            rebuilt.batches += 1
            rebuilt.elements += group.n_elements
    except BatchInvalid as error:
        raise DataFault(_get_blob_file(number), "data", str(error), f"what {name} and {QUEUE} lead to") from error
    rebuilt.groups += 1


def _get_blob_file(number: int) -> str:
    return Path(get_group_file(number)).with_suffix(".blob").name


def _read_group(folder: Path, number: int) -> SealedGroup:
    """Return the group. Raises DataFault where its blob is missing or too long."""
    blob = folder / _get_blob_file(number)
    try:
        return read_group(folder, number)
    except (FileMissing, FileTooLarge) as error:
        if error.path != str(blob):
            raise
        raise DataFault(blob.name, "file", str(error), "the blob of the group") from error


def _check_hash(folder: Path, sealed: SealedGroup, n_groups: int) -> None:
    """Raise DataFault unless the blob is the one that the group names; say so where it is another group's."""
    name, expected = _get_blob_file(sealed.group.number), sealed.group.versioned_hash
    try:
        got = kzg.versioned_hash(kzg.commit(sealed.blob))
    except BatchInvalid as error:
        raise DataFault(name, "blob", str(error), "a blob of EIP-4844") from error
    if got == expected:
        return
    owners = [number for number in range(n_groups) if _get_hash(folder, number) == got]
    of_another = f", that of {_get_blob_file(owners[0])}" if owners else ""
    raise DataFault(name, "versioned hash", spell_hex(got) + of_another, spell_hex(expected))


def _get_hash(folder: Path, number: int) -> bytes | None:
    """Return the hash that a group names, None where its blob cannot be read."""
    try:
        return _read_group(folder, number).group.versioned_hash
    except DataFault:
        return None


def _cut_blob(sealed: SealedGroup) -> Iterator[BatchData]:
    """Yield the segment of each batch of the group. Raises BlobElementTooLarge; DataFault for more than segments."""
    coefficients, shape, group = decode_blob(sealed.blob), get_shape(sealed.shape), sealed.group
    end = group.n_elements * len(group.batches)
    if any(coefficients[end:]):
        raise DataFault(_get_blob_file(group.number), f"element {end} and up", "not all 0", "0 behind the last batch")
    for k, batch in enumerate(group.batches):
        elements = coefficients[k * group.n_elements : (k + 1) * group.n_elements]
        yield BatchData(shape, elements, batch.new_root)
