"""What the contract's side of the bridge refuses: entries, calldata, groups and blobs."""

from __future__ import annotations

from dataclasses import dataclass

from rollup.errors import ProofInvalid

__all__ = [
    "BlobWrong",
    "CalldataMalformed",
    "EntryMalformed",
    "GroupMalformed",
    "PublicInputWrong",
    "QueueExhausted",
    "ValueNotCanonical",
]


@dataclass(eq=False)
class EntryMalformed(ProofInvalid):
    """Bytes are no entry of the base layer's queue, or an entry holds what its bytes cannot."""

    code = "entry_malformed"
    field: str
    got: str
    expected: str

    def __str__(self) -> str:
        return f"queue entry: {self.field} is {self.got}, expected {self.expected}"


@dataclass(eq=False)
class CalldataMalformed(ProofInvalid):
    """A batch's bridge calldata does not parse."""

    code = "calldata_malformed"
    offset_bytes: int  # of the field
    field: str
    got: str
    expected: str

    def __str__(self) -> str:
        return f"bridge calldata: {self.field} at byte {self.offset_bytes} is {self.got}, expected {self.expected}"


@dataclass(eq=False)
class QueueExhausted(ProofInvalid):
    """A lane consumes an entry that the queue does not hold."""

    code = "queue_exhausted"
    lane: int
    n_entries: int

    def __str__(self) -> str:
        return f"bridge calldata: lane {self.lane} consumes an entry, and the queue held {self.n_entries}"


@dataclass(eq=False)
class GroupMalformed(ProofInvalid):
    """A group is none, or a batch of it cannot be committed to."""

    code = "group_malformed"
    where: str  # the batch's name, or the group
    field: str
    got: str
    expected: str

    def __str__(self) -> str:
        return f"{self.where}: {self.field}: got {self.got}, expected {self.expected}"


@dataclass(eq=False)
class PublicInputWrong(ProofInvalid):
    """A proof is for another public input than the contract works out."""

    code = "public_input_wrong"
    batch: str
    field: str
    got: int
    expected: int

    def __str__(self) -> str:
        return f"{self.batch}: {self.field} is {self.got}, the contract works out {self.expected}"


@dataclass(eq=False)
class ValueNotCanonical(ProofInvalid):
    """A value's limb, or the value itself, is not below its limit."""

    code = "value_not_canonical"
    batch: str
    field: str
    got: int
    limit: int

    def __str__(self) -> str:
        return f"{self.batch}: {self.field} {self.got} is not below {self.limit}"


@dataclass(eq=False)
class BlobWrong(ProofInvalid):
    """The blob is not that of the group's batches."""

    code = "blob_wrong"
    field: str
    got: str
    expected: str

    def __str__(self) -> str:
        return f"blob: {self.field} is {self.got}, expected {self.expected}"
