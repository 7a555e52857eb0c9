"""What a RescueLane publishes. A forced trade stands in the queue already: only its outcome is new."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from rollup.records import RESCUE_WORDS
from rollup.rescue import Counterparty, ForcedTradeLeg, RescueOp, Takeover, Victim
from rollup.trace import RescueLaneTrace

__all__ = ["NO_RESCUE", "RescueKind", "RescueRecord", "record_rescue_lane"]


class RescueKind(IntEnum):
    """What a RescueLane does."""

    UNUSED = 0
    TAKEOVER = 1
    VICTIM = 2
    COUNTERPARTY = 3
    FIRST_LEG = 4
    SECOND_LEG = 5


@dataclass(frozen=True)
class RescueRecord:
    """One rescue operation. What a kind has no use for is 0."""

    kind: int
    is_applied: bool  # of a forced trade's leg
    account: int
    market: int  # of a counterparty
    lots: int  # that a counterparty takes

    def to_words(self) -> list[int]:
        """Return the words of `RESCUE_WORDS`."""
        fields = {
            "kind": self.kind,
            "is_applied": int(self.is_applied),
            "account": self.account,
            "market": self.market,
            "lots": self.lots,
        }
        return [word.pack(fields) for word in RESCUE_WORDS]

    @classmethod
    def from_fields(cls, fields: Mapping[str, int]) -> RescueRecord:
        """Return the record of unpacked words."""
        is_applied = bool(fields["is_applied"])
        return cls(fields["kind"], is_applied, fields["account"], fields["market"], fields["lots"])


NO_RESCUE: Final = RescueRecord(RescueKind.UNUSED, False, 0, 0, 0)


def record_rescue_lane(lane: RescueLaneTrace) -> RescueRecord:
    """Return what a lane publishes."""
    op = lane.op
    if op is None:
        return NO_RESCUE
    is_applied = isinstance(op, ForcedTradeLeg) and op.is_applied
    market, lots = (op.market, op.lots) if isinstance(op, Counterparty) else (0, 0)
    return RescueRecord(_get_kind(op), is_applied, lane.account_id, market, lots)


def _get_kind(op: RescueOp) -> RescueKind:
    match op:
        case Takeover():
            return RescueKind.TAKEOVER
        case Victim():
            return RescueKind.VICTIM
        case Counterparty():
            return RescueKind.COUNTERPARTY
    return RescueKind.SECOND_LEG if op.leg.is_second else RescueKind.FIRST_LEG
