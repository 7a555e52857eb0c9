"""What is told to the contract or proved to it falsely, each refused for its reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rollup.bls_field import P
from rollup.field import R
from rollup.public_inputs import PublicInputs
from tests.verifier.rollup_scene import (
    BATCH_SETUP,
    LIMITS,
    L,
    pay,
    prove,
    record,
    refuses,
)
from tests.verifier.rollup_steps import (
    USD,
    get_waiting,
    make_scene,
    settle_changed,
)
from tests.verifier.simulated_proofs import add_cofactor_point, simulate_pair
from verifier.keys import decode_proof, encode_proof
from verifier.rollup_contract import (
    encode_opening,
)


def test_z_is_the_contracts_and_binds_the_chain_the_contract_and_the_group_number() -> None:
    scene = make_scene()
    proved = scene.make_group(record(0, 1))
    for field in ("chain_id", "contract", "number"):
        other = replace(proved.group, **{field: getattr(proved.group, field) + 1})  # type: ignore[arg-type] # numbers
        elsewhere = scene.prove_group(other, proved.queue, proved.elements)
        assert elsewhere.committed.z != proved.committed.z
        with refuses("PointEvaluationFails()"):  # the opening is at their z, not at the contract's
            scene.settle(elsewhere)
        with refuses("EquationFails()"):
            scene.settle(replace(proved, proofs=elsewhere.proofs))
    scene.settle(proved)


def test_invalid_proof_for_a_z_of_the_callers_choice() -> None:
    scene = make_scene()
    proved = scene.make_group(record(0, 1))
    proof = prove(BATCH_SETUP, proved.inputs[0]._replace(z=7))
    with refuses("EquationFails()"):
        scene.settle(replace(proved, proofs=(proof,)))


@pytest.mark.parametrize("field", PublicInputs._fields)
def test_invalid_proof_of_another_public_input(field: str) -> None:
    scene = get_waiting()[0]
    proved = get_waiting()[1]
    wrong = proved.inputs[1]._replace(**{field: getattr(proved.inputs[1], field) ^ 1})
    with refuses("EquationFails()"):
        scene.settle(replace(proved, proofs=(proved.proofs[0], prove(BATCH_SETUP, wrong))))


def test_invalid_clock() -> None:
    scene, proved = get_waiting()
    first, second = (batch.clock for batch in proved.group.batches)
    for index, clock, reason in (
        (0, first + 1, "BatchNumberWrong(got=2, expected=1)"),  # a gap
        (0, first - 1, "BatchNumberWrong(got=0, expected=1)"),  # a batch again
        (1, first, "BatchNumberWrong(got=1, expected=2)"),
        (1, second + 1, "BatchNumberWrong(got=3, expected=2)"),
        (1, second - (1 << 32), "TimestampWrong("),  # time stands
        (1, second + (scene.now_s + 1_000 << 32), "TimestampWrong("),  # from the future
        (0, first - (LIMITS.max_lag_s << 32), "TimestampWrong("),  # too long ago
        (1, second + (1 << 72), "TimestampWrong("),  # entries smuggled in above the time
    ):
        with refuses(reason):
            settle_changed(index, clock=clock)


def test_time_rises_from_one_group_to_the_next() -> None:
    scene = make_scene()
    scene.settle(scene.make_group(b""))
    settled_s = scene.rollup.call("progress")[1]
    for time_s in (settled_s - 1, settled_s):
        with refuses(f"TimestampWrong(gotS={time_s}, earliestS={settled_s + 1}, "):
            scene.settle(scene.make_group(b"", clock=2 + (time_s << 32)))
    scene.settle(scene.make_group(b"", clock=2 + (settled_s + 1 << 32)))


def test_timestamps_at_both_ends_of_what_is_allowed() -> None:
    for late_s in (0, LIMITS.max_lag_s):
        scene = make_scene()
        scene.wait(3_600)
        now_s = scene.now_s + 12
        proved = scene.make_group(b"", clock=1 + (now_s - late_s << 32))
        scene.evm.set_next_timestamp(now_s)
        scene.settle(proved)
    for late_s in (-1, LIMITS.max_lag_s + 1):
        scene.wait(3_600)
        now_s = scene.now_s + 12
        proved = scene.make_group(b"", clock=2 + (now_s - late_s << 32))
        scene.evm.set_next_timestamp(now_s)
        with refuses("TimestampWrong("):
            scene.settle(proved)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"new_root": R}, f"NotCanonical(value={R})"),
        ({"data_commitment": R}, f"NotCanonical(value={R})"),
        ({"data_commitment": 1}, "PointEvaluationFails()"),  # z is another
        ({"new_root": 1}, "EquationFails()"),
        ({"bridge": b""}, "EntriesLeft(bytesLeft=192)"),
        ({"bridge": record(0, 1) + record(1, 1)}, "PointEvaluationFails()"),  # a withdrawal left out
        ({"entries": b""}, "EntryMalformed(offset=0)|CalldataCutOff(offset=0)"),
    ],
)
def test_invalid_batch(changes: dict[str, object], reason: str) -> None:
    with refuses(*reason.split("|")):
        settle_changed(0, **changes)


def test_invalid_calldata_that_omit_a_withdrawal_even_at_their_own_z() -> None:
    """Proofs for the circuit's words, an opening at the z of the calldata told: only the bridge value is wrong."""
    scene, proved = get_waiting()
    batches = list(proved.group.batches)
    batches[0] = replace(batches[0], calldata=record(0, 1) + record(1, 1))
    told = scene.prove_group(replace(proved.group, batches=tuple(batches)), proved.queue, proved.elements)
    true = told.inputs[0]._replace(bridge_value=proved.inputs[0].bridge_value)
    with refuses("EquationFails()"):
        scene.settle(replace(told, proofs=(prove(BATCH_SETUP, true), told.proofs[1])))


