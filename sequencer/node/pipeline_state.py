"""Where the proving pipeline stands: groups on their way, batches that wait, and how both are found again in the store.

Batches, groups and settlements each run without gaps in the store, so the end of each is found by a few look-ups,
however long the node has lived.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from prover import kernel
from rollup.public_inputs import PublicInputs
from rollup.units import COUNTER_BITS
from sequencer.groups import decode_group
from sequencer.node.proof_worker import ProofAnswer
from sequencer.node.proving_errors import AnswerWrong, PipelineCorrupt
from sequencer.node.stages import (
    BATCH,
    BLOB,
    CLAIM,
    GROUP,
    QUEUE,
    SETTLED,
    Claim,
    Settlement,
    decode_claim,
    decode_settlement,
    name_batch,
    name_group,
)
from sequencer.node.store import Store
from sequencer.queue_file import decode_queue
from sequencer.sealing import SealedGroup
from verifier.group import commit_group, compute_expected_inputs, join_values
from verifier.keys import encode_public_inputs

__all__ = [
    "OpenGroup",
    "Places",
    "ProvedGroup",
    "check_answer",
    "find_places",
    "find_settlement",
    "load_artifact",
    "load_group",
    "pack_group",
]


@dataclass(frozen=True)
class ProvedGroup:
    """All that the contract is given for a group, as bytes."""

    number: int
    first_batch: int
    group: bytes  # sequencer.groups's JSON
    blob: bytes
    queue: bytes  # the entries that it consumes, as sequencer.queue_file has them
    proofs: tuple[bytes, ...]
    values: tuple[int, ...]

    def decode(self) -> tuple[SealedGroup, Path]:
        """Return the group, and the name that it has in errors. Raises FileMalformed."""
        path = Path(name_group(self.number))
        return decode_group(path, self.group, self.blob, self.number), path


@dataclass
class OpenGroup:
    """A group that is sealed and not settled."""

    sealed: SealedGroup  # without its blob
    expected: tuple[PublicInputs, ...]  # of each batch, limbs 0
    claims: dict[int, Claim] = field(default_factory=dict)  # by batch
    sent: set[int] = field(default_factory=set)  # batches whose proofs are being made
    failed: set[int] = field(default_factory=set)

    @property
    def number(self) -> int:
        """Its number."""
        return self.sealed.group.number

    @property
    def first_batch(self) -> int:
        """The number of its first batch."""
        return self.sealed.group.batches[0].clock & (1 << COUNTER_BITS) - 1

    @property
    def batches(self) -> range:
        """The numbers of its batches."""
        return range(self.first_batch, self.first_batch + len(self.sealed.names))

    @property
    def is_proved(self) -> bool:
        """Whether every batch is."""
        return len(self.claims) == len(self.batches)

    def list_unsent(self) -> list[int]:
        """Return the batches that nobody proves yet."""
        return [batch for batch in self.batches if batch not in self.claims | dict.fromkeys(self.sent | self.failed)]

    def check(self, batch: int, got: PublicInputs) -> None:
        """Raise AnswerWrong unless the contract will expect these of the batch."""
        limbs = {"blob_value_low": got.blob_value_low, "blob_value_high": got.blob_value_high}
        expected = self.expected[batch - self.first_batch]._replace(**limbs)
        for name, mine, theirs in zip(PublicInputs._fields, got, expected, strict=True):
            if mine != theirs:
                raise AnswerWrong(name_batch(batch), name, str(mine), str(theirs))

    def check_sum(self) -> None:
        """Raise AnswerWrong unless the claimed values join to the blob's. Assumes that all are proved."""
        values = [self.claims[batch].value for batch in self.batches]
        joined = join_values(values, self.sealed.z, self.sealed.group.n_elements)
        if joined != self.sealed.opening.value:
            raise AnswerWrong(name_group(self.number), "value at z", str(joined), str(self.sealed.opening.value))


def check_answer(group: OpenGroup, batch: int, answer: ProofAnswer, verifying_key_be: bytes) -> None:
    """Raise AnswerWrong unless this proves the batch: the contract would refuse it, and all that follow. 3 ms."""
    group.check(batch, answer.public_inputs)
    public_be = encode_public_inputs(answer.public_inputs)
    try:
        is_valid = kernel.verify(verifying_key_be, answer.proof_be, public_be)
    except ValueError as error:
        raise AnswerWrong(name_batch(batch), "proof", str(error), "a proof") from error
    if not is_valid:
        raise AnswerWrong(name_batch(batch), "proof", "another's", "one that verifies")


