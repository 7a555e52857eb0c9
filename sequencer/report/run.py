"""A replay's folder as a report shows it: its batches in figures, and what stands there of proofs and settlement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from rollup.codec import decode_trace
from rollup.market_params import MarketParams
from sequencer.errors import FileMalformed, RunEmpty
from sequencer.manifest import MANIFEST, BatchEntry, Manifest, read_batch_bytes, read_manifest
from sequencer.progress import Report
from sequencer.proofs import PROVING, ProvingRecord, read_record
from sequencer.report.figures import BatchFigures, Fact, GroupGas, ProofFigures, Proving, Stage, Subject
from sequencer.report.totals import MAX_TIME_S, list_facts
from sequencer.report.traces import describe_trace, list_used_markets
from sequencer.settlement.record import SETTLEMENT, SettlementRecord, read_settlement
from verifier.iden3 import read_public_inputs

__all__ = ["read_run_subject"]

_NO_PROOFS: Final = "There are no proofs in the folder: nothing is shown of proving time. `zkmargin prove` makes them."
_NO_SETTLEMENT: Final = (
    "The run is not settled, so of gas only the curve is shown. `zkmargin settle` settles a run whose batches are all "
    "proved."
)


def read_run_subject(folder: Path, report: Report) -> Subject:
    """Return what a report of a replay shows. Every batch file is read and held to the manifest's digest.

    Raises FileMissing, FileTooLarge, FileMalformed, BatchFileInvalid, RunEmpty.
    """
    manifest = read_manifest(folder)
    if not manifest.batches:
        raise RunEmpty(str(folder / MANIFEST), "no batch", "one at least")
    missing: list[str] = []
    record, settled = _find_proofs(folder, manifest, missing), _find_settlement(folder, manifest, missing)
    markets, batches = _read_batches(folder, manifest.batches, report)
    groups = settled.groups if settled else ()
    return Subject(
        kind="replay",
        name=manifest.tape,
        shape=manifest.shape,
        markets=markets,
        batches=batches,
        facts=(*_list_own_facts(manifest), *list_facts(batches)),
        stages=tuple(_list_stages(manifest, record, settled)),
        proving=_describe_proofs(record) if record else None,
        gas=tuple(GroupGas(group.group, group.batches, group.orders, group.settle.gas) for group in groups),
        missing=tuple(missing),
    )


def _read_batches(
    folder: Path, entries: Sequence[BatchEntry], report: Report
) -> tuple[tuple[MarketParams, ...], tuple[BatchFigures, ...]]:
    batches: list[BatchFigures] = []
    markets: tuple[MarketParams, ...] = ()
    for done, entry in enumerate(entries):
        report("batches read", done, len(entries))
        trace = decode_trace(read_batch_bytes(folder, entry), str(folder / entry.file))
        if (got := trace.header_after.batch_number) != entry.batch_number:
            raise FileMalformed(str(folder / entry.file), "batch number", str(got), str(entry.batch_number))
        if (time_s := trace.header_after.timestamp_s) > MAX_TIME_S:
            raise FileMalformed(str(folder / entry.file), "timestamp_s", str(time_s), f"at most {MAX_TIME_S}")
        markets = list_used_markets(trace.params.markets)
        batches.append(describe_trace(trace, entry.bad_debt_atoms))
    return markets, tuple(batches)


def _find_proofs(folder: Path, manifest: Manifest, missing: list[str]) -> ProvingRecord | None:
    """Return the record of the proofs in the folder, or note why there is none. Raises as `read_record`."""
    if not (folder / PROVING).exists():
        missing.append(_NO_PROOFS)
        return None
    record = read_record(folder)
    roots = {Path(entry.file).stem: (entry.old_state_root, entry.new_state_root) for entry in manifest.batches}
    for entry in record.proofs:
        old_and_new = read_public_inputs(folder / entry.public_file)[:2]  # the first of `PublicInputs`
        if roots.get(entry.batch) != tuple(map(str, old_and_new)):
            missing.append(f"The proofs are left out: that of {entry.batch} is of another run's states.")
            return None
    if record.is_sample:
        missing.append(f"{len(record.proofs)} of {record.n_batches} batches are proved: a sample.")
    return record


def _find_settlement(folder: Path, manifest: Manifest, missing: list[str]) -> SettlementRecord | None:
    """Return what the run's settlement cost, or note why that is not known. Raises as `read_settlement`."""
    if not (folder / SETTLEMENT).exists():
        missing.append(_NO_SETTLEMENT)
        return None
    settled = read_settlement(folder)
    if settled.state_root != manifest.batches[-1].new_state_root:
        missing.append(
            f"{SETTLEMENT} is left out: it ends at another state root than the run, so it is of another one."
        )
        return None
    return settled


def _describe_proofs(record: ProvingRecord) -> Proving:
    return Proving(
        record.key, tuple(ProofFigures(one.batch, one.witness_s, one.prove_s, one.parts_s) for one in record.proofs)
    )


def _list_own_facts(manifest: Manifest) -> Iterator[Fact]:
    """Yield what the manifest alone says."""
    yield Fact("tape", manifest.tape)
    yield Fact("shape", manifest.shape)
    yield Fact("accounts", manifest.accounts)
    yield Fact("seed", manifest.seed)
    for name in ("orders", "deposits", "withdrawals", "cancels", "rejected"):
        label = "orders sent" if name == "orders" else name
        yield Fact(label, sum(getattr(entry, name) for entry in manifest.batches))
    is_held = all(entry.identity_held for entry in manifest.batches)
    yield Fact("solvency identity", "held after every batch" if is_held else "did not hold")


def _list_stages(manifest: Manifest, record: ProvingRecord | None, settled: SettlementRecord | None) -> Iterator[Stage]:
    yield Stage("cleared", len(manifest.batches), None, f"made by replaying {manifest.tape}")
    yield Stage("sealed", len(manifest.batches), manifest.groups, "batches of a group share a blob")
    if record is not None:
        n_groups = len(record.groups)
        yield Stage("proved", len(record.proofs), n_groups, f"{record.key} key, circuit {record.circuit_digest[:16]}")
    if settled is not None:
        n_batches = sum(group.batches for group in settled.groups)
        yield Stage("settled", n_batches, len(settled.groups), f"by the contract {settled.contract}")
