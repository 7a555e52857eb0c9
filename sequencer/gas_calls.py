"""What the Rollup's transactions cost, by name: each kind on a chain of its own, with proofs from the simulator.

Figures are all in: intrinsic gas, calldata with the floor of EIP-7623, execution, less refunds. A blob's gas is apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from eth_utils.crypto import keccak

from rollup.exit import pack_claim
from rollup.segment import count_elements
from rollup.shapes import BLOCK
from rollup.txs import ForcedTrade
from sequencer.gas_scene import DAY_S, WINDOW_S, RollupScene, make_chain
from sequencer.simulated_groups import EXIT_SETUP, ProvedGroup, address_int, pay, prove, record
from verifier.payment_tree import find_path
from verifier.queue_entries import encode_entry
from verifier.rollup_contract import encode_claims, encode_opening, flatten_inputs, hash_inputs, list_payments

__all__ = ["GROUP_SIZES", "STEPS", "measure_calls", "measure_groups"]

GROUP_SIZES: Final = (1, 2, 16, 64)  # batches that share a transaction
STEPS: Final = ((0, 1), (1, 2), (3, 13))  # runs of a group of 16 in proveBatches: first batch, how many
_USD: Final = 10**6


def _make_scene() -> RollupScene:
    """Return a contract with the shape `block`, on a chain of its own."""
    return RollupScene(make_chain(), count_elements(BLOCK), BLOCK.cash_lanes + BLOCK.rescue_lanes)


@cache
def measure_calls() -> Mapping[str, int]:
    """Return the gas of deposits and forced requests, of claims, and of the way out. A few seconds, once a process."""
    scene = _make_scene()
    assert scene.rollup.deployment is not None  # it was deployed just now
    gas = {"deploy": scene.rollup.deployment.gas_used}
    scene.wait(WINDOW_S - scene.now_s % WINDOW_S)
    gas["deposit, the first ever"] = scene.deposit(3, 5, 90 * _USD).gas_used
    gas["deposit"] = scene.deposit(4, 6, 90 * _USD).gas_used
    scene.wait(WINDOW_S)
    gas["deposit, first of its window"] = scene.deposit(3, 5, 90 * _USD).gas_used
    return MappingProxyType(gas | _measure_forced(scene) | _measure_claims(scene) | _measure_exit(scene))


def _measure_forced(scene: RollupScene) -> dict[str, int]:
    """Force one of each kind, in the window of the last deposit."""
    first, second = scene.who[3:5]
    gas = {"forced withdrawal": scene.force(3, "forceWithdrawal", 5, 7 * _USD).gas_used}
    gas["forced cancel all"] = scene.force(3, "forceCancelAll", 5).gas_used
    gas["forced key change"] = scene.force(3, "forceKeyChange", 5, 2**250, 2**251).gas_used
    trade = ForcedTrade((5, 6), (address_int(first), address_int(second)), 3, 1, 10**6, 10**7)
    agreed = keccak(encode_entry(trade))
    gas["approve a trade"] = scene.rollup.transact("approveTrade", agreed, True, sender=second).gas_used
    gas["forced trade"] = scene.force(3, "forceTrade", 5, 6, second, 3, 1, 10**6, 10**7).gas_used
    return gas


def _measure_claims(scene: RollupScene) -> dict[str, int]:
    """Settle three deposits and twelve payments, six a batch, and claim one."""
    payments = b"".join(pay(lane, 5, (lane + 1) * _USD, scene.who[3]) for lane in range(6))
    proved = scene.make_group(record(0, 1) + record(1, 1) + record(2, 1), payments, payments)
    scene.settle(proved)
    paid = list_payments(proved.committed)
    path = find_path(paid, 7)
    return {"claim": scene.rollup.transact("claim", 0, 7, scene.who[3], paid[7].amount_e6, path).gas_used}


def _measure_exit(scene: RollupScene) -> dict[str, int]:
    """Let a deposit become overdue, freeze, take it back, and leave with two accounts; of these the last counts."""
    scene.deposit(4, 6, 90 * _USD)
    window = scene.now_s // WINDOW_S
    scene.wait(3 * DAY_S + 2 * WINDOW_S)
    gas = {"freeze": scene.rollup.transact("freeze", window).gas_used}
    entry = encode_entry(scene.queue[-1])
    gas["refund a deposit"] = scene.rollup.transact("refundDeposit", len(scene.queue) - 1, entry).gas_used
    for account in (5, 6):
        inputs = [scene.rollup.call("stateRoot"), address_int(scene.who[3]), pack_claim(account, 50 * _USD)]
        args = (account, scene.who[3], 50 * _USD, prove(EXIT_SETUP, inputs))
        gas["register an exit"] = scene.rollup.transact("registerExit", *args).gas_used
    scene.wait(7 * DAY_S + 1)
    for account in (5, 6):
        gas["pay an exit"] = scene.rollup.transact("payExit", account).gas_used
    return gas


@cache
def measure_groups() -> Mapping[str, int]:
    """Return the gas of groups of shape `block`, every size on the same chain after a first one.

    Half a minute, once a process: py-evm's pairings are pure Python.
    """
    scene = _make_scene()
    scene.deposit(3, 5, 90 * _USD)
    scene.settle(scene.make_group(record(0, 1)))  # the first ever finds slots empty
    gas = {}
    for n_batches in GROUP_SIZES:
        gas[f"settle {n_batches} of block"] = scene.settle(scene.make_group(*[b""] * n_batches)).gas_used
    for _ in range(2):
        scene.deposit(4, 6, 90 * _USD)
    crossing = record(0, 1) + pay(1, 5, _USD, scene.who[3]) + pay(2, 5, _USD, scene.who[4])
    gas["settle 1 of block: a deposit, two withdrawals"] = scene.settle(scene.make_group(crossing)).gas_used
    return MappingProxyType(gas | _measure_steps(scene))


def _measure_steps(scene: RollupScene) -> dict[str, int]:
    """Commit a group of 16, prove it in runs, finish it."""
    proved = scene.make_group(*[b""] * sum(n for _, n in STEPS))
    receipt = scene.rollup.transact("commitGroup", 0, proved.batches, sender=scene.who[1], blobs=[proved.blob])
    (event,) = scene.rollup.decode_events("GroupCommitted", receipt.logs)
    gas = {"commit 16 of block": receipt.gas_used}
    for first, n in STEPS:
        gas[f"prove {n} of 16"] = _prove(scene, proved, event["record"], first, n)
    opening = encode_opening(proved.opening)
    gas["finish 16 of block"] = scene.rollup.transact("finishGroup", event["record"], opening).gas_used
    return gas


def _prove(scene: RollupScene, proved: ProvedGroup, encoded: bytes, first: int, n: int) -> int:
    run = slice(first, first + n)
    claims = encode_claims(proved.proofs[run], proved.values[run])
    inputs = flatten_inputs(proved.inputs[run])
    return scene.rollup.transact("proveBatches", encoded, hash_inputs(proved.inputs), first, inputs, claims).gas_used
