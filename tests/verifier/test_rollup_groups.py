"""Groups: settled at once, or committed, proved in any runs and finished. Nothing moves before everything is proved."""

from __future__ import annotations

from tests.verifier.rollup_scene import (
    LIMITS,
    START_ROOT,
    pay,
    record,
    refuses,
)
from tests.verifier.rollup_steps import (
    USD,
    commit,
    finish,
    get_waiting,
    make_scene,
    prove_run,
)
from verifier.payment_tree import compute_payments_root
from verifier.rollup_contract import (
    decode_record,
    encode_claims,
    encode_opening,
    flatten_inputs,
    hash_inputs,
    list_payments,
)


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
