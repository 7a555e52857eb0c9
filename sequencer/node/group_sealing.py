"""Seals groups in a process beside the node's: reading batches and KZG's setup would hold up the auction loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from sequencer.node.patience import Patience
from sequencer.node.pipeline_state import ProvedGroup
from sequencer.node.priorities import LOWEST_PRIORITY
from sequencer.node.proof_worker import SealAnswer, SealJob, seal_job
from sequencer.node.proving_errors import ProofTimeout, ProverLost
from sequencer.node.stages import name_batch, name_group
from sequencer.node.worker_process import WorkerProcess
from sequencer.sealing import SealedGroup

__all__ = ["Sealer"]

_TIMEOUT_S: Final = 300.0


class Sealer:
    """The process, started again with growing pauses where it is lost."""

    def __init__(self, patience: Patience) -> None:
        """Start nothing yet."""
        self._patience = patience
        self._process = WorkerProcess(1, LOWEST_PRIORITY // 2)

    def seal(self, number: int, batches: Sequence[int], load: Callable[[str], bytes]) -> tuple[SealedGroup, SealAnswer]:
        """Return the group of these batches, decoded and as bytes; `load` gives a batch by its name.

        Raises BatchFileInvalid; ProverLost, ProofTimeout where the patience was ended.
        """
        names = tuple(map(name_batch, batches))
        job = SealJob(number, names, tuple(map(load, names)))
        run = partial(self._process.run, name_group(number), _TIMEOUT_S, seal_job, job)
        answer = self._patience.insist("sealing", (ProverLost, ProofTimeout), run)
        sealed, _ = ProvedGroup(number, batches[0], answer.group, answer.blob, answer.queue, (), ()).decode()
        return sealed, answer

    def end(self) -> None:
        """End the process, whatever it does."""
        self._process.end()
