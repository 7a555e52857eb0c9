"""What befalls proofs, and groups on their way to the base layer."""

from __future__ import annotations

from dataclasses import dataclass

from rollup.errors import RollupError

__all__ = [
    "AnswerWrong",
    "BatchOutOfTurn",
    "EntryOutOfTurn",
    "PipelineCorrupt",
    "ProofFailed",
    "ProofTimeout",
    "ProverLost",
    "PublisherLost",
    "SettlementDiverged",
]


@dataclass(eq=False)
class ProverLost(RollupError):
    """A prover's process ended in the middle of a job. The job is sent again."""

    code = "prover_lost"
    job: str
    fact: str

    def __str__(self) -> str:
        return f"{self.job}: the prover is gone: {self.fact}"


@dataclass(eq=False)
class ProofTimeout(RollupError):
    """A prover did not answer in time, and was ended. The job is sent again."""

    code = "proof_timeout"
    job: str
    timeout_s: float

    def __str__(self) -> str:
        return f"{self.job}: no proof in {self.timeout_s:.0f} s"


@dataclass(eq=False)
class ProofFailed(RollupError):
    """A job failed as often as it may. Nothing behind it can settle before somebody looks at it."""

    code = "proof_failed"
    job: str
    tries: int
    fact: str

    def __str__(self) -> str:
        return f"{self.job}: no proof in {self.tries} tries: {self.fact}"


@dataclass(eq=False)
class AnswerWrong(RollupError):
    """What came back for a job is no proof of it."""

    code = "proof_answer_wrong"
    job: str
    field: str
    got: str
    expected: str

    def __str__(self) -> str:
        return f"{self.job}: {self.field}: got {self.got}, expected {self.expected}"


@dataclass(eq=False)
class BatchOutOfTurn(RollupError):
    """A batch does not follow the one before it."""

    code = "batch_out_of_turn"
    got: int
    expected: int

    def __str__(self) -> str:
        return f"batch {self.got}: expected batch {self.expected}"


@dataclass(eq=False)
class PipelineCorrupt(RollupError):
    """What the store holds of batches, groups and proofs has a gap, or does not fit together."""

    code = "pipeline_corrupt"
    kind: str
    name: str
    got: str
    expected: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}: got {self.got}, expected {self.expected}"


@dataclass(eq=False)
class EntryOutOfTurn(RollupError):
    """The base layer's final entries do not follow those that the node has."""

    code = "entry_out_of_turn"
    got: int
    expected: int

    def __str__(self) -> str:
        return f"entry {self.got} of the queue: expected entry {self.expected}"


@dataclass(eq=False)
class SettlementDiverged(RollupError):
    """The contract is not where this node's groups lead: it must not go on before somebody looks."""

    code = "settlement_diverged"
    group: int
    field: str
    got: str
    expected: str

    def __str__(self) -> str:
        return f"group {self.group}: {self.field}: the contract has {self.got}, expected {self.expected}"


@dataclass(eq=False)
class PublisherLost(RollupError):
    """The publisher's process ended by itself. It is started anew."""

    code = "publisher_lost"
    exit_status: int

    def __str__(self) -> str:
        return f"the publisher ended with status {self.exit_status}"
