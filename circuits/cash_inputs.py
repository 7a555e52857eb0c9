"""The private inputs of a CashLane, from its trace."""

from __future__ import annotations

from circuits.account import GROUP
from circuits.account_inputs import Values, account_values, path_values, signature_values
from circuits.cash_kinds import KIND_NAMES
from circuits.lane_inputs import Prices
from rollup import tags
from rollup.cash_record import CASH_KINDS
from rollup.poseidon import poseidon
from rollup.trace import CashLaneTrace, Path
from rollup.txs import (
    Cancel,
    CashOp,
    CloseAccount,
    Deposit,
    ForcedCancelAll,
    ForcedKeyChange,
    ForcedWithdraw,
    KeyChange,
    SetTier,
    SignedOp,
    Transfer,
    TransferIn,
    Withdraw,
)

__all__ = ["KIND_OF", "cash_lane_inputs"]

KIND_OF: dict[type[CashOp], str] = dict(zip(CASH_KINDS, KIND_NAMES, strict=True))  # numbered alike on both sides


def cash_lane_inputs(lane: CashLaneTrace, prices: Prices) -> Values:
    """Return a CashLane's private inputs."""
    op, account = lane.op, lane.before
    values = account_values(account) | dict(path_values("account_path", lane.account_path))
    del values["account/cash_nonce"]
    values |= _named_values(op) | _slot_values(lane) | _forced_values(lane, prices)
    groups = account.positions_hashes
    return values | {
        "account_id": lane.account_id,
        "kind": 1 << KIND_NAMES.index(KIND_OF[type(op)]) if op is not None else 0,
        "operand": _operand(op),
        "account/cash_nonce_after": account.cash_nonce + isinstance(op, SignedOp),
        "account/positions[0]": groups[0],
        "account/positions[1]": groups[1],
        "deposit/covers_fee": int(isinstance(op, Deposit) and op.amount_e6 >= prices.tick.leaf_fee_e6),
        "fee_slack": op.max_fee_e6 - prices.tick.cash_fee_e6 if isinstance(op, SignedOp) else 0,
        **signature_values(lane.signature),
    }


def _operand(op: CashOp | None) -> int:
    match op:
        case Cancel():
            return op.nonce
        case SetTier():
            return op.tier
        case Deposit() | Withdraw() | Transfer() | TransferIn() | CloseAccount() | ForcedWithdraw():
            return op.amount_e6
    return 0


def _named_values(op: CashOp | None) -> Values:
    owner = op.owner if isinstance(op, Deposit | ForcedWithdraw | ForcedCancelAll | ForcedKeyChange) else 0
    key = op.key if isinstance(op, Deposit | KeyChange | ForcedKeyChange) else (0, 0)
    return {"named/owner": owner, "named/key_x": key[0], "named/key_y": key[1]}


def _slot_values(lane: CashLaneTrace) -> Values:
    cancel = lane.op if isinstance(lane.op, Cancel) else None
    path = lane.slot_path if cancel else _path_of_positions(lane)
    values = {"cancel/slot": cancel.slot if cancel else 0, "cancel/slot_before": lane.slot_before if cancel else 0}
    return values | dict(path_values("cancel/slot_path", path))


def _path_of_positions(lane: CashLaneTrace) -> Path:
    """Return a slot path that fits what an idle orders tree hashes: the two position groups in place of level 0."""
    zeros = (0,) * GROUP
    opened = poseidon([abs(size) for size in lane.before.sizes_lots[:GROUP]], tags.POSITIONS)
    level_1 = (opened, *zeros[1:])
    return (zeros, level_1, (poseidon(level_1, tags.ORDERS_NODE), *zeros[1:]))


def _forced_values(lane: CashLaneTrace, prices: Prices) -> Values:
    """Return the case of an applied forced withdrawal and what it pays; the recipient in a transfer's first lane."""
    op, second, in_full, nothing = lane.op, 0, False, False
    if isinstance(op, ForcedWithdraw) and lane.is_applied:
        margin = prices.margin(lane.after)
        nothing = margin.equity < margin.initial
        second, in_full = lane.paid_e6, lane.paid_e6 == op.amount_e6 and not nothing
    elif isinstance(op, Transfer):
        second = op.recipient
    return {
        "second_operand": second,
        "forced_withdraw/in_full": int(in_full),
        "forced_withdraw/nothing": int(nothing),
    }
