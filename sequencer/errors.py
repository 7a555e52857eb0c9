"""What the command line refuses at its door: files that are missing, too big, or not what they should be."""

from __future__ import annotations

from dataclasses import dataclass

from rollup.errors import RollupError
from verifier.errors import FileMalformed

__all__ = [
    "BatchUnprovable",
    "CeremonyInvalid",
    "DataFault",
    "DeploymentElsewhere",
    "FileMalformed",
    "FileMissing",
    "FileTooLarge",
    "KeyUnusable",
    "OptionInvalid",
    "PowersUnusable",
    "RunEmpty",
    "RunUnsettleable",
    "TapeMalformed",
    "ZkeyUnusable",
]


@dataclass(eq=False)
class FileMissing(RollupError):
    """A file or folder is not there, or is not of the kind that was asked for."""

    code = "file_missing"
    path: str
    expected: str

    def __str__(self) -> str:
        return f"{self.path}: no such {self.expected}"


@dataclass(eq=False)
class FileTooLarge(RollupError):
    """A file holds more bytes than its kind may have."""

    code = "file_too_large"
    path: str
    size_bytes: int
    limit_bytes: int

    def __str__(self) -> str:
        return f"{self.path}: {self.size_bytes} bytes or more, at most {self.limit_bytes} are read"


@dataclass(eq=False)
class DataFault(RollupError):
    """What the base layer is said to have published does not fit together."""

    code = "data_fault"
    file: str  # of the run's folder
    field: str
    got: str
    expected: str

    def __str__(self) -> str:
        return f"{self.file}: {self.field}: got {self.got}, expected {self.expected}"


@dataclass(eq=False)
class DeploymentElsewhere(RollupError):
    """A run's proofs are bound to a chain and an address, and its contract is not there."""

    code = "deployment_elsewhere"
    field: str
    got: str
    expected: str

    def __str__(self) -> str:
        return f"{self.field}: got {self.got}; the run is bound to {self.expected}: replay it for where it is to settle"


@dataclass(eq=False)
class RunEmpty(RollupError):
    """A replay or a node's log holds nothing that a report could show."""

    code = "run_empty"
    path: str
    got: str
    expected: str

    def __str__(self) -> str:
        return f"{self.path}: {self.got}, expected {self.expected}"


@dataclass(eq=False)
class RunUnsettleable(RollupError):
    """A run cannot be settled by the Rollup as it is."""

    code = "run_unsettleable"
    folder: str
    got: str
    expected: str

    def __str__(self) -> str:
        return f"{self.folder}: {self.got}; to settle it takes {self.expected}"


@dataclass(eq=False)
class TapeMalformed(RollupError):
    """A trade tape holds a line that is not a trade."""

    code = "tape_malformed"
    path: str
    line: int
    got: str
    expected: str

    def __str__(self) -> str:
        return f"{self.path}, line {self.line}: got {self.got}, expected {self.expected}"


@dataclass(eq=False)
class OptionInvalid(RollupError):
    """An option's value cannot be served."""

    code = "option_invalid"
    option: str
    got: str
    expected: str

    def __str__(self) -> str:
        return f"{self.option} {self.got}: expected {self.expected}"


@dataclass(eq=False)
class KeyUnusable(RollupError):
    """A cached proving key is damaged or belongs to another circuit."""

    code = "key_unusable"
    path: str
    fact: str

    def __str__(self) -> str:
        return f"{self.path}: {self.fact}; remove the file and run setup again"


@dataclass(eq=False)
class PowersUnusable(RollupError):
    """A file of powers of tau is malformed, too small for the circuit, or holds no powers."""

    code = "powers_unusable"
    path: str
    fact: str

    def __str__(self) -> str:
        return f"{self.path}: {self.fact}"


@dataclass(eq=False)
class ZkeyUnusable(RollupError):
    """A `.zkey` is malformed, or is not the circuit's."""

    code = "zkey_unusable"
    path: str
    fact: str

    def __str__(self) -> str:
        return f"{self.path}: {self.fact}"


@dataclass(eq=False)
class CeremonyInvalid(RollupError):
    """A key is not what its powers of tau, its circuit and its contributions make."""

    code = "ceremony_invalid"
    path: str
    fact: str

    def __str__(self) -> str:
        return f"{self.path}: {self.fact}"


@dataclass(eq=False)
class BatchUnprovable(RollupError):
    """A batch file is well formed, and what it says does not satisfy the circuit."""

    code = "batch_unprovable"
    path: str
    fact: str

    def __str__(self) -> str:
        return f"{self.path}: no proof exists: {self.fact}"
