"""The reference for cash operations: members with an owner, a key and a rent, on storage of its own.

Each entry of the queue is judged here again, from the entry alone: what the rollup returned, dropped or paid is not
read.
"""

from __future__ import annotations

from dataclasses import dataclass

from rollup.babyjubjub import is_on_curve
from rollup.direct import DirectLedger, DirectMarginBroken
from rollup.errors import BatchInvalid
from rollup.margin import Margin, compute_margin
from rollup.params import Params
from rollup.tick import Tick
from rollup.txs import (
    CancelAll,
    CashOp,
    CloseAccount,
    Deposit,
    Evict,
    ForcedCancelAll,
    ForcedKeyChange,
    ForcedWithdraw,
    KeyChange,
    QueueEntry,
    SetTier,
    SignedOp,
    Transfer,
    TransferIn,
    Withdraw,
)
from rollup.units import ATOMS_PER_E6, FIRST_USER_ACCOUNT, FUND_ACCOUNT, MARKET_COUNT, TIER_COUNT

__all__ = ["DirectExchange", "DirectMember", "DirectRefused"]


@dataclass
class DirectMember:
    """Who holds an account. Owner 0 is nobody: then only the epoch means something."""

    owner: int = 0
    key: tuple[int, int] = (0, 0)
    epoch: int = 0
    cash_nonce: int = 0
    tier: int = 0
    rent_paid_until_s: int = 0


@dataclass(eq=False)
class DirectRefused(BatchInvalid):
    """A batch holds an operation that this ledger would not have taken."""

    code = "direct_refused"
    account_id: int
    reason: str

    def __str__(self) -> str:
        return f"account {self.account_id}: {self.reason}"


