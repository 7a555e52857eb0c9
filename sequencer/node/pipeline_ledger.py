"""What the pipeline knows of batches and groups, for its own thread to change and for every thread to read."""

from __future__ import annotations

import threading
from bisect import bisect_right

from sequencer.node.pipeline_state import OpenGroup, find_places, find_settlement, load_group
from sequencer.node.pipeline_types import BatchProgress
from sequencer.node.proving_errors import BatchOutOfTurn
from sequencer.node.stages import Claim, Settlement
from sequencer.node.store import Store
from sequencer.node.view_types import BatchStage

__all__ = ["Ledger"]


class Ledger:
    """Batches in order: settled ones, those of open groups, those that wait for a group, and announced ones."""

    def __init__(self, store: Store, params_hash: int) -> None:
        """Find again where the store stands. Raises PipelineCorrupt, StoreError."""
        self._store, self._lock = store, threading.RLock()
        self._found: Settlement | None = None  # what was asked for last: after a start all are, one after the other
        places = find_places(store)
        self.n_settled = places.settled
        self.open = [load_group(store, number, params_hash) for number in range(places.settled, places.sealed)]
        self.waiting = list(range(places.last_sealed_batch + 1, places.last_batch + 1))
        self.stored, self.next_batch = places.last_batch, places.last_batch + 1
        self._n_unproved = sum(len(group.batches) - len(group.claims) for group in self.open) + len(self.waiting)

    @property
    def next_group(self) -> int:
        """The number of the group that is sealed next."""
        return self.n_settled + len(self.open)

    @property
    def backlog(self) -> int:
        """Batches announced and not proved."""
        return self._n_unproved

    def announce(self, batch: int) -> bool:
        """Count a batch in, and return whether it is new. Raises BatchOutOfTurn."""
        with self._lock:
            if batch > self.next_batch:
                raise BatchOutOfTurn(batch, self.next_batch)
            if batch < self.next_batch:
                return False
            self.next_batch += 1
            self._n_unproved += 1
            return True

    def store(self, batch: int) -> None:
        """A batch is durable and waits."""
        with self._lock:
            self.waiting.append(batch)
            self.stored = batch

    def seal(self, group: OpenGroup) -> None:
        """The first batches that wait are a group now."""
        with self._lock:
            self.open.append(group)
            del self.waiting[: len(group.batches)]

    def prove(self, group: OpenGroup, batch: int, claim: Claim) -> None:
        """A batch is proved."""
        with self._lock:
            group.claims[batch] = claim
            self._n_unproved -= 1

    def settle(self) -> None:
        """The first open group is settled for good."""
        with self._lock:
            self.open.pop(0)
            self.n_settled += 1

    def get_progress(self, batch: int) -> BatchProgress | None:
        """Return how far a batch is, None where there is none of this number. Raises StoreError."""
        with self._lock:
            if not 1 <= batch < self.next_batch:
                return None
            if batch > self.stored or (self.waiting and batch >= self.waiting[0]):
                return BatchProgress(BatchStage.SEQUENCED, None, None, None)
            at = bisect_right(self.open, batch, key=lambda group: group.first_batch) - 1
            if at >= 0:
                return _describe(self.open[at], batch)
            n_settled = self.n_settled
        found = self._found = find_settlement(self._store, batch, n_settled, self._found)
        return BatchProgress(BatchStage.SETTLED, found.group, None, bytes.fromhex(found.transaction))


def _describe(group: OpenGroup, batch: int) -> BatchProgress:
    claim = group.claims.get(batch)
    if claim is None:
        return BatchProgress(BatchStage.PROVING, group.number, None, None)
    return BatchProgress(BatchStage.PROVED, group.number, claim.prove_ms / 1000, None)
