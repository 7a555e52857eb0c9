"""A group in steps is held to what `settle` is held to: what `commitGroup` takes in, what strangers prove of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from rollup.bls_field import P
from rollup.field import R
from tests.verifier.rollup_scene import BATCH_SETUP, LIMITS, START_ROOT, ProvedGroup, Scene, pay, record, refuses
from tests.verifier.rollup_steps import USD, change_batch, commit, finish, get_waiting, make_scene, prove_run
from tests.verifier.simulated_proofs import add_cofactor_point, simulate_pair
from tests.verifier.test_rollup_governance import TIMELOCK_S, encode_call, execute, propose
from verifier.keys import decode_proof, encode_proof
from verifier.rollup_contract import encode_claims


def commit_changed(index: int, *, blobs: bool = True, **changes: object) -> None:
    scene, proved = get_waiting()
    batches = change_batch(proved, index, **changes)
    sent = [proved.blob] if blobs else []
    scene.rollup.transact("commitGroup", 0, batches, sender=scene.who[1], blobs=sent)


@pytest.mark.parametrize(
    ("index", "move", "reason"),
    [
        (0, 1, "BatchNumberWrong(got=2, expected=1)"),  # a gap
        (0, -1, "BatchNumberWrong(got=0, expected=1)"),  # a batch again
        (1, -1, "BatchNumberWrong(got=1, expected=2)"),
        (1, 1, "BatchNumberWrong(got=3, expected=2)"),
        (1, -1 << 32, "TimestampWrong("),  # time stands
        (1, 1_000 << 32, "TimestampWrong("),  # from the future
        (0, -LIMITS.max_lag_s << 32, "TimestampWrong("),  # too long ago
        (0, 1 << 72, "TimestampWrong("),  # entries smuggled in above the time
    ],
)
def test_invalid_commitment_with_another_clock(index: int, move: int, reason: str) -> None:
    clock = get_waiting()[1].group.batches[index].clock
    with refuses(reason):
        commit_changed(index, clock=clock + move)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"blobs": False}, "BlobMissing()"),
        ({"new_root": R}, f"NotCanonical(value={R})"),
        ({"data_commitment": R}, f"NotCanonical(value={R})"),
        ({"bridge": b""}, "EntriesLeft(bytesLeft=192)"),
        ({"bridge": record(0, 1) + record(0, 1)}, "LaneWrong("),
        ({"entries": b""}, "EntryMalformed(offset=0)|CalldataCutOff(offset=0)"),
    ],
)
def test_invalid_commitment(changes: dict[str, object], reason: str) -> None:
    with refuses(*reason.split("|")):
        commit_changed(0, **changes)  # type: ignore[arg-type] # `blobs` is a bool


def test_invalid_commitment_of_entries_in_another_order_or_batches_in_another() -> None:
    scene, proved = get_waiting()
    entries = proved.batches[0][4]
    assert isinstance(entries, bytes)
    with refuses("EntriesWrong("):
        commit_changed(0, entries=entries[96:] + entries[:96])
    with refuses("BatchNumberWrong(got=2, expected=1)"):
        scene.rollup.transact("commitGroup", 0, proved.batches[::-1], sender=scene.who[1], blobs=[proved.blob])


def test_replayed_commitment_of_a_group_that_was_finished() -> None:
    scene = make_scene()
    proved = scene.make_group(record(0, 1), b"")
    encoded = commit(scene, proved)
    prove_run(scene, proved, encoded, 0, 2)
    finish(scene, proved, encoded)
    with refuses("BatchNumberWrong(got=1, expected=3)"):
        commit(scene, proved)
    for attempt in (lambda: prove_run(scene, proved, encoded, 0, 1), lambda: finish(scene, proved, encoded)):
        with refuses("RecordWrong("):
            attempt()


def test_time_is_judged_at_the_commitment_not_at_the_proof() -> None:
    """Proofs may take as long as they take: what is late then is the group, not its clock."""
    scene = make_scene()
    proved = scene.make_group(record(0, 1))
    encoded = commit(scene, proved)
    scene.wait(10 * LIMITS.max_lag_s)
    prove_run(scene, proved, encoded, 0, 1)
    finish(scene, proved, encoded)
    assert scene.now_s - scene.rollup.call("progress")[1] > 10 * LIMITS.max_lag_s


def make_pending() -> tuple[Scene, ProvedGroup, bytes]:
    """A group of three batches, committed."""
    scene = make_scene()
    proved = scene.make_group(record(0, 1) + pay(2, 5, USD, scene.who[3]), record(0, 1), b"")
    return scene, proved, commit(scene, proved)


def break_points(proofs: tuple[bytes, ...]) -> list[tuple[int, bytes]]:
    """Return proofs with one malformed point each, and which of the group's they would be."""
    first, second = proofs[:2]
    good, large = decode_proof(second), b"\xff" * 32
    return [
        (0, bytes([first[0] ^ 1]) + first[1:]),
        (0, large + first[32:]),
        (1, bytes(31) + b"\1" + second[32:]),
        (1, second[:64] + large + second[96:]),
        (1, encode_proof(replace(good, b=add_cofactor_point(good.b)))),
        (1, second[:192] + large + second[224:]),
    ]


