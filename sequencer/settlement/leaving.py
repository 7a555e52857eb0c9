"""The way out when the sequencer falls silent: freeze, refund, exits registered by proof, and each paid its share.

Everything is a call that anyone may make; the sequencer and the governor are not asked. docs/contracts.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rollup.accounts import Account
from rollup.exit import unpack_claim
from rollup.txs import Deposit, ForcedWithdraw
from rollup.units import FIRST_USER_ACCOUNT, OWNER_BITS
from sequencer.exit_proofs import ExitProver
from sequencer.progress import Report
from sequencer.settlement.deploying import EXIT_WINDOW_S, FORCED_DEADLINE_S, LIMITS, WINDOW_S
from sequencer.settlement.settling import RunSettler
from verifier.queue_entries import Entry, encode_entry

__all__ = ["Departure", "PaidExit", "leave"]

_LATE_DEPOSIT_E6: Final = 25_000_000


@dataclass(frozen=True)
class PaidExit:
    """An account's way out, 1e-6 USD."""

    account: int
    claim_e6: int  # what it is worth at the last prices, proved
    paid_e6: int
    register_gas: int
    pay_gas: int


@dataclass(frozen=True)
class Departure:
    """A frozen rollup, everybody gone. 1e-6 USD."""

    window: int  # whose entries were overdue
    freeze_gas: int
    refunded_e6: int  # the deposit that was never consumed
    refund_gas: int
    pool_e6: int  # what the registered exits share
    vault_e6: int  # what is left after them
    exits: tuple[PaidExit, ...]
    reason: str  # what does not add up, empty where all does

    @property
    def users_claim_e6(self) -> int:
        """What accounts of users registered together."""
        return sum(exit_.claim_e6 for exit_ in self.exits if exit_.account >= FIRST_USER_ACCOUNT)

    @property
    def share(self) -> float:
        """Which part of its claim a user is paid."""
        return min(1.0, self.pool_e6 / self.users_claim_e6) if self.users_claim_e6 else 1.0


def leave(settler: RunSettler, prover: ExitProver, report: Report) -> Departure:
    """Let a settled run end: a deposit and a forced withdrawal come, nobody serves them, everybody leaves.

    The layer's clock has to be one that moves on when it is told to: three days pass, and then seven.
    Raises BaseLayerError.
    """
    rollup, layer, state = settler.deployed.rollup, settler.deployed.layer, settler.run.last.state
    late = _send_late_entries(settler)
    window = layer.get_head().timestamp_s // WINDOW_S
    layer.wait_until((window + 1) * WINDOW_S + FORCED_DEADLINE_S + 1)
    freeze_gas = rollup.transact("freeze", window).gas_used
    index = len(settler.run.queue.entries)
    refund_gas = rollup.transact("refundDeposit", index, encode_entry(late)).gas_used
    registered = dict(_register(settler, prover, sorted(state.accounts), report))
    layer.wait_until(rollup.call("frozenAtS") + EXIT_WINDOW_S + 1)
    exits = tuple(_pay(settler, registered, report))
    paid_e6, pool_e6, vault_e6 = sum(exit_.paid_e6 for exit_ in exits), rollup.call("poolE6"), settler.get_vault_e6()
    return Departure(
        window=window,
        freeze_gas=freeze_gas,
        refunded_e6=late.amount_e6,
        refund_gas=refund_gas,
        pool_e6=pool_e6,
        vault_e6=vault_e6,
        exits=exits,
        reason="" if pool_e6 - paid_e6 == vault_e6 else f"of {pool_e6} {paid_e6} were paid, but {vault_e6} are left",
    )


def _send_late_entries(settler: RunSettler) -> Deposit:
    """Queue a deposit and a forced withdrawal of the last account that has an owner; return the deposit."""
    account, record = _find_last_owned(settler)
    deposit = Deposit(account, _LATE_DEPOSIT_E6, record.owner, record.key)
    owner = _to_address(record.owner)
    deployed = settler.deployed
    amount_e6 = _LATE_DEPOSIT_E6 + LIMITS.deposit_fee_e6
    deployed.token.transact("mint", owner, amount_e6)
    deployed.token.transact("approve", deployed.rollup.address, amount_e6, sender=owner)
    late: tuple[Entry, ...] = (deposit, ForcedWithdraw(account, 2**64 - 1, record.owner))
    for entry in late:
        settler.filler.send(entry)
    return deposit


def _find_last_owned(settler: RunSettler) -> tuple[int, Account]:
    accounts = settler.run.last.state.accounts
    last = max(account for account, record in accounts.items() if not record.is_empty)
    return last, accounts[last]


def _register(
    settler: RunSettler, prover: ExitProver, accounts: list[int], report: Report
) -> Iterator[tuple[int, tuple[int, int]]]:
    """Register every account that is worth something; yield (account, (claim, gas))."""
    for done, account in enumerate(accounts):
        report("exits proved and registered", done, len(accounts))
        proof = prover.prove(settler.run.last.state, account)
        _, claim_e6 = unpack_claim(proof.inputs.claim)
        if claim_e6:
            args = (account, _to_address(proof.inputs.owner), claim_e6, proof.proof_be)
            yield account, (claim_e6, settler.deployed.rollup.transact("registerExit", *args).gas_used)


def _pay(settler: RunSettler, registered: dict[int, tuple[int, int]], report: Report) -> Iterator[PaidExit]:
    rollup = settler.deployed.rollup
    for done, (account, (claim_e6, register_gas)) in enumerate(registered.items()):
        report("exits paid", done, len(registered))
        receipt = rollup.transact("payExit", account)
        (event,) = rollup.decode_events("ExitPaid", receipt.logs)
        yield PaidExit(account, claim_e6, event["amountE6"], register_gas, receipt.gas_used)


def _to_address(owner: int) -> bytes:
    return owner.to_bytes(OWNER_BITS // 8, "big")
