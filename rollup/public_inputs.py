"""The nine public inputs of a batch, the data commitment, and the values at z that tie blob and queue to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from rollup import tags
from rollup.batch_record import encode_batch, record_batch
from rollup.bls_field import evaluate
from rollup.field import R
from rollup.poseidon import poseidon
from rollup.rescue import ForcedTradeLeg, RescueOp
from rollup.trace import BatchTrace
from rollup.txs import compute_bridge_words

__all__ = [
    "LONE_POINT",
    "POINT_BITS",
    "VALUE_LOW_BITS",
    "PublicInputs",
    "compute_bridge_value",
    "compute_data_commitment",
    "compute_public_inputs",
    "get_bridge_words",
    "get_segment",
    "pack_clock_and_entries",
]

POINT_BITS: Final = 248  # of z: below both moduli
VALUE_LOW_BITS: Final = 128  # the blob value's low limb; 127 bits are left for the high one
ENTRIES_SHIFT: Final = 72  # above time and batch number
LONE_POINT: Final = 7**80  # z of a batch that is checked on its own; a proof that settles takes its group's
_CHUNK = 16

assert LONE_POINT < 1 << POINT_BITS


class PublicInputs(NamedTuple):
    """In this order, as field elements. docs/data.md says how the contract comes by each."""

    old_state_root: int
    new_state_root: int
    params_hash: int
    clock_and_entries: int  # batch number 32 | timestamp_s 40 | entries of the queue consumed
    data_commitment: int
    z: int
    blob_value_low: int
    blob_value_high: int
    bridge_value: int


def get_segment(trace: BatchTrace) -> list[int]:
    """Return the elements that the batch adds to the blob, each below 2**248."""
    return encode_batch(record_batch(trace))


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


def compute_data_commitment(elements: Sequence[int], bridge_words: Sequence[int]) -> int:
    """Return the chain c <- Poseidon of the next 16 elements with initial capacity c, from the tag DATA.

    Over the segment, then the bridge words, the last chunk padded with zeros: their number is the shape's.
    """
    values = [*elements, *bridge_words]
    commitment: int = tags.DATA
    for start in range(0, len(values), _CHUNK):
        chunk = values[start : start + _CHUNK]
        commitment = poseidon((*chunk, *(0,) * (_CHUNK - len(chunk))), commitment)
    return commitment


def compute_bridge_value(bridge_words: Sequence[int], z: int) -> int:
    """Return sum_i w_i * z**(i + 1) mod r: what the contract works out again from its queue and the calldata."""
    value = 0
    for word in reversed(bridge_words):
        value = (value + word) * z % R
    return value


def pack_clock_and_entries(clock: int, n_entries: int) -> int:
    """Return batch number 32 | timestamp_s 40 | entries of the queue consumed."""
    return clock + (n_entries << ENTRIES_SHIFT)


def compute_public_inputs(trace: BatchTrace, z: int = LONE_POINT) -> PublicInputs:
    """Return the public inputs of the batch at the point z < 2**248: that of its group, or of a batch on its own."""
    elements, bridge_words = get_segment(trace), get_bridge_words(trace)
    before, after = trace.header_before, trace.header_after
    blob_value = evaluate(elements, z)
    return PublicInputs(
        old_state_root=before.state_root,
        new_state_root=after.state_root,
        params_hash=trace.params.params_hash,
        clock_and_entries=pack_clock_and_entries(after.clock, after.queue_consumed - before.queue_consumed),
        data_commitment=compute_data_commitment(elements, bridge_words),
        z=z,
        blob_value_low=blob_value & (1 << VALUE_LOW_BITS) - 1,
        blob_value_high=blob_value >> VALUE_LOW_BITS,
        bridge_value=compute_bridge_value(bridge_words, z),
    )
