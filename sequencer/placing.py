"""Finds the group of each batch that is to be proved: beside its file, or made of the batch alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rollup.public_inputs import PublicInputs
from rollup.shapes import Shape
from sequencer.batches import BatchFile, Selection
from sequencer.errors import FileMalformed
from sequencer.files import write_atomically
from sequencer.groups import get_group_file, read_group, write_group
from sequencer.manifest import MANIFEST, read_manifest
from sequencer.queue_file import QUEUE, Queue, encode_queue, read_queue
from sequencer.sealing import SealedGroup, publish_batch, seal_group
from verifier.group import CommittedGroup, commit_group, compute_expected_inputs
from verifier.queue_entries import Entry

__all__ = ["PlacedGroup", "Placement", "get_queue_of", "place_batches"]


@dataclass(frozen=True)
class PlacedGroup:
    """A group whose z was worked out again from the queue, and where it stands."""

    sealed: SealedGroup
    committed: CommittedGroup
    path: Path  # of its JSON file; of the batch file, where the group was made of it

    def check_public_inputs(self, name: str, params_hash: int, got: PublicInputs) -> None:
        """Raise FileMalformed unless these are what the contract will expect of the batch."""
        index = self.sealed.names.index(name)
        limbs: list[tuple[int, int] | None] = [None] * len(self.sealed.names)
        limbs[index] = got.blob_value_low, got.blob_value_high
        expected = compute_expected_inputs(self.sealed.group, self.committed, params_hash, limbs)[index]
        for field, mine, theirs in zip(PublicInputs._fields, got, expected, strict=True):
            if mine != theirs:
                raise FileMalformed(str(self.path), f"{name}: {field}", str(theirs), f"{mine}, of the batch file")


@dataclass(frozen=True)
class Placement:
    """The groups of the batches to prove, in order, and the queue that they consume."""

    groups: tuple[PlacedGroup, ...]
    queue: Queue

    def find(self, name: str) -> PlacedGroup:
        """Return the group of a batch that was placed."""
        return next(group for group in self.groups if name in group.sealed.names)

    def write(self, folder: Path) -> None:
        """Write the files of the groups, and the queue's."""
        for group in self.groups:
            write_group(folder, group.sealed)
        write_atomically(folder / QUEUE, encode_queue(self.queue))


def place_batches(selection: Selection, shape: Shape) -> Placement:
    """Return the groups of the batches: a replay's, or one for a batch file that stands in none.

    Raises FileMissing, FileTooLarge, FileMalformed, GroupMalformed.
    """
    names = {batch.name for batch in selection.batches}
    groups = _read_groups(selection.folder, names)
    if not groups and selection.is_file:
        return _make_own_group(selection.batches[0], shape)
    missing = names.difference(*(group.names for group in groups))
    if missing:
        where = str(selection.folder / MANIFEST)
        raise FileMalformed(where, "groups", f"{min(missing)} in none", "each batch in one")
    queue = read_queue(selection.folder)
    paths = [selection.folder / get_group_file(group.group.number) for group in groups]
    return Placement(tuple(_commit(*pair, queue) for pair in zip(groups, paths, strict=True)), queue)


def get_queue_of(sealed: SealedGroup, queue: Queue, path: Path) -> Sequence[Entry]:
    """Return the queue's entries from where the group begins. Raises FileMalformed where they are not there."""
    entries = queue.get_from(sealed.first_entry)
    if entries is None:
        last = queue.first + len(queue.entries)
        raise FileMalformed(
            str(path), "first_entry", str(sealed.first_entry), f"{queue.first} to {last}, as in {QUEUE}"
        )
    return entries


def _read_groups(folder: Path, names: set[str]) -> list[SealedGroup]:
    """Return the groups of a replay's folder that hold some of these batches."""
    if not (folder / MANIFEST).exists():
        return []
    groups = (read_group(folder, number) for number in range(read_manifest(folder).groups))
    return [group for group in groups if names.intersection(group.names)]


def _make_own_group(batch: BatchFile, shape: Shape) -> Placement:
    published = publish_batch(batch.name, batch.trace)
    queue = Queue(published.first_entry, published.entries)
    return Placement((_commit(seal_group(0, shape, [published]), batch.path, queue),), queue)


def _commit(sealed: SealedGroup, path: Path, queue: Queue) -> PlacedGroup:
    committed = commit_group(sealed.group, get_queue_of(sealed, queue, path))
    if committed.z != sealed.z:
        raise FileMalformed(str(path), "z", str(sealed.z), f"{committed.z}, of the group and the queue")
    return PlacedGroup(sealed, committed, path)