def test_invalid_entries() -> None:
    _, proved = get_waiting()
    batches = proved.batches
    entries = batches[0][4]
    assert isinstance(entries, bytes)
    swapped = entries[96:] + entries[:96]
    forged = entries[:95] + bytes([entries[95] ^ 1]) + entries[96:]
    for other in (swapped, forged):
        with refuses("EntriesWrong("):
            settle_changed(0, entries=other)
    bridge = b"".join(record(lane, 1) for lane in range(3))
    with refuses("QueueExhausted(wanted=3, held=2)"):
        settle_changed(0, bridge=bridge, entries=entries + entries[:96])


def test_replayed_batch_and_group() -> None:
    scene = make_scene()
    proved = scene.make_group(record(0, 1))
    scene.settle(proved)
    with refuses("BatchNumberWrong(got=1, expected=2)"):
        scene.settle(proved)
    again = replace(
        proved.group.batches[0], clock_and_entries=proved.group.batches[0].clock_and_entries + 1 + (1 << 32)
    )
    moved = replace(proved.group, batches=(again,), number=1)
    with refuses("EntriesWrong("):  # the same deposit twice
        scene.settle(scene.prove_group(moved, proved.queue, proved.elements))
    quiet = replace(again, calldata=b"", clock_and_entries=again.clock)
    with refuses("PointEvaluationFails()"):  # from the old root: z says where a group begins
        scene.settle(scene.prove_group(replace(moved, batches=(quiet,)), (), proved.elements))


def test_invalid_transaction_without_a_blob_or_with_another() -> None:
    scene, proved = get_waiting()
    other = scene.make_group(b"").blob
    with refuses("BlobMissing()"):
        scene.settle(proved, blobs=[])
    with refuses("PointEvaluationFails()"):
        scene.settle(proved, blobs=[other])
    with refuses("PointEvaluationFails()"):  # the first blob counts
        scene.settle(proved, blobs=[other, proved.blob])


