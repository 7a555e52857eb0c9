"""A Rollup contract on an embedded chain, with keys whose secrets are known: any statement can be proved.

The proofs are real and the precompiles check them; what no circuit stands behind is that the statements are true. So
tests say what the contract does with true and with false ones alike. `test_rollup_proofs.py` has the kernel's proofs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from random import Random
from typing import Final, TypeAlias

import pytest

from rollup.blob import encode_blob
from rollup.bls_field import evaluate
from rollup.public_inputs import PublicInputs, pack_clock_and_entries
from tests.verifier.simulated_proofs import Trapdoor
from verifier import kzg
from verifier.artifacts import load_artifact
from verifier.base_layer import Contract, EmbeddedEvm, Receipt, Reverted, deploy_contract
from verifier.bridge import expand_bridge
from verifier.group import CommittedGroup, Group, GroupBatch, commit_group, compute_expected_inputs
from verifier.group_check import Opening
from verifier.keys import encode_proof, encode_verifying_key
from verifier.queue_entries import Entry, decode_entry
from verifier.rollup_contract import (
    Limits,
    ShapeSpec,
    Start,
    Terms,
    deploy_rollup,
    encode_batches,
    encode_claims,
    encode_opening,
)
from verifier.verify import deploy_verifier

L: Final = 5  # elements of a batch's segment
N_LANES: Final = 6
BATCH_SETUP: Final = Trapdoor.from_seed(seed=50, n_public=9)
EXIT_SETUP: Final = Trapdoor.from_seed(seed=51, n_public=3)
START_ROOT: Final = 1001
PARAMS_HASH: Final = 77
DAY_S: Final = 86_400
WINDOW_S: Final = 600
LIMITS: Final = Limits(
    min_deposit_e6=10_000_000,
    deposit_fee_e6=500_000,
    max_deposits=6,
    max_forced=5,
    max_lag_s=900,
    prove_window_s=1_800,
    forced_fee_wei=10**15,
)
KEY: Final = (11, 12)


@dataclass(frozen=True)
class ProvedGroup:
    """A group with all that the contract is given for it."""

    group: Group
    committed: CommittedGroup
    queue: tuple[Entry, ...]
    values: tuple[int, ...]
    inputs: tuple[PublicInputs, ...]
    proofs: tuple[bytes, ...]
    opening: Opening
    blob: bytes
    elements: list[int]

    @property
    def batches(self) -> list[tuple[object, ...]]:
        """As `commitGroup` takes them."""
        return encode_batches(self.group, self.committed, self.queue)

    @property
    def claims(self) -> bytes:
        """As `settle` takes them."""
        return encode_claims(self.proofs, self.values)


def prove(setup: Trapdoor, inputs: Sequence[int], a: int = 2, b: int = 3) -> bytes:
    """Return a proof that holds for these inputs."""
    return encode_proof(setup.simulate(list(inputs), a, b))


Chain: TypeAlias = tuple[EmbeddedEvm, Contract, Contract]


def make_chain() -> Chain:
    """Return a chain with the verifiers of batches and of exits."""
    evm = EmbeddedEvm()
    batches, exits = (deploy_verifier(evm, encode_verifying_key(key.get_key())) for key in (BATCH_SETUP, EXIT_SETUP))
    return evm, batches, exits


get_chain = cache(make_chain)  # one for all scenes of a process but those that count gas to the last unit


@dataclass
class Scene:
    """The chain, the token and the contract. Senders: 0 governor, 1 sequencer, 2 guardian, others users."""

    limits: Limits = LIMITS
    random: Random = field(default_factory=lambda: Random(5))
    queue: list[Entry] = field(default_factory=list)
    chain: Chain | None = None
    n_elements: int = L
    n_lanes: int = N_LANES

    def __post_init__(self) -> None:
        self.evm, self.verifier, self.exit_verifier = self.chain or get_chain()
        self.who = self.evm.senders
        self.token = deploy_contract(self.evm, load_artifact("TestToken"))
        self.rollup = deploy_rollup(self.evm, self.get_terms(), self.limits, self.get_start(), [self.get_spec()])
        self.roots = count(START_ROOT + 1)
        for user in self.who[3:7]:
            self.token.transact("mint", user, 10**12)
            self.token.transact("approve", self.rollup.address, 2**256 - 1, sender=user)

    def get_terms(self) -> Terms:
        """Return what the contract is bound to."""
        verifier = self.exit_verifier.address
        return Terms(self.token.address, verifier, True, 3 * DAY_S, WINDOW_S, 7 * DAY_S, 11 * DAY_S)

    def get_start(self) -> Start:
        """Return where it begins: batch 0, now."""
        return Start(START_ROOT, self.now_s << 32, PARAMS_HASH, *self.who[:3])

    def get_spec(self) -> ShapeSpec:
        """Return the one shape."""
        return ShapeSpec(self.verifier.address, self.n_elements, self.n_lanes, True)

    @property
    def now_s(self) -> int:
        """Time of the last block."""
        return self.evm.get_head().timestamp_s

    def wait(self, seconds: int) -> None:
        """Let time pass: an empty block comes."""
        self.evm.set_next_timestamp(self.now_s + seconds)
        self.evm.mine()

    def balance_of(self, address: bytes) -> int:
        """Return what an address holds of the token."""
        balance: int = self.token.call("balanceOf", address)
        return balance

    @property
    def vault_e6(self) -> int:
        """What the contract holds."""
        return self.balance_of(self.rollup.address)

    def get_owed(self) -> dict[str, int]:
        """Return what the contract says it owes."""
        return dict(zip(("queued", "in_rollup", "claimable", "fees"), self.rollup.call("owed"), strict=True))

    def deposit(self, user: int, account: int, amount_e6: int, key: tuple[int, int] = KEY) -> Receipt:
        """Deposit as a user; the entry goes to `queue`."""
        return self.note(self.rollup.transact("deposit", account, amount_e6, *key, sender=self.who[user]))

    def force(self, user: int, function: str, *args: object) -> Receipt:
        """Send a forced request as a user; the entry goes to `queue`."""
        fee_wei = self.limits.forced_fee_wei
        return self.note(self.rollup.transact(function, *args, sender=self.who[user], value_wei=fee_wei))

    def note(self, receipt: Receipt) -> Receipt:
        """Read the entries that a transaction queued."""
        for event in self.rollup.decode_events("EntryQueued", receipt.logs):
            assert event["index"] == len(self.queue)
            self.queue.append(decode_entry(event["entry"]))
        return receipt

    def make_group(self, *calldatas: bytes, clock: int | None = None) -> ProvedGroup:
        """Return the next group, a batch for each calldata, proved and with its blob; `clock` is the first one's."""
        batch_number, timestamp_s, consumed, _, group_number, *_ = self.rollup.call("progress")
        queue = tuple(self.queue[consumed:])
        batches, left = [], queue
        timestamp_s = max(timestamp_s, self.now_s - 100)
        for i, calldata in enumerate(calldatas):
            n_entries = expand_bridge(calldata, left, self.n_lanes).n_entries
            left = left[n_entries:]
            follows = batch_number + 1 + i + (timestamp_s + 1 + i << 32)
            packed = pack_clock_and_entries(follows if clock is None else clock, n_entries)
            told = next(self.roots), self.random.randrange(2**250), calldata, packed
            batches.append(GroupBatch(f"batch-{batch_number + 1 + i:04}", *told))
        elements = [self.random.randrange(2**248) for _ in range(self.n_elements * len(calldatas))]
        blob = encode_blob(elements)
        commitment = kzg.commit(blob)
        group = Group(
            chain_id=self.evm.chain_id,
            contract=int.from_bytes(self.rollup.address, "big"),
            old_root=self.rollup.call("stateRoot"),
            number=group_number,
            n_elements=self.n_elements,
            n_lanes=self.n_lanes,
            versioned_hash=kzg.versioned_hash(commitment),
            batches=tuple(batches),
        )
        return self.prove_group(group, queue, elements)

    def prove_group(self, group: Group, queue: tuple[Entry, ...], elements: list[int]) -> ProvedGroup:
        """Return a group proved as it stands, whatever it says."""
        committed = commit_group(group, queue)
        blob = encode_blob(elements)
        length = self.n_elements
        segments = [elements[i : i + length] for i in range(0, len(elements), length)]
        values = tuple(evaluate(segment, committed.z) for segment in segments)
        limbs = [(value % 2**128, value >> 128) for value in values]
        inputs = compute_expected_inputs(group, committed, self.rollup.call("paramsHash"), limbs)
        proofs = tuple(prove(BATCH_SETUP, batch, 2 + i) for i, batch in enumerate(inputs))
        commitment = kzg.commit(blob)
        proof, value = kzg.prove(blob, committed.z)
        opening = Opening(commitment, value, proof)
        return ProvedGroup(group, committed, queue, values, inputs, proofs, opening, blob, elements)

    def settle(
        self, proved: ProvedGroup, *, claims: bytes | None = None, blobs: Sequence[bytes] | None = None
    ) -> Receipt:
        """Send a group in one transaction."""
        return self.rollup.transact(
            "settle",
            0,
            proved.batches,
            proved.claims if claims is None else claims,
            encode_opening(proved.opening),
            sender=self.who[1],
            blobs=[proved.blob] if blobs is None else blobs,
        )


def record(lane: int, tag: int, *fields: tuple[int, int]) -> bytes:
    """Return a record of bridge calldata: lane, tag, then each (value, n_bytes)."""
    return bytes([lane, tag]) + b"".join(value.to_bytes(width, "big") for value, width in fields)


def address_int(address: bytes) -> int:
    """Return an address as entries and payments hold it."""
    return int.from_bytes(address, "big")


def pay(lane: int, account: int, amount_e6: int, owner: bytes) -> bytes:
    """Return the record of a withdrawal."""
    return record(lane, 2, (account, 3), (amount_e6, 8), (address_int(owner), 20))


@contextmanager
def refuses(*reasons: str) -> Iterator[None]:
    """Expect a revert whose reason, spelled by the ABI, begins so, or in one of these ways."""
    with pytest.raises(Reverted) as caught:
        yield
    assert caught.value.reason.startswith(reasons), caught.value.reason
