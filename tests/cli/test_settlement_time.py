"""Time to settlement: blocks that gas fills, the wait for a group's last batch, and its proofs one after another."""

from __future__ import annotations

from pathlib import Path

import pytest

from sequencer.batches import read_batches
from sequencer.exit_proofs import ExitProver
from sequencer.gas_backends import RollupBackend
from sequencer.progress import ignore_progress
from sequencer.proofs import ProofEntry, read_record
from sequencer.settlement.opening import open_settler
from sequencer.settlement.run_files import read_run
from sequencer.settlement_time import BLOCK_GAS, BLOCK_S, compute_block_seconds, compute_group_seconds
from verifier.base_layer import EmbeddedEvm
from verifier.group import Group, GroupBatch


@pytest.mark.parametrize(
    ("gas", "blocks"), [(0, 1), (1, 1), (BLOCK_GAS - 1, 1), (BLOCK_GAS, 1), (BLOCK_GAS + 1, 2), (3 * BLOCK_GAS + 1, 4)]
)
def test_blocks_that_gas_fills(gas: int, blocks: int) -> None:
    assert compute_block_seconds(gas) == blocks * BLOCK_S


def make_group(*times_s: int) -> Group:
    batches = tuple(GroupBatch(f"batch-{i}", 1, 2, b"", (time_s << 32) + i) for i, time_s in enumerate(times_s))
    return Group(1, 2, 3, 0, 5, 6, b"\1" * 32, batches)


def make_proofs(n: int) -> list[ProofEntry]:
    return [ProofEntry(f"batch-{i}", 1, 0.5 + i, 10.0, 1) for i in range(n)]


def test_group_waits_for_its_last_batch_and_all_its_proofs() -> None:
    found = compute_group_seconds(make_group(100, 160, 190), make_proofs(3), 1_000_000)
    proving_s = (0.5 + 10) + (1.5 + 10) + (2.5 + 10)
    assert found == {
        "batch-0": pytest.approx(90 + proving_s + 12),
        "batch-1": pytest.approx(30 + proving_s + 12),
        "batch-2": pytest.approx(proving_s + 12),
    }
    assert compute_group_seconds(make_group(100), make_proofs(3), BLOCK_GAS + 1) == {"batch-0": 10.5 + 24}


def test_invalid_group_with_a_batch_that_is_not_proved() -> None:
    assert compute_group_seconds(make_group(100, 160, 190), make_proofs(2), 1) == {}


def test_seconds_of_a_run(proved_run: Path, keys_dir: Path) -> None:
    batches, record = read_batches(proved_run), read_record(proved_run)
    first, last = (batch.trace.header_after.timestamp_s for batch in batches)
    proving_s = sum(entry.witness_s + entry.prove_s for entry in record.proofs)
    prover = ExitProver(keys_dir, ignore_progress)
    backend = RollupBackend(open_settler(read_run(proved_run), EmbeddedEvm(), prover))
    costs = [backend.settle(batch) for batch in batches]
    seconds = [cost.seconds for cost in costs if cost]
    assert last > first
    assert seconds == [pytest.approx(last - first + proving_s + BLOCK_S), pytest.approx(proving_s + BLOCK_S)]
