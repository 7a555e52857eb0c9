"""Checks the data of a folder's groups: what proofs are for is what group, queue and blob say, to the contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rollup.errors import ProofInvalid, RollupError
from rollup.public_inputs import PublicInputs
from sequencer.errors import FileMalformed
from sequencer.groups import get_group_file, read_group
from sequencer.placing import get_queue_of
from sequencer.proofs import PROVING, ProvingRecord
from sequencer.queue_file import Queue, read_queue
from sequencer.sealing import SealedGroup
from verifier.bridge_errors import GroupMalformed
from verifier.group import commit_group
from verifier.group_check import GroupVerdict, check_blob, check_group
from verifier.queue_entries import Entry

__all__ = ["CheckedData", "CheckedGroup", "check_groups"]


@dataclass(frozen=True)
class CheckedGroup:
    """A group: whether its blob is that of its batches. All values are joined only where all batches are proved."""

    group: int
    batches: int
    proved: int
    blob: bool
    reason: str  # empty where nothing is wrong


@dataclass(frozen=True)
class CheckedData:
    """What is wrong with the data of each proof, by its batch, and of each group; empty where nothing is."""

    data: Mapping[str, str]  # bridge, z, and every other public input
    blob: Mapping[str, str]  # the value at z that the proof claims, and the group's blob
    groups: tuple[CheckedGroup, ...]


def check_groups(folder: Path, record: ProvingRecord, claims: Mapping[str, Sequence[int]]) -> CheckedData:
    """Return what group files, queue and blobs say of the public inputs that the proofs claim, by batch.

    Raises FileMissing, FileTooLarge, FileMalformed.
    """
    queue = read_queue(folder)
    groups = [read_group(folder, number) for number in record.groups]
    _check_names(folder, record, groups)
    # the contract stores it; here the first proof says it, and the others must agree
    params_hash = next((PublicInputs(*claim).params_hash for claim in claims.values() if _is_whole(claim)), 0)
    data: dict[str, str] = {}
    blob: dict[str, str] = {}
    checked = []
    for before, sealed in zip([None, *groups[:-1]], groups, strict=True):
        entries = get_queue_of(sealed, queue, folder / get_group_file(sealed.group.number))
        mine = [claims.get(name) for name in sealed.names]
        by_contract = check_group(sealed.group, entries, params_hash, mine, sealed.opening)
        by_bytes = _check_bytes(sealed, entries, mine)
        whole = _check_place(before, sealed, queue) or by_contract.blob or by_bytes.blob
        for name, wrong, segment in zip(sealed.names, by_contract.batches, by_bytes.batches, strict=True):
            data[name], blob[name] = _spell(wrong), _spell(segment or whole)
        proved = sum(claim is not None for claim in mine)
        checked.append(CheckedGroup(sealed.group.number, len(mine), proved, whole is None, _spell(whole)))
    return CheckedData(data, blob, tuple(checked))


def _is_whole(claim: Sequence[int]) -> bool:
    return len(claim) == len(PublicInputs._fields)


def _spell(error: RollupError | None) -> str:
    return "" if error is None else str(error)


def _check_names(folder: Path, record: ProvingRecord, groups: Sequence[SealedGroup]) -> None:
    """Raise FileMalformed unless every proof's batch is in one group, and the groups are of the proofs' shape."""
    names = [name for group in groups for name in group.names]
    for entry in record.proofs:
        if (found := names.count(entry.batch)) != 1:
            raise FileMalformed(str(folder / PROVING), "groups", f"{entry.batch} {found} times", "each batch in one")
    for group in groups:
        if group.shape != record.shape:
            path = folder / get_group_file(group.group.number)
            raise FileMalformed(str(path), "shape", repr(group.shape), f"{record.shape!r}, as in {PROVING}")


def _check_bytes(sealed: SealedGroup, entries: Sequence[Entry], claims: Sequence[Sequence[int] | None]) -> GroupVerdict:
    """Return what the blob's bytes say, where the group could be committed to."""
    try:
        committed = commit_group(sealed.group, entries)
    except ProofInvalid as error:
        return GroupVerdict((None,) * len(claims), error)
    verdict = check_blob(sealed.group, committed, sealed.blob, claims, sealed.opening)
    if committed.z == sealed.z:
        return verdict
    name = get_group_file(sealed.group.number)
    wrong = GroupMalformed(name, "z", str(sealed.z), f"{committed.z}, of the group and the queue")
    return GroupVerdict(verdict.batches, verdict.blob or wrong)


def _check_place(before: SealedGroup | None, sealed: SealedGroup, queue: Queue) -> RollupError | None:
    """Return what is wrong where the group follows the one before: its root, its place in the queue."""
    if before is None or before.group.number + 1 != sealed.group.number:
        return None
    name, last = get_group_file(sealed.group.number), before.group.batches[-1]
    if sealed.group.old_root != last.new_root:
        return GroupMalformed(name, "old_root", str(sealed.group.old_root), f"{last.new_root}, of {last.name}")
    try:
        n_entries = commit_group(before.group, queue.get_from(before.first_entry) or ()).n_entries
    except ProofInvalid as error:
        return error
    expected = before.first_entry + n_entries
    if sealed.first_entry != expected:
        return GroupMalformed(name, "first_entry", str(sealed.first_entry), f"{expected}, after {last.name}")
    return None
