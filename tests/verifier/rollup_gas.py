"""What the Rollup's transactions cost, each on a chain of its own: `python -m tests.verifier.rollup_gas` pins them.

Figures are all in: intrinsic gas, calldata with the floor of EIP-7623, execution, less refunds. A blob's gas is apart.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from eth_utils.crypto import keccak

from prover import kernel
from rollup.exit import pack_claim
from tests.verifier.rollup_scene import (
    DAY_S,
    EXIT_SETUP,
    WINDOW_S,
    ProvedGroup,
    Scene,
    address_int,
    make_chain,
    pay,
    prove,
    record,
)
from verifier.payment_tree import find_path
from verifier.queue_entries import encode_entry
from verifier.rollup_contract import encode_claims, encode_opening, flatten_inputs, hash_inputs, list_payments

PATH: Final = Path(__file__).parents[1] / "pins" / "gas.json"
USD: Final = 10**6
BLOCK_ELEMENTS, BLOCK_LANES = 55, 9  # of shape `block`, docs/data.md
GROUP_SIZES: Final = (1, 2, 16, 64)


def measure_queue() -> dict[str, int]:
    """Return the gas of deposits and forced requests, of claims, and of the way out."""
    scene = Scene(chain=make_chain())
    gas = {"deploy": scene.rollup.deployment.gas_used}
    scene.wait(WINDOW_S - scene.now_s % WINDOW_S)
    gas["deposit, the first ever"] = scene.deposit(3, 5, 90 * USD).gas_used
    gas["deposit"] = scene.deposit(4, 6, 90 * USD).gas_used
    scene.wait(WINDOW_S)
    gas["deposit, first of its window"] = scene.deposit(3, 5, 90 * USD).gas_used
    gas["forced withdrawal"] = scene.force(3, "forceWithdrawal", 5, 7 * USD).gas_used
    gas["forced cancel all"] = scene.force(3, "forceCancelAll", 5).gas_used
    gas["forced key change"] = scene.force(3, "forceKeyChange", 5, 2**250, 2**251).gas_used
    terms = (5, 6, scene.who[4], 3, 1, 10**6, 10**7)
    trade = bytes([7]) + (5).to_bytes(3, "big") + (6).to_bytes(3, "big") + scene.who[3] + scene.who[4]
    trade += bytes([3, 1]) + (10**6).to_bytes(6, "big") + (10**7).to_bytes(6, "big")
    approved = scene.rollup.transact("approveTrade", keccak(trade), True, sender=scene.who[4])
    gas["approve a trade"] = approved.gas_used
    gas["forced trade"] = scene.force(3, "forceTrade", *terms).gas_used
    return gas | _measure_claims(scene)


def _measure_claims(scene: Scene) -> dict[str, int]:
    """Settle three deposits, nine payments and a return; claim one; then freeze and leave."""
    payments = [pay(lane, 5, (lane + 1) * USD, scene.who[3]) for lane in range(6)]
    proved = scene.make_group(record(0, 1) + record(1, 1) + record(2, 1), b"".join(payments), b"".join(payments))
    scene.settle(proved)
    paid = list_payments(proved.committed)
    path = find_path(paid, 7)
    gas = {"claim": scene.rollup.transact("claim", 0, 7, scene.who[3], paid[7].amount_e6, path).gas_used}
    scene.deposit(4, 6, 90 * USD)
    window = scene.now_s // WINDOW_S
    scene.wait(3 * DAY_S + 2 * WINDOW_S)
    gas["freeze"] = scene.rollup.transact("freeze", window).gas_used
    entry = encode_entry(scene.queue[-1])
    gas["refund a deposit"] = scene.rollup.transact("refundDeposit", len(scene.queue) - 1, entry).gas_used
    for account in (5, 6):
        inputs = [scene.rollup.call("stateRoot"), address_int(scene.who[3]), pack_claim(account, 50 * USD)]
        args = (account, scene.who[3], 50 * USD, prove(EXIT_SETUP, inputs))
        gas["register an exit"] = scene.rollup.transact("registerExit", *args).gas_used
    scene.wait(7 * DAY_S + 1)
    for account in (5, 6):
        gas["pay an exit"] = scene.rollup.transact("payExit", account).gas_used
    return gas


def measure_groups() -> dict[str, int]:
    """Return the gas of groups of shape `block`, every size on the same chain after a first one."""
    scene = Scene(chain=make_chain(), n_elements=BLOCK_ELEMENTS, n_lanes=BLOCK_LANES)
    scene.deposit(3, 5, 90 * USD)
    scene.settle(scene.make_group(record(0, 1)))  # the first ever finds slots empty
    gas = {}
    for n_batches in GROUP_SIZES:
        gas[f"settle {n_batches} of block"] = scene.settle(scene.make_group(*[b""] * n_batches)).gas_used
    for _ in range(2):
        scene.deposit(4, 6, 90 * USD)
    crossing = record(0, 1) + pay(1, 5, USD, scene.who[3]) + pay(2, 5, USD, scene.who[4])
    gas["settle 1 of block: a deposit, two withdrawals"] = scene.settle(scene.make_group(crossing)).gas_used
    return gas | _measure_steps(scene)


def _measure_steps(scene: Scene) -> dict[str, int]:
    """Commit a group of 16, prove 1, 2 and 13 of it, finish it."""
    proved = scene.make_group(*[b""] * 16)
    receipt = scene.rollup.transact("commitGroup", 0, proved.batches, sender=scene.who[1], blobs=[proved.blob])
    (event,) = scene.rollup.decode_events("GroupCommitted", receipt.logs)
    gas = {"commit 16 of block": receipt.gas_used}
    for first, n in ((0, 1), (1, 2), (3, 13)):
        gas[f"prove {n} of 16"] = _prove(scene, proved, event["record"], first, n)
    opening = encode_opening(proved.opening)
    gas["finish 16 of block"] = scene.rollup.transact("finishGroup", event["record"], opening).gas_used
    return gas


def _prove(scene: Scene, proved: ProvedGroup, encoded: bytes, first: int, n: int) -> int:
    run = slice(first, first + n)
    claims = encode_claims(proved.proofs[run], proved.values[run])
    inputs = flatten_inputs(proved.inputs[run])
    return scene.rollup.transact("proveBatches", encoded, hash_inputs(proved.inputs), first, inputs, claims).gas_used


def measure() -> dict[str, int]:
    """Return all of it, named as it is pinned."""
    return {f"Rollup: {name}": gas for name, gas in (measure_queue() | measure_groups()).items()}


def main() -> None:
    """Pin what it costs now."""
    kernel.install()
    pins = {name: gas for name, gas in json.loads(PATH.read_text()).items() if not name.startswith("Rollup: ")}
    PATH.write_text(json.dumps(pins | measure(), indent=1) + "\n")


if __name__ == "__main__":
    main()
