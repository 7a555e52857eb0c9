"""The Rollup with the kernel's own proofs: deposits, a trade, withdrawals, forced requests of `tiny`; then exit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from circuits.exit_inputs import compute_exit_witness_inputs
from prover import kernel
from prover.circuit import KernelAssembly, load_batch, load_exit
from rollup.exit import compute_exit_inputs, open_exit, unpack_claim
from rollup.public_inputs import PublicInputs
from rollup.segment import count_elements
from rollup.shapes import TINY
from rollup.signature import derive_public_key
from rollup.trace import BatchTrace
from rollup.txs import SignedCashOp
from sequencer.sealing import SealedGroup, publish_batch, seal_group
from tests.scenarios import AVAX_PRICE, PARAMS, START_S, Exchange, key_of
from tests.verifier.rollup_scene import DAY_S, LIMITS, WINDOW_S, address_int
from verifier.addresses import predict_address
from verifier.artifacts import load_artifact
from verifier.base_layer import Contract, EmbeddedEvm, Receipt, deploy_contract
from verifier.group import commit_group
from verifier.payment_tree import find_path
from verifier.queue_entries import Entry, decode_entry
from verifier.rollup_contract import (
    ShapeSpec,
    Start,
    Terms,
    deploy_rollup,
    encode_batches,
    encode_claims,
    encode_opening,
    flatten_inputs,
    hash_inputs,
    list_payments,
)
from verifier.verify import deploy_verifier

USD = 10**6
USERS = (2, 3)  # accounts, of senders 2 and 3


@dataclass(frozen=True)
class Key:
    """A circuit with a key of its own."""

    circuit: KernelAssembly
    proving: kernel.ProvingKey
    verifying_be: bytes


@cache
def get_keys() -> tuple[Key, Key]:
    """Return the keys of `tiny` and of exits: a few seconds, once."""
    with TemporaryDirectory() as folder:
        return tuple(_make_key(c, Path(folder) / str(i)) for i, c in enumerate((load_batch(TINY), load_exit())))  # type: ignore[return-value] # two


def _make_key(circuit: KernelAssembly, path: Path) -> Key:
    verifying_be = kernel.setup(circuit.circuit, path)
    return Key(circuit, kernel.ProvingKey.load(path), verifying_be)


@dataclass(frozen=True)
class Proved:
    """A group with its proofs by the kernel."""

    sealed: SealedGroup
    queue: tuple[Entry, ...]
    inputs: tuple[PublicInputs, ...]
    proofs: tuple[bytes, ...]

    @property
    def values(self) -> list[int]:
        """Of each segment at z."""
        return [batch.blob_value_low + (batch.blob_value_high << 128) for batch in self.inputs]


class Exchanged:
    """An exchange whose deployment is the contract, its owners the chain's senders."""

    def __init__(self) -> None:
        self.evm = EmbeddedEvm(START_S - 100)
        batch_key, exit_key = get_keys()
        owner = self.evm.senders[9]  # sends nothing else, so the contract's address is known
        address = predict_address(owner, 0)
        params = replace(PARAMS, chain_id=self.evm.chain_id, contract=address_int(address))
        self.ex = Exchange(params=params)
        verifiers = [deploy_verifier(self.evm, key.verifying_be).address for key in (batch_key, exit_key)]
        self.token = deploy_contract(self.evm, load_artifact("TestToken"))
        terms = Terms(self.token.address, verifiers[1], True, 3 * DAY_S, WINDOW_S, 7 * DAY_S, 11 * DAY_S)
        start = Start(
            self.ex.state.header.state_root, self.ex.state.header.clock, params.params_hash, *self.evm.senders[:3]
        )
        spec = ShapeSpec(verifiers[0], count_elements(TINY), TINY.cash_lanes + TINY.rescue_lanes, True)
        self.rollup: Contract = deploy_rollup(self.evm, terms, LIMITS, start, [spec], sender=owner)
        assert self.rollup.address == address
        for user in USERS:
            self.token.transact("mint", self.evm.senders[user], 10**12)
            self.token.transact("approve", address, 2**255, sender=self.evm.senders[user])
        self.queue: list[Entry] = []

    def send(self, user: int, function: str, *args: object, value_wei: int = 0) -> SignedCashOp:
        """Queue an entry on the base layer and return it as a batch takes it in."""
        receipt = self.rollup.transact(function, *args, sender=self.evm.senders[user], value_wei=value_wei)
        (event,) = self.rollup.decode_events("EntryQueued", receipt.logs)
        self.queue.append(decode_entry(event["entry"]))
        return SignedCashOp(self.queue[-1])

    def deposit(self, user: int, usd: int) -> SignedCashOp:
        return self.send(user, "deposit", user, usd * USD + LIMITS.deposit_fee_e6, *derive_public_key(key_of(user)))

    def force(self, user: int, function: str, *args: object) -> SignedCashOp:
        return self.send(user, function, *args, value_wei=LIMITS.forced_fee_wei)

    def prove(self, number: int, first_entry: int, traces: Sequence[BatchTrace]) -> Proved:
        """Seal the batches and prove each at the group's z."""
        sealed = seal_group(number, TINY, [publish_batch(f"batch-{i}", trace) for i, trace in enumerate(traces)])
        key = get_keys()[0]
        proofs, inputs = [], []
        for trace in traces:
            witness = key.circuit.compute_witness(trace, z=sealed.z)  # type: ignore[attr-defined] # a KernelBatch
            assert key.circuit.name_unsatisfied(witness) == []
            inputs.append(PublicInputs(*kernel.decode_be(witness.public_inputs_be())))
            proofs.append(kernel.prove(key.proving, key.circuit.circuit, witness))
        return Proved(sealed, tuple(self.queue[first_entry:]), tuple(inputs), tuple(proofs))

    def send_group(self, function: str, proved: Proved, *args: object) -> Receipt:
        """Send `settle` or `commitGroup` as the sequencer, with the blob."""
        batches = encode_batches(proved.sealed.group, self.commit(proved), proved.queue)
        self.evm.set_next_timestamp(max(self.evm.get_head().timestamp_s + 1, self.ex.now_s + 30))
        blobs = [proved.sealed.blob]
        return self.rollup.transact(function, 0, batches, *args, sender=self.evm.senders[1], blobs=blobs)

    def settle(self, proved: Proved) -> Receipt:
        claims = encode_claims(proved.proofs, proved.values)
        return self.send_group("settle", proved, claims, encode_opening(proved.sealed.opening))

    def commit(self, proved: Proved):  # type: ignore[no-untyped-def] # noqa: ANN201
        return commit_group(proved.sealed.group, proved.queue)


