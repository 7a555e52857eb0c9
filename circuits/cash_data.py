"""What a CashLane publishes. Twin of rollup/cash_record.py."""

from __future__ import annotations

from collections.abc import Sequence

from circuits.bits import from_bits
from circuits.cash_holder import Applied
from circuits.cash_kinds import KIND_NAMES, Kinds
from circuits.cash_message import Signed
from circuits.linear import LC, sum_lc
from circuits.published import publish, publish_coordinate
from circuits.system import ConstraintSystem
from rollup.records import CASH_WORDS, OPERAND_PART_BITS

__all__ = ["publish_operation"]


def publish_operation(
    cs: ConstraintSystem, kinds: Kinds, applied: Applied, *, account: LC, operand_bits: Sequence[LC], signed: Signed
) -> None:
    """Constrain the lane's words: kind, outcome, account, recipient or slot; a signed operand; a new key.

    An entry's operand stands in the queue already. Constraints: 3 + 2 * 261, named data/...
    """
    kind = sum_lc([getattr(kinds, name) * number for number, name in enumerate(KIND_NAMES, start=1)])
    # a cancel's slot and a transfer's recipient are each 0 in a lane of another kind
    always = {"kind": kind, "is_applied": applied.any, "second": signed.slot + signed.recipient}
    publish(cs, 0, CASH_WORDS[0], kinds.used, {"account": account}, always, "operation")
    low, high = operand_bits[:OPERAND_PART_BITS], operand_bits[OPERAND_PART_BITS:]
    publish(cs, 1, CASH_WORDS[1], kinds.signed, {"operand_low": from_bits(low)}, {}, "operand_low")
    publish(cs, 2, CASH_WORDS[2], kinds.signed, {"operand_high": from_bits(high)}, {}, "operand_high")
    for axis, coordinate in zip("xy", signed.key, strict=True):
        publish_coordinate(cs, axis, coordinate)