class DirectExchange(DirectLedger):
    """The ledger, and who holds its accounts."""

    def __init__(self, params: Params) -> None:
        """Start with nothing and nobody."""
        super().__init__(params)
        self._members: dict[int, DirectMember] = {}

    def get_members(self) -> dict[int, DirectMember]:
        """Return those who hold an account."""
        return {account: member for account, member in sorted(self._members.items()) if member.owner}

    def serve(self, op: CashOp, tick: Tick) -> None:
        """Book one cash operation at the prices of its batch. Raises DirectRefused, DirectMarginBroken."""
        if isinstance(op, SignedOp):
            self._serve_signed(op, tick)
        elif isinstance(op, QueueEntry):
            self._consume(op, tick)
        elif isinstance(op, Evict):
            self._evict(op.account, tick)
        else:
            assert isinstance(op, TransferIn)  # booked with its outgoing leg

    def touch(self, account: int, timestamp_s: int, rent_rate: int) -> None:
        """Let a member pay rent since the account was last touched, in atoms a second."""
        member = self._members[account]
        self._pay(account, FUND_ACCOUNT, (timestamp_s - member.rent_paid_until_s) * rent_rate)
        member.rent_paid_until_s = timestamp_s

    def _serve_signed(self, op: SignedOp, tick: Tick) -> None:
        member = self._members.get(op.account, DirectMember())
        if not member.owner or (op.epoch, op.cash_nonce) != (member.epoch, member.cash_nonce):
            raise DirectRefused(op.account, f"signed for epoch {op.epoch}, turn {op.cash_nonce}; it is {member}")
        if tick.cash_fee_e6 > op.max_fee_e6:
            raise DirectRefused(op.account, f"fee {tick.cash_fee_e6} above {op.max_fee_e6} (1e-6 USD)")
        self.touch(op.account, tick.header.timestamp_s, tick.rent_rate)
        self._pay(op.account, FUND_ACCOUNT, tick.cash_fee_e6 * ATOMS_PER_E6)
        member.cash_nonce += 1
        if isinstance(op, Withdraw):
            self.withdraw(op.account, op.amount_e6)
            self._check_free(op.account, tick)
        elif isinstance(op, Transfer):
            self._pay(op.account, op.recipient, op.amount_e6 * ATOMS_PER_E6)
            self._check_free(op.account, tick)
            self.touch(op.recipient, tick.header.timestamp_s, tick.rent_rate)
        elif isinstance(op, KeyChange | CancelAll):
            member.key = op.key if isinstance(op, KeyChange) else member.key
            member.epoch += 1
        elif isinstance(op, CloseAccount):
            self.withdraw(op.account, op.amount_e6)
            self._leave(op.account, below_atoms=ATOMS_PER_E6)

    def _consume(self, op: QueueEntry, tick: Tick) -> None:
        member = self._members.get(op.account, DirectMember())
        if isinstance(op, Deposit) and not member.owner:
            self._join(op, member, tick)
        elif member.owner and self._may_act(op, member):
            self.touch(op.account, tick.header.timestamp_s, tick.rent_rate)
            self._act(op, member, tick)

    def _join(self, op: Deposit, member: DirectMember, tick: Tick) -> None:
        is_holder = op.account >= FIRST_USER_ACCOUNT and op.owner and is_on_curve(op.key)
        if is_holder and op.amount_e6 >= tick.leaf_fee_e6:
            now_s = tick.header.timestamp_s
            self._members[op.account] = DirectMember(op.owner, op.key, member.epoch + 1, rent_paid_until_s=now_s)
            self.deposit(op.account, op.amount_e6)
            self._pay(op.account, FUND_ACCOUNT, tick.leaf_fee_e6 * ATOMS_PER_E6)

    @staticmethod
    def _may_act(op: QueueEntry, member: DirectMember) -> bool:
        if isinstance(op, SetTier):
            return op.tier < TIER_COUNT
        assert isinstance(op, Deposit | ForcedWithdraw | ForcedCancelAll | ForcedKeyChange)
        has_good_key = not isinstance(op, ForcedKeyChange) or is_on_curve(op.key)
        return op.owner == member.owner and has_good_key

    def _act(self, op: QueueEntry, member: DirectMember, tick: Tick) -> None:
        if isinstance(op, Deposit):
            self.deposit(op.account, op.amount_e6)
        elif isinstance(op, ForcedWithdraw):
            margin = self._compute_margin(op.account, tick)
            free_e6 = (margin.equity - margin.initial) // ATOMS_PER_E6
            self.withdraw(op.account, min(op.amount_e6, max(free_e6, 0)))
        elif isinstance(op, SetTier):
            member.tier = self._tiers[op.account] = op.tier
        else:
            member.key = op.key if isinstance(op, ForcedKeyChange) else member.key
            member.epoch += 1

    def _evict(self, account: int, tick: Tick) -> None:
        member = self._members.get(account, DirectMember())
        if not member.owner:
            raise DirectRefused(account, "nobody to evict")
        rent_atoms = (tick.header.timestamp_s - member.rent_paid_until_s) * tick.rent_rate
        self._leave(account, below_atoms=rent_atoms + 1)

    def _leave(self, account: int, below_atoms: int) -> None:
        """Let the holder go; what is left, which must be less than `below_atoms`, goes to the fund."""
        left_atoms = self._cash_atoms.get(account, 0)
        if account in self.get_positions() or not 0 <= left_atoms < below_atoms:
            raise DirectRefused(account, f"leaves {left_atoms} (1e-18 USD) and {self.get_positions().get(account, {})}")
        self._pay(account, FUND_ACCOUNT, left_atoms)
        self._members[account] = DirectMember(epoch=self._members[account].epoch)
        self._tiers.pop(account, None)

    def _check_free(self, account: int, tick: Tick) -> None:
        margin = self._compute_margin(account, tick)
        if margin.equity < margin.initial:
            raise DirectMarginBroken(account, margin.equity, margin.initial)

    def _compute_margin(self, account: int, tick: Tick) -> Margin:
        cash_atoms, sizes_lots = self._snapshot(account, tick.header.funding_index)
        paid = (0,) * MARKET_COUNT  # all funding is in the cash already
        return compute_margin(cash_atoms, sizes_lots, tick.header.marks_ticks, paid, tick.fractions)
