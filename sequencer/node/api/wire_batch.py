"""What the API says of a batch's inside, and of checks that the node makes when it is asked."""

from __future__ import annotations

import msgspec

from sequencer.node.api.wire_types import Big, HexBytes
from sequencer.node.view_types import BatchStage

__all__ = [
    "BatchDetails",
    "Cleared",
    "InclusionVerdict",
    "Lane",
    "Nothing",
    "PublicInput",
    "SettlementInfo",
    "Verdict",
]


class Nothing(msgspec.Struct, forbid_unknown_fields=True):
    """An empty object: the body of a request that is all in its path."""


class Lane(msgspec.Struct):
    """One account's turn in a batch. operations: how many; `capacity` fit. An unused lane has none, and no account."""

    kind: str  # CashLane, RescueLane, TradeLane, QuoteLane, FundLane
    capacity: int
    account: int | None
    operations: int
    what: str  # of what kind they are; empty where the lane is unused
    constraints: int | None


class Cleared(msgspec.Struct):
    """A market's auction in the batch."""

    market: int
    name: str
    price_ticks: int
    volume_lots: Big


class PublicInput(msgspec.Struct):
    """What the proof speaks of: a field element, by its name in `rollup.public_inputs`."""

    name: str
    value: Big


class SettlementInfo(msgspec.Struct):
    """Where the base layer settled the batch's group. gas_used: of all its transactions, blob gas apart."""

    transaction: HexBytes
    block: int
    timestamp_s: int
    batches: int  # of the group
    gas_used: int | None


class BatchDetails(msgspec.Struct):
    """A batch from the inside. Proof and public inputs once it is proved, the settlement once it is settled."""

    number: int
    timestamp_s: int
    stage: BatchStage
    shape: str
    constraints: int | None
    old_state_root: Big
    new_state_root: Big
    orders: int
    liquidations: int
    lanes: tuple[Lane, ...]
    cleared: tuple[Cleared, ...]
    group: int | None
    prove_s: float | None
    proof: HexBytes | None  # A, B, C as EIP-197 has points
    public_inputs: tuple[PublicInput, ...]
    settlement: SettlementInfo | None
    segment_bytes: int  # of the blob


class Verdict(msgspec.Struct):
    """What came of a batch's proof under the node's verifying key.

    is_valid: e(A, B) = e(alpha, beta) * e(IC, gamma) * e(C, delta). is_bound: the roots that it speaks of are those of
    the batch in the node's store.
    """

    number: int
    is_valid: bool
    is_bound: bool
    is_development_key: bool
    verify_ms: float


class InclusionVerdict(msgspec.Struct):
    """Whether an account's inclusion proof leads to the state root of a batch."""

    account: int
    is_valid: bool
    batch_number: int
    state_root: Big
    is_settled: bool  # whether the base layer has that root, or a later one
    proof_bytes: int
    verify_ms: float
