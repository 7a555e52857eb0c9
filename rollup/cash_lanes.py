"""CashLanes: deposits, withdrawals and cancels, one account's operation a lane, before any trade of the batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rollup.accounts import Account
from rollup.errors import TxRejected, check_bits
from rollup.rejections import SignatureInvalid, VaultShort
from rollup.trace import CashLaneTrace
from rollup.txs import CashOp, Deposit, SignedCashOp, Withdraw
from rollup.txs.cancel import Cancel
from rollup.txs.withdraw import check_withdraw_margin
from rollup.units import COUNTER_BITS, FUND_ACCOUNT, VAULT_E6_BITS
from rollup.workspace import Workspace

__all__ = ["CashOutcome", "run_cash_lanes"]


@dataclass(frozen=True)
class CashOutcome:
    """The lanes, padded to the shape; what was refused and why; what found no lane."""

    lanes: tuple[CashLaneTrace, ...]
    rejected: tuple[tuple[SignedCashOp, TxRejected], ...]
    waiting: tuple[SignedCashOp, ...]


def run_cash_lanes(workspace: Workspace, ops: Sequence[SignedCashOp], n_lanes: int) -> CashOutcome:
    """Apply the operations in order until the lanes are used up; a refused one takes no lane."""
    lanes: list[CashLaneTrace] = []
    rejected: list[tuple[SignedCashOp, TxRejected]] = []
    for taken, signed in enumerate(ops):
        if len(lanes) == n_lanes:
            return CashOutcome(tuple(lanes), tuple(rejected), tuple(ops[taken:]))
        try:
            lanes.append(apply_cash_op(workspace, signed))
        except TxRejected as error:
            rejected.append((signed, error))
    lanes.extend(_make_unused(workspace) for _ in range(n_lanes - len(lanes)))
    return CashOutcome(tuple(lanes), tuple(rejected), ())


def apply_cash_op(workspace: Workspace, signed: SignedCashOp) -> CashLaneTrace:
    """Check and apply one operation; nothing changes when it is refused. Raises TxRejected."""
    op, before = signed.op, workspace.get(signed.op.account)
    op.check(before)
    _check_signature(workspace, signed, before)
    after = op.apply(before).with_changes(last_touched_s=workspace.timestamp_s)
    queue_consumed, vault_e6 = _compute_totals(workspace, op)
    if isinstance(op, Withdraw):
        check_withdraw_margin(op.account, workspace.compute_margin(after))
    lane = _make_lane(workspace, signed, before, after)
    workspace.queue_consumed, workspace.vault_e6 = queue_consumed, vault_e6
    workspace.put(op.account, after)
    return lane


def _check_signature(workspace: Workspace, signed: SignedCashOp, account: Account) -> None:
    op, signature = signed.op, signed.signature
    if isinstance(op, Deposit):
        return
    message = op.message(workspace.params.domain)
    if signature is None or not workspace.signatures.is_valid(account.key, message, signature):
        raise SignatureInvalid(op.account, message)


def _compute_totals(workspace: Workspace, op: CashOp) -> tuple[int, int]:
    queue_consumed, vault_e6 = workspace.queue_consumed, workspace.vault_e6
    if isinstance(op, Deposit):
        queue_consumed, vault_e6 = queue_consumed + 1, vault_e6 + op.amount_e6
        check_bits("queue_consumed", queue_consumed, COUNTER_BITS)
        check_bits("vault_e6", vault_e6, VAULT_E6_BITS)
    elif isinstance(op, Withdraw):
        if op.amount_e6 > vault_e6:
            raise VaultShort(op.account, op.amount_e6, vault_e6)
        vault_e6 -= op.amount_e6
    return queue_consumed, vault_e6


def _make_lane(workspace: Workspace, signed: SignedCashOp, before: Account, after: Account) -> CashLaneTrace:
    slot = signed.op.slot if isinstance(signed.op, Cancel) else 0
    return CashLaneTrace(
        account_id=signed.op.account,
        before=before,
        after=after,
        account_path=workspace.path(signed.op.account),
        op=signed.op,
        signature=None if isinstance(signed.op, Deposit) else signed.signature,
        slot_before=before.orders.get(slot),
        slot_path=before.orders.path(slot),
    )


def _make_unused(workspace: Workspace) -> CashLaneTrace:
    account, path = workspace.get(FUND_ACCOUNT), workspace.path(FUND_ACCOUNT)
    orders = account.orders
    return CashLaneTrace(FUND_ACCOUNT, account, account, path, None, None, orders.get(0), orders.path(0))
