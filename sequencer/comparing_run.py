"""Settles a replay's folder by each backend, on an embedded EVM, and sets what the contract charges beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sequencer.batches import BatchFile
from sequencer.checking import CheckedRun
from sequencer.comparing_gas import GasComparison, compare_gas
from sequencer.gas_backends import AnchorBackend, DirectBackend
from sequencer.gas_model import RollupGas, measure_rollup_gas
from sequencer.manifest import read_manifest
from sequencer.progress import Report
from sequencer.run_bytes import RunBytes, count_bytes
from verifier.base_layer import EmbeddedEvm

__all__ = ["GasReport", "price_run", "settle_run"]


@dataclass(frozen=True)
class GasReport:
    """What a run cost, and what its contract charges whatever the run."""

    comparison: GasComparison
    bytes: RunBytes  # of the batches that the rollup settled
    rollup: RollupGas


def price_run(folder: Path, batches: Sequence[BatchFile], checked: CheckedRun | None, report: Report) -> GasReport:
    """Return what the first batches of a replay cost in gas and bytes, and what `Rollup` charges with `block`.

    `checked` is what `check_run` said of the folder; None where there is no proof. Raises as `settle_run`.
    """
    comparison = settle_run(folder, batches, checked, report)
    run_bytes = count_bytes(folder, comparison.get_costs("rollup"))
    return GasReport(comparison, run_bytes, measure_rollup_gas(report))


def settle_run(folder: Path, batches: Sequence[BatchFile], checked: CheckedRun | None, report: Report) -> GasComparison:
    """Return what the first batches of a replay cost, without the rollup and, where they are proved, with it.

    `checked` is what `check_run` said of the folder; None where there is no proof. Raises FileMissing, FileTooLarge,
    FileMalformed.
    """
    # a chain that has come to where the run ends: no tick is of its future
    layer = EmbeddedEvm(batches[-1].trace.header_after.timestamp_s)
    direct = DirectBackend(layer, batches[0].trace.params, read_manifest(folder).seed)
    return compare_gas(batches, (direct, AnchorBackend(folder, checked)), report)