def test_invalid_opening() -> None:
    scene, proved = get_waiting()
    for opening, reason in (
        (replace(proved.opening, proof=proved.opening.commitment), "PointEvaluationFails()"),
        (replace(proved.opening, commitment=proved.opening.proof), "PointEvaluationFails()"),
        (replace(proved.opening, proof=bytes(48)), "PointEvaluationFails()"),
        (replace(proved.opening, proof=b""), "OpeningLengthWrong(gotBytes=48)"),
    ):
        with refuses(reason):
            scene.settle(replace(proved, opening=opening))


def test_invalid_blob_values() -> None:
    scene, proved = get_waiting()
    one, two = proved.values
    step = pow(proved.committed.z, L, P)
    with refuses("ValueNotCanonical("):
        scene.settle(replace(proved, values=(one + P, two)))
    with refuses("PointEvaluationFails()"):
        scene.settle(replace(proved, values=(two, one)))
    with refuses("EquationFails()"):  # a sum that holds, of values that no proof is for
        scene.settle(replace(proved, values=((one + step) % P, (two - 1) % P)))


def test_invalid_points() -> None:
    scene, proved = get_waiting()
    first, second = proved.proofs
    good = decode_proof(second)
    subgroup = encode_proof(replace(good, b=add_cofactor_point(good.b)))
    large = b"\xff" * 32
    for place, bad in (
        (0, bytes([first[0] ^ 1]) + first[1:]),
        (0, large + first[32:]),
        (1, bytes(31) + b"\1" + second[32:]),
        (1, second[:64] + large + second[96:]),
        (1, subgroup),
        (1, second[:192] + large + second[224:]),
    ):
        proofs = (bad, second) if place == 0 else (first, bad)
        with refuses("PointInvalid()"):
            scene.settle(replace(proved, proofs=proofs))


def test_invalid_proofs_in_the_wrong_order_or_number() -> None:
    scene, proved = get_waiting()
    with refuses("EquationFails()"):
        scene.settle(replace(proved, proofs=proved.proofs[::-1]))
    for claims in (proved.claims[:-1], proved.claims[:288], proved.claims + proved.claims[:288], b""):
        with refuses("ClaimsLengthWrong("):
            scene.settle(proved, claims=claims)


def test_invalid_proofs_that_would_cancel_out_in_an_unweighted_sum() -> None:
    """C moved from one proof to the other: their product without the random factors is still one."""
    scene, proved = get_waiting()
    a, b = proved.inputs
    first, second = simulate_pair(BATCH_SETUP, list(a), list(b), shift=9)
    with refuses("EquationFails()"):
        scene.settle(replace(proved, proofs=(encode_proof(first), encode_proof(second))))


def test_invalid_shape_or_number_of_batches() -> None:
    scene, proved = get_waiting()
    opening = encode_opening(proved.opening)
    with refuses("ShapeUnusable(shapeId=1)"):
        scene.rollup.transact(
            "settle", 1, proved.batches, proved.claims, opening, sender=scene.who[1], blobs=[proved.blob]
        )
    for batches in ([], [proved.batches[0]] * 65):
        with refuses(f"BatchCountWrong(got={len(batches)}, limit=64)"):
            scene.rollup.transact("settle", 0, batches, b"", opening, sender=scene.who[1], blobs=[proved.blob])


def test_invalid_payments_of_more_than_was_deposited() -> None:
    """No sound circuit proves this; the contract would not pay it out of what others are owed."""
    scene = make_scene()
    held = 20 * USD - LIMITS.deposit_fee_e6
    with refuses(f"PaidTooMuch(paidE6={held + 1}, heldE6={held})"):
        scene.settle(scene.make_group(record(0, 1) + pay(2, 5, held + 1, scene.who[3])))
    scene.settle(scene.make_group(record(0, 1) + pay(2, 5, held, scene.who[3])))
