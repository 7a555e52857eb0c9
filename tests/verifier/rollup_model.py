"""The Rollup contract in plain Python, as far as money and order go: what each call does, or the error it ends with.

Written from docs/contracts.md, not from the Solidity. `test_rollup_machine.py` holds the two together.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from rollup.txs import Deposit
from tests.verifier.rollup_scene import DAY_S, LIMITS, WINDOW_S
from verifier.bridge import Payment
from verifier.queue_entries import Entry

FORCED_DEADLINE_S, EXIT_WINDOW_S = 3 * DAY_S, 7 * DAY_S


class Refused(Exception):
    """The call reverts with this error."""


def need(is_met: bool, error: str) -> None:
    """Raise Refused unless."""
    if not is_met:
        raise Refused(error)


@dataclass
class Moves:
    """What a group of batches moves: how the entries it consumes end, and what it pays."""

    n_entries: int
    applied_e6: int
    returned_e6: int
    paid_e6: int
    payments: tuple[Payment, ...]


@dataclass
class Model:
    """Balances are of the token, 1e-6 USD, by address; `vault_e6` is what the contract holds."""

    balances: dict[int, int]
    vault_e6: int = 0
    queue: list[Entry] = field(default_factory=list)
    n_consumed: int = 0
    queued_e6: int = 0
    in_rollup_e6: int = 0
    claimable_e6: int = 0
    fees_e6: int = 0
    windows: dict[int, list[int]] = field(
        default_factory=lambda: defaultdict(lambda: [0, 0, 0])
    )  # end, deposits, forced
    n_groups: int = 0
    payments: dict[int, tuple[Payment, ...]] = field(default_factory=dict)
    claimed: set[tuple[int, int]] = field(default_factory=set)
    pending: Moves | None = None
    pending_until_s: int = 0
    proved: set[int] = field(default_factory=set)
    n_pending_batches: int = 0
    is_paused: bool = False
    frozen_at_s: int = 0
    refunded: set[int] = field(default_factory=set)
    exits: dict[int, tuple[int, int]] = field(default_factory=dict)  # owner, claim
    exits_paid: set[int] = field(default_factory=set)
    pool_e6: int | None = None

    @property
    def owed(self) -> tuple[int, int, int, int]:
        """Deposits in the queue, what accounts hold, claimable payments, fees."""
        return self.queued_e6, self.in_rollup_e6, self.claimable_e6, self.fees_e6

    def deposit(self, entry: Deposit, now_s: int) -> None:
        """`entry.amount_e6` is what is sent; the queue gets it less the fee."""
        need(self.frozen_at_s == 0, "IsFrozen")
        need(not self.is_paused, "Paused")
        need(entry.amount_e6 >= LIMITS.min_deposit_e6, "DepositBelowMinimum")
        need(self.balances[entry.owner] >= entry.amount_e6, "TransferFailed")
        credited = Deposit(entry.account, entry.amount_e6 - LIMITS.deposit_fee_e6, entry.owner, entry.key)
        self._enqueue(credited, now_s, 1, LIMITS.max_deposits)
        self._move(entry.owner, -entry.amount_e6)
        self.queued_e6 += credited.amount_e6
        self.fees_e6 += LIMITS.deposit_fee_e6

    def force(self, entry: Entry, now_s: int) -> None:
        """A forced request with its fee in wei."""
        need(self.frozen_at_s == 0, "IsFrozen")
        self._enqueue(entry, now_s, 2, LIMITS.max_forced)

    def _enqueue(self, entry: Entry, now_s: int, kind: int, cap: int) -> None:
        window = self.windows[now_s // WINDOW_S]
        need(window[kind] < cap, "WindowFull")
        self.queue.append(entry)
        window[0] = len(self.queue)
        window[kind] += 1

    def _check_open(self, now_s: int) -> None:
        need(self.frozen_at_s == 0, "IsFrozen")
        need(not self.is_paused, "Paused")
        need(now_s > self.pending_until_s, "GroupPending")

    def settle(self, moves: Moves, now_s: int) -> None:
        """A group at once; one that was overdue is gone."""
        self._check_open(now_s)
        self._check_covered(moves)
        self._drop_pending()
        self._apply(moves)

    def commit(self, moves: Moves, n_batches: int, now_s: int) -> None:
        """A group whose proofs follow."""
        self._check_open(now_s)
        self.pending, self.n_pending_batches, self.proved = moves, n_batches, set()
        self.pending_until_s = now_s + LIMITS.prove_window_s

    def prove(self, batch: int) -> None:
        """One batch of the pending group."""
        need(self.frozen_at_s == 0, "IsFrozen")
        need(not self.is_paused, "Paused")
        need(self.pending is not None, "RecordWrong")
        need(batch not in self.proved, "AlreadyProved")
        self.proved.add(batch)

    def finish(self) -> None:
        """The pending group, once all its batches are proved."""
        need(self.frozen_at_s == 0, "IsFrozen")
        need(not self.is_paused, "Paused")
        need(self.pending is not None, "RecordWrong")
        need(len(self.proved) == self.n_pending_batches, "NotAllProved")
        assert self.pending is not None
        self._check_covered(self.pending)
        moves = self.pending
        self._drop_pending()
        self._apply(moves)

    def _check_covered(self, moves: Moves) -> None:
        need(moves.paid_e6 <= self.in_rollup_e6 + moves.applied_e6, "PaidTooMuch")

    def _drop_pending(self) -> None:
        self.pending, self.pending_until_s, self.proved = None, 0, set()

    def _apply(self, moves: Moves) -> None:
        self.n_consumed += moves.n_entries
        self.queued_e6 -= moves.applied_e6 + moves.returned_e6
        self.in_rollup_e6 += moves.applied_e6 - moves.paid_e6
        self.claimable_e6 += moves.returned_e6 + moves.paid_e6
        self.payments[self.n_groups] = moves.payments
        self.n_groups += 1

    def claim(self, group: int, index: int, payment: Payment) -> None:
        """Pay one payment to its owner."""
        paid = self.payments.get(group, ())
        need(index < len(paid) and paid[index] == payment, "PathWrong")
        need((group, index) not in self.claimed, "AlreadyClaimed")
        self.claimed.add((group, index))
        self.claimable_e6 -= payment.amount_e6
        self._move(payment.owner, payment.amount_e6)

    def collect_fees(self, to: int) -> None:
        """Fees to an address of the governor's choice."""
        need(self.frozen_at_s == 0, "IsFrozen")
        self._move(to, self.fees_e6)
        self.fees_e6 = 0

    def freeze(self, window: int, now_s: int) -> None:
        """Where an entry of that window was not consumed in time."""
        need(self.frozen_at_s == 0, "IsFrozen")
        is_late = now_s > (window + 1) * WINDOW_S + FORCED_DEADLINE_S
        need(is_late and self.windows[window][0] > self.n_consumed, "NotOverdue")
        self.frozen_at_s = now_s
        self._drop_pending()

    def refund(self, index: int) -> None:
        """A deposit that was never consumed back to its sender."""
        need(self.frozen_at_s != 0, "NotFrozen")
        entry = self.queue[index]
        need(index >= self.n_consumed and isinstance(entry, Deposit), "NotQueuedDeposit")
        need(index not in self.refunded, "AlreadyRefunded")
        assert isinstance(entry, Deposit)
        self.refunded.add(index)
        self.queued_e6 -= entry.amount_e6
        self._move(entry.owner, entry.amount_e6)

    def register(self, account: int, owner: int, claim_e6: int, now_s: int) -> None:
        """A proved exit."""
        need(self.frozen_at_s != 0, "NotFrozen")
        need(now_s <= self.frozen_at_s + EXIT_WINDOW_S, "RegistrationClosed")
        need(account not in self.exits, "AlreadyRegistered")
        self.exits[account] = (owner, claim_e6)

    def pay_exit(self, account: int, governor: int, now_s: int) -> None:
        """A registered exit's share; accounts 0 and 1 have what the others leave."""
        need(self.frozen_at_s != 0, "NotFrozen")
        need(now_s > self.frozen_at_s + EXIT_WINDOW_S, "RegistrationOpen")
        need(account in self.exits, "NothingRegistered")
        need(account not in self.exits_paid, "AlreadyPaid")
        self.exits_paid.add(account)
        if self.pool_e6 is None:
            self.pool_e6 = max(0, self.vault_e6 - self.claimable_e6 - self.queued_e6)
        users_e6 = sum(claim for who, (_, claim) in self.exits.items() if who > 1)
        last_e6 = sum(claim for who, (_, claim) in self.exits.items() if who <= 1)
        is_last = account <= 1
        pool_e6 = max(0, self.pool_e6 - users_e6) if is_last else self.pool_e6
        sum_e6 = last_e6 if is_last else users_e6
        owner, claim_e6 = self.exits[account]
        self._move(governor if is_last else owner, min(claim_e6, claim_e6 * pool_e6 // sum_e6))

    def _move(self, owner: int, amount_e6: int) -> None:
        """From the vault to an owner; negative: the other way."""
        self.balances[owner] += amount_e6
        self.vault_e6 -= amount_e6
