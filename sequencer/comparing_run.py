"""Settles a replay's folder by each backend, on an embedded EVM."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sequencer.batches import BatchFile
from sequencer.checking import CheckedRun
from sequencer.comparing_gas import GasComparison, compare_gas
from sequencer.gas_backends import AnchorBackend, DirectBackend
from sequencer.manifest import read_manifest
from sequencer.progress import Report
from verifier.base_layer import EmbeddedEvm

__all__ = ["settle_run"]


def settle_run(folder: Path, batches: Sequence[BatchFile], checked: CheckedRun | None, report: Report) -> GasComparison:
    """Return what the first batches of a replay cost, without the rollup and, where they are proved, with it.

    `checked` is what `check_run` said of the folder; None where there is no proof. Raises FileMissing, FileTooLarge,
    FileMalformed.
    """
    # a chain that has come to where the run ends: no tick is of its future
    layer = EmbeddedEvm(batches[-1].trace.header_after.timestamp_s)
    direct = DirectBackend(layer, batches[0].trace.params, read_manifest(folder).seed)
    return compare_gas(batches, (direct, AnchorBackend(folder, checked)), report)
