"""The five public inputs of a batch, and the bridge words one of them commits to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rollup import tags
from rollup.poseidon import poseidon
from rollup.rescue import ForcedTradeLeg, RescueOp
from rollup.trace import BatchTrace
from rollup.txs import compute_bridge_words

__all__ = ["PublicInputs", "compute_data_commitment", "compute_public_inputs", "get_bridge_words"]

_CHUNK = 15


class PublicInputs(NamedTuple):
    """In this order, as field elements."""

    old_state_root: int
    new_state_root: int
    params_hash: int
    clock: int
    data_commitment: int


def get_bridge_words(trace: BatchTrace) -> tuple[int, ...]:
    """Return four words for each CashLane and RescueLane, in lane order: what the base layer checks and can claim."""
    cash = (
        word
        for lane in trace.cash_lanes
        for word in compute_bridge_words(lane.op, lane.before.owner, lane.is_applied, lane.paid_e6)
    )
    return (*cash, *(word for lane in trace.rescue_lanes for word in _get_rescue_words(lane.op)))


def _get_rescue_words(op: RescueOp | None) -> tuple[int, int, int, int]:
    return op.leg.bridge_words(op.is_applied) if isinstance(op, ForcedTradeLeg) else (0, 0, 0, 0)


def compute_data_commitment(words: Sequence[int]) -> int:
    """Return the chain c <- H16(c, next 15 words) from c = 0, the last chunk padded with zeros."""
    commitment = 0
    for start in range(0, len(words), _CHUNK):
        chunk = words[start : start + _CHUNK]
        padding = (0,) * (_CHUNK - len(chunk))
        commitment = poseidon((commitment, *chunk, *padding), tags.DATA)
    return commitment


def compute_public_inputs(trace: BatchTrace) -> PublicInputs:
    """Return the public inputs of the batch."""
    return PublicInputs(
        old_state_root=trace.header_before.state_root,
        new_state_root=trace.header_after.state_root,
        params_hash=trace.params.params_hash,
        clock=trace.header_after.clock,
        data_commitment=compute_data_commitment(get_bridge_words(trace)),
    )
