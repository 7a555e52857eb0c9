"""CashLanes worked out from a batch's data: entries from the queue, signed operations from the data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rollup.activity import count_operation_units
from rollup.cash_record import CASH_KINDS, NO_OPERATION, CashRecord, record_cash_op
from rollup.queue_events import QueueEvents
from rollup.rebuild_rules import Spot
from rollup.resources import Units
from rollup.txs import (
    Cancel,
    CashOp,
    CloseAccount,
    Evict,
    KeyChange,
    QueueEntry,
    SignedOp,
    Transfer,
    TransferIn,
    Withdraw,
    compute_effect,
)
from rollup.units import MAX_FEE_E6_BITS
from rollup.workspace import Workspace

__all__ = ["apply_cash_records"]

_ANY_FEE_E6 = 2**MAX_FEE_E6_BITS - 1  # what was signed is not published: whether it covers the fee is proved


def apply_cash_records(
    workspace: Workspace, records: Sequence[CashRecord], queue: QueueEvents, spot: Spot
) -> list[Units]:
    """Move the accounts as the lanes say; return the units of those used. Raises RecordMisfit, QueueEntryMissing."""
    used: list[Units] = []
    sent: TransferIn | None = None  # the leg that must come next
    for position, record in enumerate(records):
        at = spot.at(f"cash[{position}]")
        incoming, sent = sent, None
        if record.kind == 0:
            at.require(record == NO_OPERATION, record, "an unused lane, all zero")
            at.require(incoming is None, "an unused lane", f"{incoming}")
            continue
        op = _find_op(workspace, record, incoming, queue, at)
        used.append(_apply(workspace, op, record, at))
        sent = op.incoming if isinstance(op, Transfer) else None
    spot.at("cash").require(sent is None, "the end of the lanes", f"{sent}")
    return used


def _apply(workspace: Workspace, op: CashOp, record: CashRecord, at: Spot) -> Units:
    before = workspace.get(op.account)
    with at.guard(f"{type(op).__name__} by the rules"):
        effect = compute_effect(op, before, workspace.tick)
    is_applied = effect.is_applied and isinstance(op, QueueEntry)
    at.require(record.is_applied == is_applied, f"is_applied {record.is_applied}", is_applied)
    workspace.put(op.account, effect.after)
    workspace.add_flows(effect.flows)  # of the vault only what the last lane leaves counts, as at the close
    return count_operation_units(before, effect.after)


def _find_op(
    workspace: Workspace, record: CashRecord, incoming: TransferIn | None, queue: QueueEvents, at: Spot
) -> CashOp:
    at.require(record.kind <= len(CASH_KINDS), f"kind {record.kind}", f"at most {len(CASH_KINDS)}")
    kind = CASH_KINDS[record.kind - 1]
    at.require((incoming is None) == (kind is not TransferIn), kind.__name__, incoming or "no incoming transfer")
    op = incoming or _read_op(workspace, kind, record, queue, at)
    expected = record_cash_op(op, is_applied=record.is_applied)
    at.require(record == expected, record, expected)  # what its kind has no use for is 0
    return op


def _read_op(workspace: Workspace, kind: type[CashOp], record: CashRecord, queue: QueueEvents, at: Spot) -> CashOp:
    """Return the operation: an entry of the queue, or what the data say."""
    if issubclass(kind, QueueEntry):
        entry = queue.get(workspace.queue_consumed)
        position = f"queue entry {workspace.queue_consumed}"
        at.require(type(entry) is kind, kind.__name__, f"{type(entry).__name__}, {position}")
        assert isinstance(entry, QueueEntry)
        return entry
    if issubclass(kind, SignedOp):
        account = workspace.get(record.account)
        head = (record.account, account.cash_nonce, account.epoch)
        return kind(*head, max_fee_e6=_ANY_FEE_E6, **_read_operands(kind, record))
    return Evict(record.account)


def _read_operands(kind: type[SignedOp], record: CashRecord) -> dict[str, Any]:
    """Return the fields of a signed operation that its kind adds."""
    if issubclass(kind, Cancel):
        return {"slot": record.second, "nonce": record.operand}
    if issubclass(kind, KeyChange):
        return {"key": record.key}
    amount = {"amount_e6": record.operand} if issubclass(kind, Withdraw | Transfer | CloseAccount) else {}
    return amount | ({"recipient": record.second} if issubclass(kind, Transfer) else {})
