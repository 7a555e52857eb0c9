"""CashLanes: cash operations, one account's turn a lane, before anything else in the batch.

The base layer's queue is consumed in its order: where an entry has to wait, all entries behind it wait, and a forced
trade waits for the RescueLanes. Signed operations pass the queue, but never an earlier one of the same account.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from rollup.errors import TxRejected
from rollup.rejections import FeeNotCovered, SignatureInvalid
from rollup.signature import Signature
from rollup.trace import CashLaneTrace
from rollup.txs import (
    NO_FLOWS,
    Cancel,
    CashOp,
    Effect,
    ForcedTrade,
    QueueEntry,
    SignedCashOp,
    SignedOp,
    Transfer,
    compute_effect,
    sum_flows,
)
from rollup.units import FUND_ACCOUNT
from rollup.workspace import Workspace

__all__ = ["CashOutcome", "apply_cash_op", "run_cash_lanes"]


@dataclass(frozen=True)
class CashOutcome:
    """The lanes, padded to the shape; what was refused and why; what waits for a lane, or behind what waits."""

    lanes: tuple[CashLaneTrace, ...]
    rejected: tuple[tuple[SignedCashOp, TxRejected], ...]
    waiting: tuple[SignedCashOp, ...]

    @property
    def next_forced_trades(self) -> tuple[ForcedTrade, ...]:
        """The forced trades at the head of the queue, for the RescueLanes of the same batch."""
        queue = [signed.op for signed in self.waiting if isinstance(signed.op, QueueEntry | ForcedTrade)]
        head = takewhile(lambda entry: isinstance(entry, ForcedTrade), queue)
        return tuple(entry for entry in head if isinstance(entry, ForcedTrade))


def run_cash_lanes(workspace: Workspace, ops: Sequence[SignedCashOp], n_lanes: int) -> CashOutcome:
    """Apply the operations in order as far as the lanes go; a refused one takes no lane, a transfer takes two."""
    desk = _Desk(workspace, n_lanes)
    for signed in ops:
        desk.take(signed)
    unused = [_make_unused(workspace)] * (n_lanes - len(desk.lanes))
    return CashOutcome((*desk.lanes, *unused), tuple(desk.rejected), tuple(desk.waiting))


def apply_cash_op(workspace: Workspace, signed: SignedCashOp) -> tuple[CashLaneTrace, ...]:
    """Check and apply one operation, and return its lanes; nothing changes when it is refused. Raises TxRejected."""
    op = signed.op
    assert not isinstance(op, ForcedTrade), "forced trades take RescueLanes"
    effect = compute_effect(op, workspace.get(op.account), workspace.tick)
    if isinstance(op, SignedOp):
        _check_signed(workspace, op, signed.signature, effect)
    turns: list[tuple[CashOp, Effect]] = [(op, effect)]
    if isinstance(op, Transfer):
        recipient = effect.after if op.recipient == op.account else workspace.get(op.recipient)
        turns.append((op.incoming, compute_effect(op.incoming, recipient, workspace.tick)))
    workspace.check_flows(op.account, sum_flows(turn.flows for _, turn in turns))
    return tuple(_settle(workspace, part, turn, signed.signature) for part, turn in turns)


class _Desk:
    """Serves operations one by one."""

    def __init__(self, workspace: Workspace, n_lanes: int) -> None:
        self.lanes: list[CashLaneTrace] = []
        self.rejected: list[tuple[SignedCashOp, TxRejected]] = []
        self.waiting: list[SignedCashOp] = []
        self._workspace = workspace
        self._n_lanes = n_lanes
        self._is_queue_held = False
        self._held_accounts: set[int] = set()

    def take(self, signed: SignedCashOp) -> None:
        if self._has_to_wait(signed):
            self._hold(signed)
            return
        try:
            self.lanes.extend(apply_cash_op(self._workspace, signed))
        except TxRejected as error:
            if isinstance(signed.op, QueueEntry):
                self._hold(signed)  # an entry is never refused: its time has not come
            else:
                self.rejected.append((signed, error))

    def _has_to_wait(self, signed: SignedCashOp) -> bool:
        op, n_free = signed.op, self._n_lanes - len(self.lanes)
        if isinstance(op, ForcedTrade):
            return True
        if isinstance(op, QueueEntry):
            return self._is_queue_held or n_free < 1
        n_needed = 2 if isinstance(op, Transfer) else 1
        return n_free < n_needed or op.account in self._held_accounts

    def _hold(self, signed: SignedCashOp) -> None:
        op = signed.op
        self.waiting.append(signed)
        if isinstance(op, QueueEntry | ForcedTrade):
            self._is_queue_held = True
        else:
            self._held_accounts |= {op.account, op.recipient} if isinstance(op, Transfer) else {op.account}


def _check_signed(workspace: Workspace, op: SignedOp, signature: Signature | None, effect: Effect) -> None:
    message, key = op.message(workspace.params.domain), workspace.get(op.account).key
    if signature is None or not workspace.signatures.is_valid(key, message, signature):
        raise SignatureInvalid(op.account, message)
    # the sequencer's choice, no rule of the circuit: a fee charged into debt would make cancels free
    equity_atoms = workspace.compute_margin(effect.after).equity
    if effect.flows.base_fees_e6 > 0 and equity_atoms < 0:
        raise FeeNotCovered(op.account, effect.flows.base_fees_e6, equity_atoms)


def _settle(workspace: Workspace, op: CashOp, effect: Effect, signature: Signature | None) -> CashLaneTrace:
    before, slot = workspace.get(op.account), op.slot if isinstance(op, Cancel) else 0
    lane = CashLaneTrace(
        account_id=op.account,
        before=before,
        after=effect.after,
        account_path=workspace.path(op.account),
        op=op,
        is_applied=effect.is_applied,
        flows=effect.flows,
        signature=signature if isinstance(op, SignedOp) else None,
        slot_before=before.orders.get(slot),
        slot_path=before.orders.path(slot),
    )
    workspace.put(op.account, effect.after)
    workspace.add_flows(effect.flows)
    return lane


def _make_unused(workspace: Workspace) -> CashLaneTrace:
    account, path = workspace.get(FUND_ACCOUNT), workspace.path(FUND_ACCOUNT)
    slot = (account.orders.get(0), account.orders.path(0))
    return CashLaneTrace(FUND_ACCOUNT, account, account, path, None, False, NO_FLOWS, None, *slot)
