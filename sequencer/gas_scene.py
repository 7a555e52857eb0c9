"""A `Rollup` on an embedded chain, with keys whose secrets are known: what its gas is measured on, and its tests run.

The proofs are real and the precompiles check them; what no circuit stands behind is that the statements are true. So
a shape needs no prover to be priced, and tests say what the contract does with true and with false statements alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Final, TypeAlias

from rollup.public_inputs import pack_clock_and_entries
from sequencer.simulated_groups import BATCH_SETUP, EXIT_SETUP, ProvedGroup, prove_group
from verifier.artifacts import load_artifact
from verifier.base_layer import Contract, EmbeddedEvm, Receipt, deploy_contract
from verifier.bridge import expand_bridge
from verifier.group import Group, GroupBatch
from verifier.keys import encode_verifying_key
from verifier.queue_entries import Entry, decode_entry
from verifier.rollup_contract import Limits, ShapeSpec, Start, Terms, deploy_rollup, encode_opening
from verifier.verify import deploy_verifier

__all__ = ["DAY_S", "KEY", "LIMITS", "PARAMS_HASH", "START_ROOT", "WINDOW_S", "Chain", "RollupScene", "make_chain"]

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

Chain: TypeAlias = tuple[EmbeddedEvm, Contract, Contract]
"""An EVM with the verifiers of batches and of exits."""


def make_chain() -> Chain:
    """Return a chain with both verifiers and nothing else."""
    evm = EmbeddedEvm()
    batches, exits = (deploy_verifier(evm, encode_verifying_key(key.get_key())) for key in (BATCH_SETUP, EXIT_SETUP))
    return evm, batches, exits


@dataclass
class RollupScene:
    """The chain, the token and the contract with one shape. Senders: 0 governor, 1 sequencer, 2 guardian, else users.

    Roots, commitments and blobs are drawn from `random`: the same calls cost the same to the last unit of gas.
    """

    chain: Chain
    n_elements: int  # of a batch's segment of the blob
    n_lanes: int  # Cash- and RescueLanes of a batch
    limits: Limits = LIMITS
    random: Random = field(default_factory=lambda: Random(5))
    queue: list[Entry] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Deploy, and give users tokens that the contract may take."""
        self.evm, self.verifier, self.exit_verifier = self.chain
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
        _, _, consumed, _, number, *_ = self.rollup.call("progress")
        queue = tuple(self.queue[consumed:])
        batches = self._make_batches(calldatas, queue, clock)
        elements = [self.random.randrange(2**248) for _ in range(self.n_elements * len(calldatas))]
        group = Group(
            chain_id=self.evm.chain_id,
            contract=int.from_bytes(self.rollup.address, "big"),
            old_root=self.rollup.call("stateRoot"),
            number=number,
            n_elements=self.n_elements,
            n_lanes=self.n_lanes,
            versioned_hash=ProvedGroup.hash_blob(elements),
            batches=tuple(batches),
        )
        return self.prove_group(group, queue, elements)

    def _make_batches(self, calldatas: Sequence[bytes], queue: Sequence[Entry], clock: int | None) -> list[GroupBatch]:
        batch_number, timestamp_s, *_ = self.rollup.call("progress")
        timestamp_s = max(timestamp_s, self.now_s - 100)
        batches, at = [], 0
        for i, calldata in enumerate(calldatas, start=1):
            n_entries = expand_bridge(calldata, queue[at:], self.n_lanes).n_entries
            at += n_entries
            follows = batch_number + i + (timestamp_s + i << 32)
            packed = pack_clock_and_entries(follows if clock is None else clock, n_entries)
            told = next(self.roots), self.random.randrange(2**250), calldata, packed
            batches.append(GroupBatch(f"batch-{batch_number + i:04}", *told))
        return batches

    def prove_group(self, group: Group, queue: tuple[Entry, ...], elements: list[int]) -> ProvedGroup:
        """Return a group proved as it stands, whatever it says."""
        return prove_group(group, queue, elements, self.rollup.call("paramsHash"))

    def settle(
        self, proved: ProvedGroup, *, claims: bytes | None = None, blobs: Sequence[bytes] | None = None
    ) -> Receipt:
        """Send a group in one transaction; other claims or blobs than its own, where they are given."""
        return self.rollup.transact(
            "settle",
            0,
            proved.batches,
            proved.claims if claims is None else claims,
            encode_opening(proved.opening),
            sender=self.who[1],
            blobs=[proved.blob] if blobs is None else blobs,
        )
