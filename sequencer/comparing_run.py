"""Settles a replay's folder by each backend, on an embedded EVM, and sets what the contract charges beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sequencer.batches import BatchFile
from sequencer.comparing_gas import GasComparison, compare_gas
from sequencer.errors import RunUnsettleable
from sequencer.exit_proofs import ExitProver
from sequencer.gas_backends import DirectBackend, RollupBackend
from sequencer.gas_model import RollupGas, measure_rollup_gas
from sequencer.manifest import read_manifest
from sequencer.progress import Report
from sequencer.proofs import PROVING
from sequencer.run_bytes import RunBytes, count_bytes
from sequencer.settlement.opening import open_settler
from sequencer.settlement.run_files import read_run
from sequencer.settlement.settling import RunSettler
from verifier.base_layer import EmbeddedEvm

__all__ = ["GasReport", "price_run", "settle_run"]


@dataclass(frozen=True)
class GasReport:
    """What a run cost, and what its contract charges whatever the run."""

    comparison: GasComparison
    bytes: RunBytes  # of the batches that the rollup settled
    rollup: RollupGas


def price_run(folder: Path, batches: Sequence[BatchFile], keys_dir: Path, report: Report) -> GasReport:
    """Return what the first batches of a replay cost in gas and bytes, and what `Rollup` charges with `block`.

    Raises as `settle_run`.
    """
    comparison = settle_run(folder, batches, keys_dir, report)
    run_bytes = count_bytes(folder, comparison.get_costs("rollup"))
    return GasReport(comparison, run_bytes, measure_rollup_gas(report))


def settle_run(folder: Path, batches: Sequence[BatchFile], keys_dir: Path, report: Report) -> GasComparison:
    """Return what the first batches of a replay cost, without the rollup and, where the whole run is proved, with it.

    The contract is given the exit circuit's key, which is in `keys_dir` or made there for development.
    Raises FileMissing, FileTooLarge, FileMalformed, KeyUnusable.
    """
    # a chain that has come to where the run ends: no tick is of its future
    layer = EmbeddedEvm(batches[-1].trace.header_after.timestamp_s)
    direct = DirectBackend(layer, batches[0].trace.params, read_manifest(folder).seed)
    return compare_gas(batches, (direct, RollupBackend(_open_rollup(folder, keys_dir, report))), report)


def _open_rollup(folder: Path, keys_dir: Path, report: Report) -> RunSettler | None:
    """Return the run with its contracts, None where a batch of it is not proved."""
    if not (folder / PROVING).exists():
        return None
    try:
        run = read_run(folder)
    except RunUnsettleable:
        return None
    return open_settler(run, EmbeddedEvm(), ExitProver(keys_dir, report))
