"""Settles a run by the Rollup, group by group: its queue, its blob and proofs in one transaction, its payments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rollup.units import COUNTER_BITS, FIRST_USER_ACCOUNT, OWNER_BITS
from sequencer.errors import RunUnsettleable
from sequencer.metering import GasCost, MeteredLayer
from sequencer.progress import Report
from sequencer.sealing import SealedGroup
from sequencer.settlement.deploying import LIMITS, Deployed, VerifyingKey, deploy_run
from sequencer.settlement.people import list_people
from sequencer.settlement.queueing import QueueFiller
from sequencer.settlement.run_files import RunFiles
from verifier.base_layer import BaseLayer, Receipt
from verifier.bridge import Payment
from verifier.group import CommittedGroup, commit_group
from verifier.payment_tree import find_path
from verifier.rollup_contract import encode_batches, encode_claims, encode_opening, list_payments

__all__ = ["RunSettler", "SettledGroup", "SettledRun", "settle_all"]

_SHAPE: Final = 0


@dataclass(frozen=True)
class SettledGroup:
    """What it took to settle one group. Gas of a blob is apart."""

    group: int
    batches: int
    orders: int  # order fills and liquidation fills
    entries: int  # of the queue, consumed
    payments: int
    paid_e6: int
    settle: GasCost  # the one transaction with commitment, blob and proofs
    queue: GasCost  # those that put the entries there: deposits, approvals, forced requests
    claims: GasCost
    blob_gas: int
    timestamp_s: int  # of the block that settled it


@dataclass(frozen=True)
class SettledRun:
    """A run as the contract holds it now."""

    contract: bytes
    groups: tuple[SettledGroup, ...]
    state_root: int
    vault_e6: int  # tokens it holds
    reason: str  # what disagrees with the run's last state, empty where nothing does


class RunSettler:
    """A run and its contracts, deployed when this is made. Groups are settled in order."""

    def __init__(self, run: RunFiles, layer: BaseLayer, exit_key: VerifyingKey) -> None:
        """Deploy. Raises DeploymentElsewhere, RunUnsettleable where the chain's clock is too far on, BaseLayerError."""
        self.run = run
        self._layer = MeteredLayer(layer)
        _check_clock(run, layer)
        layer.wait_until(run.genesis.state.header.timestamp_s)
        users = range(FIRST_USER_ACCOUNT, FIRST_USER_ACCOUNT + run.manifest.accounts)
        start = (run.genesis.params, run.genesis.state.header, run.shape)
        people = list_people(users)
        self.deployed: Deployed = deploy_run(self._layer, run.manifest.seed, people, *start, (run.key, exit_key))
        self.filler = QueueFiller(self.deployed, run.queue.entries)
        self._layer.take()

    def settle(self, group: SealedGroup, report: Report) -> SettledGroup:
        """Settle the next group, and claim what it pays. Raises DataFault, FileMalformed, BaseLayerError."""
        entries = self.run.get_entries(group)
        committed = commit_group(group.group, entries)
        for done, entry in enumerate(entries[: committed.n_entries]):
            report(f"group {group.group.number}: queue", done, committed.n_entries)
            self.filler.send(entry)
        queue = self._layer.take()
        report(f"group {group.group.number}: blob and proofs", 0, 1)
        receipt = self._send_group(group, committed)
        settle = self._layer.take()
        payments = list_payments(committed)
        for index in range(len(payments)):
            report(f"group {group.group.number}: claims", index, len(payments))
            self._claim(group.group.number, payments, index)
        batches = self.run.get_batches(group)
        return SettledGroup(
            group=group.group.number,
            batches=len(batches),
            orders=sum(batch.fills + batch.liquidations for batch in batches),
            entries=committed.n_entries,
            payments=len(payments),
            paid_e6=sum(payment.amount_e6 for payment in payments),
            settle=settle,
            queue=queue,
            claims=self._layer.take(),
            blob_gas=receipt.blob_gas_used,
            timestamp_s=receipt.timestamp_s,
        )

    def find_fault(self) -> str:
        """Return what disagrees between the contract and the run's last state, empty where nothing does."""
        rollup, header = self.deployed.rollup, self.run.last.state.header
        queued_e6, in_rollup_e6, claimable_e6, fees_e6 = rollup.call("owed")
        vault_e6 = self.get_vault_e6()
        facts = (
            ("state root", rollup.call("stateRoot"), header.state_root),
            ("entries consumed", rollup.call("progress")[2], header.queue_consumed),
            ("held in the rollup, 1e-6 USD", in_rollup_e6, header.vault_e6),
            ("vault, 1e-6 USD", vault_e6, queued_e6 + in_rollup_e6 + claimable_e6 + fees_e6),
        )
        wrong = (
            f"{name}: the contract has {got}, expected {expected}" for name, got, expected in facts if got != expected
        )
        return next(wrong, "")

    def get_vault_e6(self) -> int:
        """Return what the contract holds of its token."""
        vault_e6: int = self.deployed.token.call("balanceOf", self.deployed.rollup.address)
        return vault_e6

    def _send_group(self, group: SealedGroup, committed: CommittedGroup) -> Receipt:
        proofs = self.run.read_proofs(group)
        self._layer.wait_until(group.group.batches[-1].clock >> COUNTER_BITS)
        return self.deployed.rollup.transact(
            "settle",
            _SHAPE,
            encode_batches(group.group, committed, self.run.get_entries(group)),
            encode_claims([proof.proof_be for proof in proofs], [proof.value for proof in proofs]),
            encode_opening(group.opening),
            sender=self.deployed.sequencer,
            blobs=[group.blob],
        )

    def _claim(self, group: int, payments: tuple[Payment, ...], index: int) -> None:
        payment = payments[index]
        owner = payment.owner.to_bytes(OWNER_BITS // 8, "big")
        path = find_path(payments, index)
        self.deployed.rollup.transact("claim", group, index, owner, payment.amount_e6, path)


def settle_all(settler: RunSettler, report: Report) -> SettledRun:
    """Settle every group of a run. Raises as `RunSettler.settle`."""
    groups = tuple(settler.settle(group, report) for group in settler.run.groups)
    rollup = settler.deployed.rollup
    return SettledRun(rollup.address, groups, rollup.call("stateRoot"), settler.get_vault_e6(), settler.find_fault())


def _check_clock(run: RunFiles, layer: BaseLayer) -> None:
    """Raise RunUnsettleable where the chain's clock is further on than the contract lets batches lag behind."""
    now_s, first_s = layer.get_head().timestamp_s, run.manifest.batches[0].timestamp_s
    if now_s - first_s > LIMITS.max_lag_s:
        expected = f"batches at most {LIMITS.max_lag_s} s behind its clock: replay with --ends-at {now_s}"
        raise RunUnsettleable(
            str(run.folder), f"its first batch is of {first_s} s, the chain is at {now_s} s", expected
        )
