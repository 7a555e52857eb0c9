"""Holds the rollup's state against the same orders settled one by one without a rollup."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rollup.accounts import Account
from rollup.direct_rescue import DirectHouse
from rollup.direct_trades import settle_trace
from rollup.errors import BatchInvalid
from rollup.public_inputs import PublicInputs
from rollup.trace import BatchTrace
from sequencer.batches import BatchFile, read_batches
from sequencer.checking import CheckedRun, check_run
from sequencer.errors import FileMissing
from sequencer.progress import Report
from sequencer.proofs import PROVING, ProvingRecord, read_record

__all__ = ["ComparedBatch", "Comparison", "compare_run", "find_difference", "read_and_compare"]

_PROOF_BYTES = 256
_PUBLIC_BYTES = len(PublicInputs._fields) * 32
_DIRECT_ORDER_BYTES = 3 * 32 + 3 * 32  # three signed words, and the signature: R8x, R8y, S


@dataclass(frozen=True)
class ComparedBatch:
    """One row of the comparison. What is None was not made: the folder holds no proof of the batch."""

    batch: str
    equal: bool
    orders: int  # order fills and liquidation fills
    constraints: int | None
    witness_s: float | None
    prove_s: float | None
    settlement_bytes: int  # proof and public inputs: what the base layer must see of a proved batch
    direct_bytes: int  # the same orders one by one: three signed words and a signature each
    gas: int | None  # of settling the proof, all in


@dataclass(frozen=True)
class Comparison:
    """A replay, held against direct settlement."""

    batches: tuple[ComparedBatch, ...]
    reason: str  # the first difference, empty where there is none

    @property
    def n_proved(self) -> int:
        """How many batches have a proof in the folder."""
        return sum(batch.constraints is not None for batch in self.batches)

    @property
    def is_equal(self) -> bool:
        """Whether every balance and position agrees after every batch."""
        return self.reason == ""


def compare_run(folder: Path, report: Report, checked: CheckedRun | None = None) -> Comparison:
    """Return the comparison of a replay's folder; with its proofs, if they stand there too.

    `checked` is what `check_run` said of the folder, where the caller has it.
    Raises FileMissing, FileTooLarge, FileMalformed, BatchFileInvalid.
    """
    comparison, _ = read_and_compare(folder, report, checked)
    return comparison


def read_and_compare(
    folder: Path, report: Report, checked: CheckedRun | None = None
) -> tuple[Comparison, tuple[BatchFile, ...]]:
    """Return the comparison and the batches. Raises as `compare_run`."""
    if not folder.is_dir():
        raise FileMissing(str(folder), "folder")
    batches = read_batches(folder)
    record = read_record(folder) if (folder / PROVING).exists() else None
    if record is not None and checked is None:
        checked = check_run(folder, report)
    differences = _find_differences([batch.trace for batch in batches])
    rows = tuple(
        _make_row(batch, difference, record, checked) for batch, difference in zip(batches, differences, strict=True)
    )
    found = [
        f"{batch.name}: {difference}" for batch, difference in zip(batches, differences, strict=True) if difference
    ]
    return Comparison(rows, found[0] if found else ""), batches


def _make_row(
    batch: BatchFile, difference: str, record: ProvingRecord | None, checked: CheckedRun | None
) -> ComparedBatch:
    entries = [entry for entry in record.proofs if entry.batch == batch.name] if record else []
    proofs = [proof for proof in checked.proofs if proof.batch == batch.name] if checked else []
    orders = sum(len(lane.fills) + (lane.liquidation is not None) for lane in batch.trace.order_lanes)
    return ComparedBatch(
        batch=batch.name,
        equal=not difference,
        orders=orders,
        constraints=entries[0].constraints if entries else None,
        witness_s=entries[0].witness_s if entries else None,
        prove_s=entries[0].prove_s if entries else None,
        settlement_bytes=_PROOF_BYTES + _PUBLIC_BYTES,
        direct_bytes=orders * _DIRECT_ORDER_BYTES,
        gas=proofs[0].gas if proofs else None,
    )


def _find_differences(traces: Sequence[BatchTrace]) -> list[str]:
    """Return, for each batch, the first difference after it, empty where there is none."""
    ledger = DirectHouse(traces[0].params)
    accounts: dict[int, Account] = {}
    differences: list[str] = []
    for trace in traces:
        try:
            settle_trace(ledger, trace)
        except BatchInvalid as error:  # the ledger is then of no further use
            missing = len(traces) - len(differences) - 1
            return [*differences, str(error), *["direct settlement stopped before"] * missing]
        accounts |= _collect_accounts(trace)
        differences.append(find_difference(ledger, accounts, trace.header_after.funding_index))
    return differences


def _collect_accounts(trace: BatchTrace) -> dict[int, Account]:
    """Return the accounts a batch touched, as it left them."""
    by_cash = {lane.account_id: lane.after for lane in trace.cash_lanes}
    by_rescue = {lane.account_id: lane.after for lane in trace.rescue_lanes}
    by_trade = {lane.account_id: lane.after for lane in trace.order_lanes}  # the last lane of an account counts
    return by_cash | by_rescue | by_trade | {0: trace.fund_lane.fund_after, 1: trace.fund_lane.treasury_after}


def find_difference(ledger: DirectHouse, accounts: dict[int, Account], funding_index: Sequence[int]) -> str:
    """Return the first account whose balance or positions differ, in words, or nothing."""
    balances, positions = ledger.get_balances(funding_index), ledger.get_positions()
    for account_id in sorted(accounts.keys() | balances.keys() | positions.keys()):
        account = accounts.get(account_id, Account())
        # the rollup keeps cash relative to the funding index; what is due is in the position
        owed_atoms = sum(size * index for size, index in zip(account.sizes_lots, funding_index, strict=True))
        cash_atoms = account.cash_atoms - owed_atoms
        if cash_atoms != balances.get(account_id, 0):
            return f"account {account_id}: rollup {cash_atoms}, direct {balances.get(account_id, 0)} (1e-18 USD)"
        held = {market: size for market, size in enumerate(account.sizes_lots) if size}
        if held != positions.get(account_id, {}):
            return f"account {account_id}: rollup holds {held}, direct {positions.get(account_id, {})} (lots by market)"
    return ""
