"""The rules of CashLanes, checked on a trace: operations allowed, effects exact, both legs of a transfer there."""

from __future__ import annotations

from rollup.audit_lanes import BatchRuleBroken, audit_slot, require
from rollup.errors import TxRejected
from rollup.rejections import SignatureInvalid
from rollup.signature import verify
from rollup.trace import BatchTrace, CashLaneTrace
from rollup.txs import NO_FLOWS, Cancel, Flows, SignedOp, Transfer, TransferIn, compute_effect, sum_flows

__all__ = ["audit_cash_lanes"]


def audit_cash_lanes(trace: BatchTrace) -> Flows:
    """Return what the lanes add to the totals. Raises BatchRuleBroken."""
    owed: TransferIn | None = None
    for position, lane in enumerate(trace.cash_lanes):
        where = f"cash_lanes[{position}]"
        incoming = lane.op if isinstance(lane.op, TransferIn) else None
        require(incoming == owed, where, "transfer_is_followed_by_its_incoming_leg", incoming, owed)
        _audit_lane(trace, lane, where)
        owed = lane.op.incoming if isinstance(lane.op, Transfer) else None
    require(owed is None, "cash_lanes", "transfer_is_followed_by_its_incoming_leg", "the last lane", owed)
    return sum_flows(lane.flows for lane in trace.cash_lanes)


def _audit_lane(trace: BatchTrace, lane: CashLaneTrace, where: str) -> None:
    op = lane.op
    if op is None:
        is_unchanged = (lane.before, NO_FLOWS, False) == (lane.after, lane.flows, lane.is_applied)
        require(is_unchanged, where, "unused_lane_changes_nothing", "a change", "none")
        return
    require(op.account == lane.account_id, where, "operation_names_account", op.account, lane.account_id)
    try:
        effect = compute_effect(op, lane.before, trace.tick)
        if isinstance(op, SignedOp):
            _audit_signature(trace, lane, op)
    except TxRejected as error:
        raise BatchRuleBroken(where, error.code, str(error), "an operation that is allowed") from error
    require(effect.is_applied == lane.is_applied, where, "operation_outcome", lane.is_applied, effect.is_applied)
    require(effect.after == lane.after, where, "operation_effect", "another account", "what the operation leaves")
    require(effect.flows == lane.flows, where, "operation_flows", lane.flows, effect.flows)
    slot = op.slot if isinstance(op, Cancel) else 0
    audit_slot(lane.before, slot, lane.slot_before, lane.slot_path, where)


def _audit_signature(trace: BatchTrace, lane: CashLaneTrace, op: SignedOp) -> None:
    message = op.message(trace.params.domain)
    if lane.signature is None or not verify(lane.before.key, message, lane.signature):
        raise SignatureInvalid(op.account, message)
