"""What the node refuses: commands before anything of them is in the log, records that are not what they say."""

from __future__ import annotations

from dataclasses import dataclass

from rollup.errors import BatchInvalid, RollupError, TxRejected

__all__ = [
    "CancelTimeNotRising",
    "LiveStateInvalid",
    "NodeBusy",
    "NodeStopping",
    "NonceUsed",
    "OutcomeInvalid",
    "RecordMalformed",
    "StateDiverged",
    "SubscriberSlow",
    "WithdrawOnly",
]


@dataclass(eq=False)
class RecordMalformed(RollupError):
    """A record of the log is not what its kind says."""

    code = "record_malformed"
    kind: int
    field: str
    got: str
    expected: str

    def __str__(self) -> str:
        return f"record of kind {self.kind}: {self.field}: got {self.got}, expected {self.expected}"


@dataclass(eq=False)
class OutcomeInvalid(BatchInvalid):
    """A record of what came of an auction is not one, not whole, or not well formed."""

    code = "outcome_invalid"
    source: str
    reason: str

    def __str__(self) -> str:
        return f"{self.source}: {self.reason}"


@dataclass(eq=False)
class LiveStateInvalid(BatchInvalid):
    """A snapshot in the store does not hold what a node needs to go on."""

    code = "live_state_invalid"
    reason: str

    def __str__(self) -> str:
        return f"snapshot of the store: {self.reason}"


@dataclass(eq=False)
class StateDiverged(RollupError):
    """What the log says came of an auction does not follow from the state before it."""

    code = "state_diverged"
    auction: int
    field: str
    got: str
    expected: str

    def __str__(self) -> str:
        return f"auction {self.auction}: {self.field}: got {self.got}, expected {self.expected}"


@dataclass(eq=False)
class NonceUsed(TxRejected):
    """An order's slot has seen this nonce or a higher one: cancelled, replaced, or another order with the same."""

    code = "nonce_used"
    account: int
    slot: int
    nonce: int
    lowest_free: int

    def __str__(self) -> str:
        return (
            f"account {self.account}: slot {self.slot}: nonce {self.nonce}, the lowest free one is {self.lowest_free}"
        )


@dataclass(eq=False)
class CancelTimeNotRising(TxRejected):
    """A cancel-all is not newer than the account's last one."""

    code = "cancel_time_not_rising"
    account: int
    time_ms: int
    previous_ms: int

    def __str__(self) -> str:
        return f"account {self.account}: cancel-all of {self.time_ms} ms, the last was of {self.previous_ms} ms"


@dataclass(eq=False)
class WithdrawOnly(TxRejected):
    """The node takes cancels and withdrawals alone."""

    code = "withdraw_only"
    account: int

    def __str__(self) -> str:
        return f"account {self.account}: the node takes only cancels, withdrawals and closes now"


@dataclass(eq=False)
class NodeBusy(RollupError):
    """More commands wait than the node is willing to hold."""

    code = "node_busy"
    waiting: int
    limit: int

    def __str__(self) -> str:
        return f"{self.waiting} commands wait, at most {self.limit}: try again"


@dataclass(eq=False)
class NodeStopping(RollupError):
    """The node takes no more commands: it is about to end."""

    code = "node_stopping"

    def __str__(self) -> str:
        return "the node is about to end: try again later"


@dataclass(eq=False)
class SubscriberSlow(RollupError):
    """A reader of events fell too far behind and was ended."""

    code = "subscriber_slow"
    waiting: int

    def __str__(self) -> str:
        return f"{self.waiting} events were not read in time"
