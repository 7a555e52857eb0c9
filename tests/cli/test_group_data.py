"""What `verify` says of groups whose files read well, and do not fit the proofs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rollup.blob import decode_blob, encode_blob
from rollup.bls_field import P
from rollup.codec import decode_trace
from rollup.public_inputs import compute_public_inputs
from sequencer.checking_groups import CheckedData, check_groups
from sequencer.cli.main import run_cli
from sequencer.groups import read_group
from sequencer.proofs import read_record
from sequencer.queue_file import read_queue
from tests.cli.conftest import EXAMPLE
from tests.cli.helpers import (
    edit_batch,
    edit_entries,
    edit_json,
    flip_bit,
    get_batches,
    run_json,
    truncate,
)
from verifier import kzg
from verifier.group import commit_group
from verifier.iden3 import read_public_inputs, write_public_inputs

Capsys = pytest.CaptureFixture[str]


def drop_deposit(run: Path) -> None:
    """Leave the first record out of the calldata, and its entry out of the queue."""
    calldata = get_batches(run)[0]["calldata"]
    assert calldata.startswith("0x0001"), "the first CashLane carries no deposit"
    clock = int(get_batches(run)[0]["clock_and_entries"]) - 2**72
    edit_batch(run, 0, calldata="0x" + calldata[6:], clock_and_entries=str(clock))
    edit_entries(run, lambda entries: entries[1:])


def pay_somebody(run: Path) -> None:
    calldata = get_batches(run)[1]["calldata"]
    edit_batch(run, 1, calldata=calldata + "0402" + "000007" + "00000000000f4240" + "ab" * 20)


def swap_commitments(run: Path) -> None:
    one, two = get_batches(run)
    edit_batch(run, 0, data_commitment=two["data_commitment"])
    edit_batch(run, 1, data_commitment=one["data_commitment"])


def put_blob(run: Path, change: Callable[[list[int], int], list[int]]) -> None:
    """Replace the blob by another, honestly committed to and opened."""
    sealed = read_group(run, 0)
    blob = encode_blob(change(decode_blob(sealed.blob), sealed.group.n_elements))
    (run / "group-0000.blob").write_bytes(blob)
    commitment = kzg.commit(blob)
    edit_json(run / "group-0000.json", versioned_hash="0x" + kzg.versioned_hash(commitment).hex())
    z = commit_group(read_group(run, 0).group, read_queue(run).entries).z
    proof, value = kzg.prove(blob, z)
    opening = {"commitment": "0x" + commitment.hex(), "proof": "0x" + proof.hex(), "value": str(value), "z": str(z)}
    edit_json(run / "group-0000.json", **opening)


def raise_value(run: Path) -> None:
    path = run / "batch-0001.public.json"
    numbers = json.loads(path.read_text())
    value = int(numbers[6]) + (int(numbers[7]) << 128) + P
    path.write_text(json.dumps([*numbers[:6], str(value % 2**128), str(value >> 128), numbers[8]]))


@pytest.mark.parametrize(
    ("tamper", "fact"),
    [
        (drop_deposit, "batch-0000: clock_and_entries is"),
        (pay_somebody, "batch-0000: z is"),
        (swap_commitments, "batch-0000: data_commitment is"),
        (lambda run: edit_entries(run, lambda entries: entries[::-1]), "batch-0000: z is"),
        (lambda run: edit_json(run / "group-0000.json", chain_id=1), "batch-0000: z is"),
        (lambda run: edit_json(run / "group-0000.json", old_root="5"), "batch-0000: old_state_root is"),
        (lambda run: edit_json(run / "group-0000.json", old_root="9" * 78), "group: old_root: got 999"),
        (lambda run: edit_batch(run, 0, new_root="5"), "batch-0000: new_state_root is"),
        (lambda run: edit_batch(run, 1, calldata="0x0009"), "batch-0001: calldata: got bridge calldata: tag"),
        (lambda run: edit_batch(run, 1, clock_and_entries="0"), "batch-0001: batch number: got 0"),
        (lambda run: edit_json(run / "group-0000.json", value="5"), "blob: value at z is 5"),
        (lambda run: edit_json(run / "group-0000.json", z="5"), "group-0000.json: z: got 5"),
        (lambda run: edit_json(run / "group-0000.json", proof="0x" + "00" * 48), "the point evaluation fails"),
        (lambda run: edit_json(run / "group-0000.json", commitment="0xc0" + "00" * 47), "blob: versioned hash"),
        (lambda run: flip_bit(run / "group-0000.blob", 131_071), "outside [0, "),
        (lambda run: truncate(run / "group-0000.blob"), "a blob of 65536 bytes"),
        (lambda run: put_blob(run, lambda all, n: all[n : 2 * n] + all[:n]), "batch-0000: blob value is"),
        (lambda run: put_blob(run, lambda all, n: [*all[:n], 0, *all[n + 1 :]]), "blob: value at z"),
        (raise_value, "batch-0001: blob_value "),
    ],
)
def test_invalid_data(tamper: Callable[[Path], object], fact: str, proved_run: Path) -> None:
    tamper(proved_run)
    checked = check_data(proved_run)
    reasons = [*checked.data.values(), *checked.blob.values(), *(group.reason for group in checked.groups)]
    assert any(fact in reason for reason in reasons), reasons
    assert any(checked.data.values()) or all(checked.blob.values())


def check_data(run: Path) -> CheckedData:
    """Return what `verify` finds beside the proofs themselves."""
    record = read_record(run)
    claims = {entry.batch: read_public_inputs(run / entry.public_file) for entry in record.proofs}
    return check_groups(run, record, claims)


def test_honest_data(proved_run: Path) -> None:
    checked = check_data(proved_run)
    assert not any((*checked.data.values(), *checked.blob.values(), *(group.reason for group in checked.groups)))


def test_invalid_data_are_seen_by_verify(proved_run: Path, capsys: Capsys) -> None:
    swap_commitments(proved_run)
    found = run_json(capsys, "verify", proved_run, status=1)
    assert found["valid"] is False
    assert found["reason"].startswith("batch-0000: data: batch-0000: data_commitment is ")
    for batch in found["batches"]:
        assert all(batch[name] for name in ("kernel", "py_ecc", "evm"))
        assert not batch["data"]


@pytest.fixture
def two_groups(proved_run: Path, tmp_path: Path) -> Path:
    """The batches of the proved run again, each a group of its own, with the public inputs of a proof."""
    run = tmp_path / "two"
    options = ["--out", str(run), "--shape", "tiny", "--batches", "2", "--accounts", "3", "--group", "1"]
    assert run_cli(["replay", str(EXAMPLE), *options]) == 0
    shutil.copy(proved_run / "proving.json", run)
    edit_json(run / "proving.json", groups=[0, 1])
    for number in (0, 1):
        sealed = read_group(run, number)
        trace = decode_trace((run / f"{sealed.names[0]}.zkm").read_bytes())
        write_public_inputs(run / f"{sealed.names[0]}.public.json", compute_public_inputs(trace, sealed.z))
    return run


@pytest.mark.parametrize(
    ("change", "fact"),
    [
        ({}, ""),
        ({"old_root": "5"}, "old_root: got 5, expected "),
        ({"first_entry": 0}, "first_entry: got 0, expected "),
    ],
)
def test_a_group_goes_on_from_the_one_before(change: dict[str, Any], fact: str, two_groups: Path) -> None:
    edit_json(two_groups / "group-0001.json", **change)
    first, second = check_data(two_groups).groups
    assert first.reason == ""
    assert fact in second.reason
    assert bool(fact) == bool(second.reason)
