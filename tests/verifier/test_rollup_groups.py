"""Groups: settled at once, or committed, proved in any runs and finished. Nothing moves before everything is proved."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rollup.bls_field import P
from rollup.field import R
from rollup.public_inputs import PublicInputs
from tests.verifier.rollup_scene import (
    BATCH_SETUP,
    LIMITS,
    START_ROOT,
    L,
    ProvedGroup,
    Scene,
    pay,
    prove,
    record,
    refuses,
)
from tests.verifier.simulated_proofs import add_cofactor_point
from verifier.base_layer import Receipt
from verifier.keys import decode_proof, encode_proof
from verifier.payment_tree import compute_payments_root
from verifier.rollup_contract import (
    decode_record,
    encode_claims,
    encode_opening,
    flatten_inputs,
    hash_inputs,
    list_payments,
)

USD = 10**6


def make_scene() -> Scene:
    """Two deposits wait."""
    scene = Scene()
    scene.deposit(3, 5, 20 * USD)
    scene.deposit(4, 6, 30 * USD)
    return scene


def commit(scene: Scene, proved: ProvedGroup, blobs: tuple[bytes, ...] | None = None) -> bytes:
    """Commit a group and return its record."""
    blobs = (proved.blob,) if blobs is None else blobs
    receipt = scene.rollup.transact("commitGroup", 0, proved.batches, sender=scene.who[1], blobs=blobs)
    (event,) = scene.rollup.decode_events("GroupCommitted", receipt.logs)
    encoded: bytes = event["record"]
    return encoded


def prove_run(scene: Scene, proved: ProvedGroup, encoded: bytes, begin: int, n: int, **changes: object) -> Receipt:
    """Send the proofs of a run of batches, as a stranger."""
    run = slice(begin, begin + n)
    args = {
        "record": encoded,
        "leaves": hash_inputs(proved.inputs),
        "first": begin,
        "inputs": flatten_inputs(proved.inputs[run]),
        "claims": encode_claims(proved.proofs[run], proved.values[run]),
    } | changes
    return scene.rollup.transact("proveBatches", *args.values(), sender=scene.who[6])


def finish(scene: Scene, proved: ProvedGroup, encoded: bytes) -> Receipt:
    """Finish a group, as a stranger."""
    return scene.rollup.transact("finishGroup", encoded, encode_opening(proved.opening), sender=scene.who[6])


def test_group_settled_at_once() -> None:
    scene = make_scene()
    proved = scene.make_group(record(0, 1), record(0, 0) + pay(3, 5, 2 * USD, scene.who[3]), b"")
    receipt = scene.settle(proved)
    batches = proved.group.batches
    root = compute_payments_root(list_payments(proved.committed))
    assert scene.rollup.decode_events("GroupSettled", receipt.logs) == [
        {
            "number": 0,
            "newRoot": batches[-1].new_root,
            "clock": batches[-1].clock,
            "consumedCount": 2,
            "paymentsRoot": root,
        }
    ]
    assert scene.rollup.call("stateRoot") == batches[-1].new_root
    assert scene.rollup.call("paymentRoots", 0) == root
    assert scene.rollup.call("progress") == (3, batches[-1].clock >> 32, 2, 2, 1, 0, False)
    held, back = 20 * USD - LIMITS.deposit_fee_e6, 30 * USD - LIMITS.deposit_fee_e6
    owed = {"queued": 0, "in_rollup": held - 2 * USD, "claimable": back + 2 * USD, "fees": 2 * LIMITS.deposit_fee_e6}
    assert scene.get_owed() == owed
    scene.settle(scene.make_group(b""))  # and on from there
    assert scene.rollup.call("progress")[0] == 4


def test_group_committed_proved_in_runs_out_of_order_and_finished_by_strangers() -> None:
    scene = make_scene()
    proved = scene.make_group(record(0, 1), record(2, 1) + pay(4, 5, USD, scene.who[3]), b"", b"", b"")
    encoded = commit(scene, proved)
    committed = decode_record(encoded)
    assert (committed.z, committed.n_batches, committed.n_consumed) == (proved.committed.z, 5, 2)
    assert committed.payments_root == compute_payments_root(list_payments(proved.committed))
    for first, n in ((3, 2), (0, 1), (1, 2)):
        with refuses("NotAllProved("):
            finish(scene, proved, encoded)
        prove_run(scene, proved, encoded, first, n)
        assert scene.rollup.call("stateRoot") == START_ROOT
        assert scene.get_owed()["in_rollup"] == 0
    finish(scene, proved, encoded)
    assert scene.rollup.call("stateRoot") == proved.group.batches[-1].new_root
    assert scene.rollup.call("pendingHash") == bytes(32)
    with refuses("RecordWrong("):
        finish(scene, proved, encoded)


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


_WAITING: list[tuple[Scene, ProvedGroup]] = []


def get_waiting() -> tuple[Scene, ProvedGroup]:
    """Return a scene and a group of two batches, good to settle: tests that must fail leave both as they are."""
    if not _WAITING:
        scene = make_scene()
        calldata = record(0, 1) + record(1, 1) + pay(3, 5, USD, scene.who[3])
        _WAITING.append((scene, scene.make_group(calldata, b"")))
    scene, proved = _WAITING[0]
    if scene.now_s > max(batch.clock >> 32 for batch in proved.group.batches) + LIMITS.max_lag_s // 2:
        _WAITING.clear()
        return get_waiting()
    return scene, proved


def change_batch(proved: ProvedGroup, index: int, **changes: object) -> list[tuple[object, ...]]:
    """Return the batches as told to the contract, one of them changed."""
    names = ("new_root", "clock", "data_commitment", "bridge", "entries")
    batches = proved.batches
    batches[index] = tuple((dict(zip(names, batches[index], strict=True)) | changes).values())
    return batches


def settle_changed(index: int, **changes: object) -> Receipt:
    scene, proved = get_waiting()
    batches = change_batch(proved, index, **changes)
    opening = encode_opening(proved.opening)
    return scene.rollup.transact("settle", 0, batches, proved.claims, opening, sender=scene.who[1], blobs=[proved.blob])


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
    first, second = BATCH_SETUP.simulate_pair(list(a), list(b), shift=9)
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


def test_invalid_group_by_another_than_the_sequencer() -> None:
    scene, proved = get_waiting()
    opening = encode_opening(proved.opening)
    for user in (0, 2, 6):
        with refuses("NotAllowed("):
            scene.rollup.transact(
                "settle", 0, proved.batches, proved.claims, opening, sender=scene.who[user], blobs=[proved.blob]
            )
        with refuses("NotAllowed("):
            scene.rollup.transact("commitGroup", 0, proved.batches, sender=scene.who[user], blobs=[proved.blob])


def test_front_run_proofs_do_the_same_and_the_first_sender_loses_only_gas() -> None:
    scene = make_scene()
    proved = scene.make_group(record(0, 1) + pay(2, 5, USD, scene.who[3]), b"")
    encoded = commit(scene, proved)
    prove_run(scene, proved, encoded, 0, 2)  # a stranger copied the proofs
    with refuses("AlreadyProved(batch=0)"):
        prove_run(scene, proved, encoded, 0, 1)
    finish(scene, proved, encoded)
    assert scene.get_owed()["claimable"] == USD  # to the owner in the calldata, whoever sent what
    assert list_payments(proved.committed)[0].owner == int.from_bytes(scene.who[3], "big")


def test_invalid_runs_of_a_pending_group() -> None:
    scene = make_scene()
    proved = scene.make_group(record(0, 1), record(0, 1), b"")
    encoded = commit(scene, proved)
    prove_run(scene, proved, encoded, 1, 1)
    leaves = hash_inputs(proved.inputs)
    other = flatten_inputs([proved.inputs[0]._replace(new_state_root=5)])
    claims = encode_claims(proved.proofs[:1], proved.values[:1])
    for first, n, changes, reason in (
        (0, 2, {}, "AlreadyProved(batch=1)"),
        (2, 1, {"first": 3}, "InputsWrong(batch=3)"),
        (2, 1, {"first": 2**255}, "InputsWrong(batch=3)"),
        (0, 1, {"first": 2}, "InputsWrong(batch=2)"),
        (0, 1, {"inputs": other}, "InputsWrong(batch=0)"),
        (0, 1, {"leaves": leaves[::-1]}, "LeavesWrong()"),
        (0, 1, {"leaves": leaves[:1]}, "LeavesWrong()"),
        (0, 1, {"record": encoded[:-1] + bytes([encoded[-1] ^ 1])}, "RecordWrong("),
        (0, 1, {"claims": b""}, "ClaimsLengthWrong("),
        (0, 1, {"claims": b"", "inputs": []}, "ClaimsLengthWrong("),
        (2, 1, {"claims": claims}, "EquationFails()"),
    ):
        with refuses(reason):
            prove_run(scene, proved, encoded, first, n, **changes)
    value = list(proved.values)
    value[0] ^= 1
    with refuses("EquationFails()"):
        prove_run(scene, proved, encoded, 0, 1, claims=encode_claims(proved.proofs[:1], value[:1]))


def test_invalid_finish_where_the_blob_is_another() -> None:
    """Every proof holds for its value, and the blob that was sent has another."""
    scene = make_scene()
    proved = scene.make_group(b"", b"")
    other = scene.prove_group(proved.group, proved.queue, [*proved.elements[:-1], proved.elements[-1] ^ 1])
    encoded = commit(scene, proved)
    prove_run(scene, other, encoded, 0, 2)
    for opening_of in (proved, other):
        with refuses("PointEvaluationFails()"):
            finish(scene, opening_of, encoded)
    assert scene.rollup.call("stateRoot") == START_ROOT


def test_group_not_proved_in_time_is_replaced() -> None:
    scene = make_scene()
    late = scene.make_group(record(0, 1), b"")
    encoded = commit(scene, late)
    prove_run(scene, late, encoded, 0, 1)
    until_s = scene.rollup.call("progress")[5]
    fresh = scene.make_group(record(0, 0))
    for attempt in (lambda: commit(scene, fresh), lambda: scene.settle(fresh)):
        with refuses(f"GroupPending(untilS={until_s})"):
            attempt()
    scene.wait(LIMITS.prove_window_s)
    fresh = scene.make_group(record(0, 0), b"")
    again = commit(scene, fresh)
    assert scene.rollup.call("pendingProved") == 0
    with refuses("RecordWrong("):
        prove_run(scene, late, encoded, 1, 1)
    prove_run(scene, fresh, again, 0, 2)
    finish(scene, fresh, again)
    assert scene.rollup.call("stateRoot") == fresh.group.batches[-1].new_root


def test_overdue_group_gives_way_to_one_settled_at_once_and_is_gone() -> None:
    scene = make_scene()
    late = scene.make_group(record(0, 1))
    encoded = commit(scene, late)
    prove_run(scene, late, encoded, 0, 1)
    scene.wait(LIMITS.prove_window_s)
    scene.settle(scene.make_group(record(0, 0)))
    with refuses("RecordWrong("):
        finish(scene, late, encoded)


def test_overdue_group_may_still_be_finished_until_it_is_replaced() -> None:
    scene = make_scene()
    late = scene.make_group(record(0, 1))
    encoded = commit(scene, late)
    scene.wait(LIMITS.prove_window_s + 1)
    prove_run(scene, late, encoded, 0, 1)
    finish(scene, late, encoded)
    assert scene.rollup.call("progress")[:3] == (1, late.group.batches[0].clock >> 32, 1)


def test_invalid_payments_of_more_than_was_deposited() -> None:
    """No sound circuit proves this; the contract would not pay it out of what others are owed."""
    scene = make_scene()
    held = 20 * USD - LIMITS.deposit_fee_e6
    with refuses(f"PaidTooMuch(paidE6={held + 1}, heldE6={held})"):
        scene.settle(scene.make_group(record(0, 1) + pay(2, 5, held + 1, scene.who[3])))
    scene.settle(scene.make_group(record(0, 1) + pay(2, 5, held, scene.who[3])))


def test_paused_rollup_takes_no_deposit_and_settles_nothing() -> None:
    scene = make_scene()
    proved = scene.make_group(record(0, 1))
    encoded = commit(scene, proved)
    scene.rollup.transact("pause", sender=scene.who[2])
    for attempt in (
        lambda: scene.deposit(3, 5, 20 * USD),
        lambda: commit(scene, proved),
        lambda: scene.settle(proved),
        lambda: prove_run(scene, proved, encoded, 0, 1),
        lambda: finish(scene, proved, encoded),
    ):
        with refuses("Paused()"):
            attempt()
    scene.force(3, "forceWithdrawal", 5, 1)
    scene.rollup.transact("unpause", sender=scene.who[0])
    prove_run(scene, proved, encoded, 0, 1)
    finish(scene, proved, encoded)