@dataclass(frozen=True)
class Places:
    """The ends of what the store holds."""

    settled: int  # groups
    sealed: int  # groups
    last_batch: int  # 0 before the first
    last_sealed_batch: int


def find_places(store: Store) -> Places:
    """Return the ends. Raises PipelineCorrupt, StoreError."""
    settled = _find_end(store, SETTLED, name_group, 0)
    sealed = _find_end(store, GROUP, name_group, settled)
    last_sealed = 0
    if sealed > settled:
        last_sealed = _open(store, sealed - 1)[0].group.batches[-1].clock & (1 << COUNTER_BITS) - 1
    elif settled:  # its blob may be gone
        last = _load_settlement(store, settled - 1)
        last_sealed = last.first_batch + last.n_batches - 1
    last_batch = _find_end(store, BATCH, name_batch, last_sealed + 1) - 1
    return Places(settled, sealed, last_batch, last_sealed)


def load_group(store: Store, number: int, params_hash: int) -> OpenGroup:
    """Return a sealed group with the proofs that it has. Raises PipelineCorrupt, FileMalformed, GroupMalformed."""
    sealed, queue = _open(store, number)
    entries = decode_queue(Path(name_group(number)), queue).entries
    committed = commit_group(sealed.group, entries)
    if committed.z != sealed.z:
        raise PipelineCorrupt(GROUP, name_group(number), f"z {sealed.z}", f"{committed.z}, of group and queue")
    limbs = [None] * len(sealed.names)
    expected = compute_expected_inputs(sealed.group, committed, params_hash, limbs)
    group = OpenGroup(replace(sealed, blob=b""), expected)
    for batch in group.batches:
        raw = store.get_artifact(CLAIM, name_batch(batch))
        if raw is not None:
            group.claims[batch] = decode_claim(name_batch(batch), raw)
    return group


def pack_group(store: Store, group: OpenGroup) -> ProvedGroup:
    """Return a proved group for the publisher. Raises PipelineCorrupt, StoreError."""
    parts = [load_artifact(store, kind, name_group(group.number)) for kind in (GROUP, BLOB, QUEUE)]
    claims = [group.claims[batch] for batch in group.batches]
    proofs, values = tuple(claim.proof_be for claim in claims), tuple(claim.value for claim in claims)
    return ProvedGroup(group.number, group.first_batch, parts[0], parts[1], parts[2], proofs, values)


def find_settlement(store: Store, batch: int, n_settled: int, near: Settlement | None = None) -> Settlement:
    """Return the settlement of a batch that is settled, by halves. Raises PipelineCorrupt, StoreError.

    near: what was found last. Whoever goes through batches in order gets the next one by one look.
    """
    low, high = 0, n_settled
    middle = high // 2 if near is None else near.group
    while low < high:
        found = near if near is not None and middle == near.group else _load_settlement(store, middle)
        if found.first_batch <= batch < found.first_batch + found.n_batches:
            return found
        low, high = (low, middle) if batch < found.first_batch else (middle + 1, high)
        is_beside = near is not None and found is near
        middle = (low + high) // 2 if not is_beside else high - 1 if batch < found.first_batch else low
    raise PipelineCorrupt(SETTLED, name_batch(batch), "in no group", "settled")


def _load_settlement(store: Store, group: int) -> Settlement:
    name = name_group(group)
    return decode_settlement(name, load_artifact(store, SETTLED, name))


def load_artifact(store: Store, kind: str, name: str) -> bytes:
    """Return an artefact that must be there. Raises PipelineCorrupt, StoreError."""
    body = store.get_artifact(kind, name)
    if body is None:
        raise PipelineCorrupt(kind, name, "nothing", "an artefact")
    return body


def _open(store: Store, number: int) -> tuple[SealedGroup, bytes]:
    name = name_group(number)
    data, blob, queue = (load_artifact(store, kind, name) for kind in (GROUP, BLOB, QUEUE))
    return decode_group(Path(name), data, blob, number), queue


def _find_end(store: Store, kind: str, name: Callable[[int], str], known: int) -> int:
    """Return the first number from `known` on that has no artefact, the numbers being without gaps."""

    def is_there(number: int) -> bool:
        after = name(number - 1) if number else ""
        return [info.name for info in store.list_artifacts(kind, after, 1)] == [name(number)]

    step = 1
    while is_there(known + step - 1):
        step *= 2
    low, high = known + step // 2 - 1, known + step - 1  # the last seen there, if any, and one that is not
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if is_there(middle) else (low, middle)
    return high
