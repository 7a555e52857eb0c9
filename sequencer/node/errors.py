"""What the node's store and receipts refuse, and what keeps the store from serving."""

from __future__ import annotations

from dataclasses import dataclass

from rollup.errors import ProofInvalid, RollupError

__all__ = [
    "ArtifactExists",
    "ReceiptInvalid",
    "StoreCorrupt",
    "StoreError",
    "StoreFenced",
    "StoreFull",
    "StoreLocked",
    "StoreRequestInvalid",
    "StoreUnavailable",
]


@dataclass(eq=False)
class StoreError(RollupError):
    """The store did not do what it was asked; nothing of the request is visible afterwards."""

    code = "store_error"
    store: str  # the folder, or the URL without user and password


@dataclass(eq=False)
class StoreLocked(StoreError):
    """Another process leads this store."""

    code = "store_locked"
    holder_pid: int
    holder_host: str
    since_s: int  # Unix time

    def __str__(self) -> str:
        return f"{self.store}: led by process {self.holder_pid} on {self.holder_host} since {self.since_s} (Unix time)"


@dataclass(eq=False)
class StoreFenced(StoreError):
    """This process led the store until another took over. It must end: its memory is no longer what the store holds."""

    code = "store_fenced"
    epoch: int
    current_epoch: int

    def __str__(self) -> str:
        return f"{self.store}: leader epoch is {self.current_epoch}, this process leads in {self.epoch}"


@dataclass(eq=False)
class StoreCorrupt(StoreError):
    """What the store holds is not what was written to it."""

    code = "store_corrupt"
    where: str
    got: str
    expected: str

    def __str__(self) -> str:
        return f"{self.store}: {self.where}: got {self.got}, expected {self.expected}"


@dataclass(eq=False)
class StoreUnavailable(StoreError):
    """The store cannot be reached or its device fails; asking again later may help."""

    code = "store_unavailable"
    fact: str

    def __str__(self) -> str:
        return f"{self.store}: {self.fact}"


@dataclass(eq=False)
class StoreFull(StoreError):
    """No room for the request. The store goes on as before, and takes it when there is room."""

    code = "store_full"
    fact: str

    def __str__(self) -> str:
        return f"{self.store}: no room: {self.fact}"


@dataclass(eq=False)
class StoreRequestInvalid(StoreError):
    """A request is outside what a store serves: too large, malformed, or against the order of things."""

    code = "store_request_invalid"
    field: str
    got: str
    expected: str

    def __str__(self) -> str:
        return f"{self.store}: {self.field} {self.got}: expected {self.expected}"


@dataclass(eq=False)
class ArtifactExists(StoreError):
    """An artefact of this name holds other bytes; artefacts are written once."""

    code = "artifact_exists"
    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.store}: {self.kind} {self.name} exists with other bytes"


@dataclass(eq=False)
class ReceiptInvalid(ProofInvalid):
    """A receipt is malformed, does not hold together, is not signed, or does not follow the one before it."""

    code = "receipt_invalid"
    field: str
    got: str
    expected: str

    def __str__(self) -> str:
        return f"receipt: {self.field}: got {self.got}, expected {self.expected}"
