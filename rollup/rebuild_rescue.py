"""RescueLanes worked out from a batch's data: takeovers, victims and who takes what they leave, forced trades."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rollup.accounts import Account
from rollup.forced_trade import settle_forced_trade
from rollup.queue_events import QueueEvents
from rollup.rebuild_rules import Spot
from rollup.rescue_chain import RescueChain
from rollup.rescue_desk import RescueDesk
from rollup.rescue_record import NO_RESCUE, RescueKind, RescueRecord, record_rescue_lane
from rollup.resources import RESCUE_OPERATION, Units
from rollup.txs import ForcedTrade
from rollup.workspace import Workspace

__all__ = ["Rescued", "apply_rescue_records"]


@dataclass(frozen=True)
class Rescued:
    """What the lanes leave to the rest of the batch."""

    used: list[Units]
    fund: Account  # with all that it took over; in the tree at the FundLane
    rent_atoms: int


def apply_rescue_records(
    workspace: Workspace, records: Sequence[RescueRecord], queue: QueueEvents, spot: Spot
) -> Rescued:
    """Move the accounts as the lanes say. Raises RecordMisfit, QueueEntryMissing."""
    lanes = _Lanes(workspace, records, queue, spot)
    for position in range(len(records)):
        lanes.apply(position)
    lanes.require_nothing_left(spot.at("rescue"))
    return lanes.summarise()


class _Lanes:
    def __init__(self, workspace: Workspace, records: Sequence[RescueRecord], queue: QueueEvents, spot: Spot) -> None:
        self._workspace = workspace
        self._records = records
        self._queue = queue
        self._spot = spot
        self._chain = RescueChain(workspace, len(records))
        self._desk = RescueDesk(self._chain)
        self._n_done = 0  # records that lanes stand for: a forced trade takes two at once

    def apply(self, position: int) -> None:
        """Work out the lane, unless it is the second leg of the trade before it."""
        if position < self._n_done:
            return
        record, at = self._records[position], self._spot.at(f"rescue[{position}]")
        self._n_done = position + 1
        if record.kind != RescueKind.COUNTERPARTY:
            self.require_nothing_left(at)
        with at.guard("a rescue that the rules allow"):
            self._run(record, at)

    def require_nothing_left(self, at: Spot) -> None:
        """Raise RecordMisfit where only a counterparty may follow."""
        rest = self._chain.carry.deleveraging
        at.require(rest.notional == 0, "another lane", f"a counterparty for {rest.left_lots}")

    def summarise(self) -> Rescued:
        """Return what came of all lanes."""
        return Rescued([RESCUE_OPERATION] * len(self._chain.lanes), self._desk.fund, self._chain.rent_atoms)

    def _run(self, record: RescueRecord, at: Spot) -> None:
        if record.kind == RescueKind.UNUSED:
            at.require(record == NO_RESCUE, record, "an unused lane, all zero")
        elif record.kind == RescueKind.FIRST_LEG:
            self._trade(at)
        else:
            at.require_user(record.account)
            self._rescue(record, at)
            self._compare(-1, record, at)

    def _rescue(self, record: RescueRecord, at: Spot) -> None:
        match record.kind:
            case RescueKind.TAKEOVER:
                self._desk.take_over(record.account)
            case RescueKind.VICTIM:
                self._desk.end_victim(record.account)
            case RescueKind.COUNTERPARTY:
                rest, held = self._chain.carry.deleveraging, self._workspace.get(record.account).sizes_lots
                can_take = rest.can_take(record.market, record.lots, held[record.market])
                left = f"{rest.left_lots[record.market]} left, {held[record.market]} held"
                at.require(can_take, f"{record.lots} lots of market {record.market}", f"what can be taken: {left}")
                self._desk.take(record.account, record.market, record.lots)
            case _:
                at.require(False, f"kind {record.kind}", "a kind that may stand here")

    def _trade(self, at: Spot) -> None:
        """Consume the next entry of the queue in this lane and the next."""
        position, first = self._workspace.queue_consumed, self._n_done - 1
        entry = self._queue.get(position)
        if not isinstance(entry, ForcedTrade):
            at.require(False, "a forced trade", f"{type(entry).__name__}, queue entry {position}")
            return
        at.require(first + 1 < len(self._records), "the last lane", "a lane for the second leg")
        settle_forced_trade(self._chain, entry)
        for leg in (0, 1):
            self._compare(leg - 2, self._records[first + leg], self._spot.at(f"rescue[{first + leg}]"))
        self._n_done = first + 2

    def _compare(self, lane: int, record: RescueRecord, at: Spot) -> None:
        """Raise RecordMisfit unless the record is that of the lane worked out: its outcome, its account, no more."""
        expected = record_rescue_lane(self._chain.lanes[lane])
        at.require(record == expected, record, expected)