def test_strangers_malformed_points_are_refused_and_hinder_no_honest_run() -> None:
    scene, proved, encoded = make_pending()
    for which, bad in break_points(proved.proofs):
        proofs = tuple(bad if i == which else proof for i, proof in enumerate(proved.proofs))
        with refuses("PointInvalid()"):
            prove_run(scene, replace(proved, proofs=proofs), encoded, 0, 2)
        assert scene.rollup.call("pendingProved") == 0
    prove_run(scene, proved, encoded, 0, 3)
    finish(scene, proved, encoded)


Forged = Callable[[ProvedGroup], ProvedGroup]


def cancel_out(proved: ProvedGroup) -> ProvedGroup:
    """C moved from one proof to the other: the unweighted product of their equations still holds."""
    pair = simulate_pair(BATCH_SETUP, list(proved.inputs[0]), list(proved.inputs[1]), shift=9)
    return replace(proved, proofs=(*map(encode_proof, pair), proved.proofs[2]))


FORGED: dict[str, tuple[Forged, str]] = {
    "proofs in the wrong order": (lambda g: replace(g, proofs=g.proofs[::-1]), "EquationFails()"),
    "a proof twice": (lambda g: replace(g, proofs=(g.proofs[0],) * 3), "EquationFails()"),
    "values in the wrong order": (lambda g: replace(g, values=g.values[::-1]), "EquationFails()"),
    "a value plus P": (lambda g: replace(g, values=(g.values[0] + P, *g.values[1:])), "ValueNotCanonical("),
    "errors that cancel out": (cancel_out, "EquationFails()"),
}


@pytest.mark.parametrize("name", FORGED)
def test_invalid_run_by_a_stranger(name: str) -> None:
    scene, proved, encoded = make_pending()
    change, reason = FORGED[name]
    forged = change(proved)
    claims = encode_claims(forged.proofs, forged.values)
    with refuses(reason):
        prove_run(scene, proved, encoded, 0, 3, claims=claims)
    assert (scene.rollup.call("pendingProved"), scene.rollup.call("pendingValue")) == (0, 0)
    assert scene.rollup.call("stateRoot") == START_ROOT


def test_invalid_run_of_another_group_or_before_any_was_committed() -> None:
    scene = make_scene()
    proved = scene.make_group(record(0, 1), b"")
    encoded = commit(scene, proved)
    with refuses("RecordWrong("):  # nothing is pending there
        prove_run(make_scene(), proved, encoded, 0, 1)
    scene.wait(LIMITS.prove_window_s)
    fresh = scene.make_group(record(0, 1), b"")
    again = commit(scene, fresh)
    with refuses("EquationFails()"):  # proofs of the group that this one took the place of: z is another
        prove_run(scene, fresh, again, 0, 2, claims=encode_claims(proved.proofs, proved.values))
    prove_run(scene, fresh, again, 0, 2)


def test_stranger_who_proves_a_part_first_leaves_the_rest_to_prove() -> None:
    """The run that was overtaken fails as a whole; what is left of it goes through."""
    scene, proved, encoded = make_pending()
    prove_run(scene, proved, encoded, 1, 1)
    with refuses("AlreadyProved(batch=1)"):
        prove_run(scene, proved, encoded, 0, 3)
    prove_run(scene, proved, encoded, 0, 1)
    prove_run(scene, proved, encoded, 2, 1)
    finish(scene, proved, encoded)
    assert scene.get_owed()["claimable"] == USD


def test_shape_retired_under_a_pending_group_lets_it_finish_and_no_other_in() -> None:
    scene = Scene()
    data = encode_call("retireShape", 0)
    propose(scene, data)
    scene.wait(TIMELOCK_S - 60)
    proved = scene.make_group(b"", b"")
    encoded = commit(scene, proved)
    prove_run(scene, proved, encoded, 0, 1)
    scene.wait(60)
    execute(scene, data)
    prove_run(scene, proved, encoded, 1, 1)
    finish(scene, proved, encoded)
    with refuses("ShapeUnusable(shapeId=0)"):
        commit(scene, scene.make_group(b""))