def test_kernel_proofs_settle_pay_and_let_everyone_out() -> None:
    day = Exchanged()
    ex, rollup, senders = day.ex, day.rollup, day.evm.senders
    first = ex.batch(cash=[day.deposit(2, 2_000), day.deposit(3, 3_000)])
    second = ex.batch(
        cash=[ex.withdraw(2, 70)],
        orders=[ex.order(2, 20_000_000, AVAX_PRICE), ex.order(3, -20_000_000, AVAX_PRICE)],
    )
    assert len(second.fills) == 2
    group = day.prove(0, 0, [first.trace, second.trace])
    day.settle(group)
    assert rollup.call("stateRoot") == second.state.header.state_root
    payments = list_payments(day.commit(group))
    before = day.token.call("balanceOf", senders[2])
    rollup.transact("claim", 0, 0, senders[2], payments[0].amount_e6, find_path(payments, 0))
    assert day.token.call("balanceOf", senders[2]) - before == 70 * USD

    # the second group: committed first, proved by strangers, finished by strangers
    stranger = day.deposit(3, 50)  # account 3 is hers: it is applied
    forced = day.force(2, "forceWithdrawal", 2, 100 * USD)
    third = ex.batch(cash=[stranger, forced])
    group = day.prove(1, 2, [third.trace])
    receipt = day.send_group("commitGroup", group)
    (event,) = rollup.decode_events("GroupCommitted", receipt.logs)
    claims = encode_claims(group.proofs, group.values)
    leaves, inputs = hash_inputs(group.inputs), flatten_inputs(group.inputs)
    rollup.transact("proveBatches", event["record"], leaves, 0, inputs, claims, sender=senders[5])
    rollup.transact("finishGroup", event["record"], encode_opening(group.sealed.opening), sender=senders[6])
    assert rollup.call("stateRoot") == third.state.header.state_root
    held_e6 = rollup.call("owed")[1]
    assert held_e6 == ex.state.header.vault_e6 == (2_000 + 3_000 + 50 - 70 - 100) * USD

    # nobody serves the queue any more: freeze, and everyone proves what he is worth
    day.force(2, "forceCancelAll", 2)
    window = day.evm.get_head().timestamp_s // WINDOW_S
    day.evm.set_next_timestamp((window + 1) * WINDOW_S + 3 * DAY_S + 1)
    rollup.transact("freeze", window, sender=senders[6])
    claimed = {account: register_exit(day, account) for account in (0, 1, *USERS)}
    assert held_e6 - len(claimed) < sum(claimed.values()) <= held_e6
    day.evm.set_next_timestamp(day.evm.get_head().timestamp_s + 7 * DAY_S + 1)
    for account, owner in ((2, senders[2]), (3, senders[3]), (0, senders[0]), (1, senders[0])):
        before = day.token.call("balanceOf", owner)
        if claimed[account]:
            rollup.transact("payExit", account, sender=senders[6])
        assert day.token.call("balanceOf", owner) - before == claimed[account]


def register_exit(day: Exchanged, account: int) -> int:
    """Prove an account's exit and register it as a stranger; return the claim. A claim of 0 is none."""
    key = get_keys()[1]
    opening = open_exit(day.ex.state, account)
    inputs = compute_exit_inputs(opening)
    claim_e6 = unpack_claim(inputs.claim)[1]
    if claim_e6:
        witness = key.circuit.evaluate(compute_exit_witness_inputs(opening))
        proof = kernel.prove(key.proving, key.circuit.circuit, witness)
        owner = inputs.owner.to_bytes(20, "big")
        day.rollup.transact("registerExit", account, owner, claim_e6, proof, sender=day.evm.senders[6])
    return claim_e6
