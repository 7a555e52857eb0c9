"""Steps of a group on the contract: committed, proved in runs, finished; and one of two batches good to settle."""

from __future__ import annotations

from tests.verifier.rollup_scene import (
    LIMITS,
    ProvedGroup,
    Scene,
    pay,
    record,
)
from verifier.base_layer import Receipt
from verifier.rollup_contract import (
    encode_claims,
    encode_opening,
    flatten_inputs,
    hash_inputs,
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
