"""What the proving pipeline is told, and what it tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from rollup.shapes import Shape
from sequencer.node.links import Record
from sequencer.node.store import Artifact
from sequencer.node.view_types import BatchStage

__all__ = ["BatchProgress", "GroupSettled", "Journal", "PipelineSettings"]


class Journal(Protocol):
    """The one writer of the store, for the pipeline."""

    def __call__(self, records: Sequence[Record], artifacts: Sequence[Artifact]) -> None:
        """Return once all of it is durable; the same artefacts again are no error. Called from the pipeline's thread.

        Raises StoreError. StoreFull and StoreUnavailable are tried again for as long as they last.
        """
        ...


@dataclass(frozen=True)
class PipelineSettings:
    """What is proved, and when groups are sealed."""

    shape: Shape
    params_hash: int
    verifying_key_be: bytes
    workers: int  # proofs that the executor makes at once
    group_size: int = 16  # batches of a group at most; a blob may hold fewer
    group_age_s: float = 10.0  # after which a group is sealed with what there is
    expected_prove_s: float = 10.0  # for one proof, until the first is measured
    is_development_key: bool = False  # one person made it alone, and could forge proofs: said where proofs are shown

    @property
    def n_unfelt(self) -> int:
        """Batches in the pipeline without any lag: a group that fills, and those that are proved."""
        return self.group_size + 2 * self.workers


@dataclass(frozen=True)
class BatchProgress:
    """How far a batch is."""

    stage: BatchStage
    group: int | None
    prove_s: float | None
    settlement: bytes | None  # hash of the base layer's transaction


@dataclass(frozen=True)
class GroupSettled:
    """What the publisher says of a group that is settled for good."""

    group: int
    new_root: int
    transaction: bytes
    block: int
    timestamp_s: int
    gas_used: int | None = None  # of all its transactions; None where another process sent them
