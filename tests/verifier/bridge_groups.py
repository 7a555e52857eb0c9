"""Groups of random days, sealed as the sequencer seals them, with the public inputs that their proofs would be for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from rollup.public_inputs import PublicInputs, compute_public_inputs
from rollup.trace import BatchTrace
from sequencer.sealing import SealedGroup, publish_batch, seal_group
from tests.random_day import SHAPE
from tests.verifier.bridge_days import run_random_day
from verifier.bridge import list_entries
from verifier.group import commit_group
from verifier.group_check import GroupVerdict, Opening, check_blob, check_group
from verifier.queue_entries import Entry

__all__ = ["Case", "make_case"]

NUMBER = 3  # of the group


@dataclass(frozen=True)
class Case:
    """Everything that the contract has of a group, to be tampered with."""

    sealed: SealedGroup
    traces: tuple[BatchTrace, ...]
    queue: tuple[Entry, ...]
    claims: tuple[PublicInputs, ...]

    @property
    def opening(self) -> Opening:
        """The point evaluation."""
        return self.sealed.opening

    def check(self) -> GroupVerdict:
        """Return what the contract says."""
        group, params_hash = self.sealed.group, self.traces[0].params.params_hash
        return check_group(group, self.queue, params_hash, self.claims, self.opening)

    def check_bytes(self) -> GroupVerdict:
        """Return what a reader of the blob says."""
        committed = commit_group(self.sealed.group, self.queue)
        return check_blob(self.sealed.group, committed, self.sealed.blob, self.claims, self.opening)

    def change_group(self, **changes: Any) -> Case:  # noqa: ANN401 (fields of a group)
        """Return the case with another group, its proofs made at the z of the group as it then is."""
        group = replace(self.sealed.group, **changes)
        return replace(self, sealed=replace(self.sealed, group=group)).reprove()

    def change_batch(self, index: int, **changes: Any) -> Case:  # noqa: ANN401 (fields of a batch)
        """Return the case with another batch published."""
        batches = list(self.sealed.group.batches)
        batches[index] = replace(batches[index], **changes)
        return self.change_group(batches=tuple(batches))

    def change_claim(self, index: int, **changes: int) -> Case:
        """Return the case with a proof for other public inputs."""
        claims = list(self.claims)
        claims[index] = claims[index]._replace(**changes)
        return replace(self, claims=tuple(claims))

    def reprove(self) -> Case:
        """Return the case with the honest public inputs of its traces at the z that the contract derives."""
        z = commit_group(self.sealed.group, self.queue).z
        return replace(self, claims=tuple(compute_public_inputs(trace, z) for trace in self.traces))


@cache
def make_case(n_batches: int, start: int = 0) -> Case:
    """Return a group of consecutive batches of a random day."""
    traces = run_random_day(1, start + n_batches)[start:]
    published = [publish_batch(f"batch-{start + i:04}", trace) for i, trace in enumerate(traces)]
    sealed = seal_group(NUMBER, SHAPE, published)
    queue = tuple(entry for trace in traces for entry in list_entries(trace))
    claims = tuple(compute_public_inputs(trace, sealed.z) for trace in traces)
    return Case(sealed, traces, queue, claims)
