"""What a CashLane publishes. An entry of the base layer's queue stands there already: only its outcome is new."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from rollup.field import R
from rollup.records import CASH_WORDS, KEY_PART_BITS, KEY_PARTS, OPERAND_PART_BITS
from rollup.trace import CashLaneTrace
from rollup.txs import (
    Cancel,
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
    Transfer,
    TransferIn,
    Withdraw,
)

__all__ = ["CASH_KINDS", "NO_OPERATION", "CashRecord", "record_cash_lane", "record_cash_op"]

# 0 is an unused lane
CASH_KINDS: Final[tuple[type[CashOp], ...]] = (
    Deposit,
    Withdraw,
    Cancel,
    Transfer,
    TransferIn,
    KeyChange,
    CancelAll,
    CloseAccount,
    ForcedWithdraw,
    ForcedCancelAll,
    ForcedKeyChange,
    SetTier,
    Evict,
)


@dataclass(frozen=True)
class CashRecord:
    """One cash operation. What a kind has no use for is 0."""

    kind: int  # 1 + its place in `CASH_KINDS`; 0: unused
    is_applied: bool  # of an entry of the queue
    account: int
    second: int  # transfer: the recipient; cancel: the slot
    operand: int  # of a signed operation: amount in 1e-6 USD; cancel: the order's nonce
    key: tuple[int, int]  # key change: the new one

    def to_words(self) -> list[int]:
        """Return the words of `CASH_WORDS`."""
        fields = {
            "kind": self.kind,
            "is_applied": int(self.is_applied),
            "account": self.account,
            "second": self.second,
            "operand_low": self.operand & (1 << OPERAND_PART_BITS) - 1,
            "operand_high": self.operand >> OPERAND_PART_BITS,
        }
        for axis, coordinate in zip("xy", self.key, strict=True):
            for i in range(KEY_PARTS):
                fields[f"key_{axis}[{i}]"] = coordinate >> i * KEY_PART_BITS & (1 << KEY_PART_BITS) - 1
        return [word.pack(fields) for word in CASH_WORDS]

    @classmethod
    def from_fields(cls, fields: Mapping[str, int]) -> CashRecord:
        """Return the record of unpacked words. A coordinate is read mod r, however it is spelled."""
        x, y = (sum(fields[f"key_{axis}[{i}]"] << i * KEY_PART_BITS for i in range(KEY_PARTS)) % R for axis in "xy")
        operand = fields["operand_low"] | fields["operand_high"] << OPERAND_PART_BITS
        first = (fields["kind"], bool(fields["is_applied"]), fields["account"], fields["second"])
        return cls(*first, operand, (x, y))


NO_OPERATION: Final = CashRecord(0, False, 0, 0, 0, (0, 0))


def record_cash_lane(lane: CashLaneTrace) -> CashRecord:
    """Return what a lane publishes."""
    return NO_OPERATION if lane.op is None else record_cash_op(lane.op, is_applied=lane.is_applied)


def record_cash_op(op: CashOp, *, is_applied: bool) -> CashRecord:
    """Return what is published of an operation; its outcome only where it is an entry of the queue."""
    return CashRecord(
        kind=1 + CASH_KINDS.index(type(op)),
        is_applied=isinstance(op, QueueEntry) and is_applied,
        account=op.account,
        second=_get_second(op),
        operand=_get_operand(op),
        key=op.key if isinstance(op, KeyChange) else (0, 0),
    )


def _get_second(op: CashOp) -> int:
    if isinstance(op, Transfer):
        return op.recipient
    return op.slot if isinstance(op, Cancel) else 0


def _get_operand(op: CashOp) -> int:
    if isinstance(op, Cancel):
        return op.nonce
    return op.amount_e6 if isinstance(op, Withdraw | Transfer | CloseAccount) else 0
