"""Forgeries of a group: what a lying prover or sequencer could publish. Each is refused for the reason beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Final

from rollup.blob import decode_blob, encode_blob
from rollup.bls_field import P
from rollup.public_inputs import compute_public_inputs
from rollup.segment import count_elements
from rollup.txs import Withdraw
from tests.random_day import SHAPE
from tests.verifier.bridge_groups import Case, make_case
from verifier import kzg
from verifier.bridge import TAG_PAYMENT, pack_bridge
from verifier.bridge_errors import BlobWrong, PublicInputWrong, ValueNotCanonical
from verifier.group import commit_group
from verifier.group_check import Opening

N: Final = 4  # batches of the group that forgeries are made of
START: Final = 6
L: Final = count_elements(SHAPE)


def get_case() -> Case:
    return make_case(N, START)


def find_withdrawal(case: Case) -> int:
    """Return the first batch that pays somebody who asked for it."""
    lanes = (trace.cash_lanes for trace in case.traces)
    return next(i for i, batch in enumerate(lanes) if any(isinstance(lane.op, Withdraw) for lane in batch))


def swap_commitments() -> Case:
    """Data of one batch, commitment of another."""
    case = get_case()
    one, two = case.sealed.group.batches[:2]
    return case.change_batch(0, data_commitment=two.data_commitment).change_batch(
        1, data_commitment=one.data_commitment
    )


def put_blob(case: Case, coefficients: list[int]) -> Case:
    """Return the case with another blob, honestly committed to and opened at the z that then is."""
    blob = encode_blob(coefficients)
    commitment = kzg.commit(blob)
    moved = case.change_group(versioned_hash=kzg.versioned_hash(commitment))
    z = commit_group(moved.sealed.group, moved.queue).z
    proof, value = kzg.prove(blob, z)
    return replace(moved, sealed=replace(moved.sealed, blob=blob, opening=Opening(commitment, value, proof)))


def swap_segments() -> Case:
    case = get_case()
    elements = decode_blob(case.sealed.blob)
    return put_blob(case, elements[L : 2 * L] + elements[:L] + elements[2 * L :])


def leave_out_a_fill() -> Case:
    """Zero the bits of a fill in the third segment."""
    case = get_case()
    elements = decode_blob(case.sealed.blob)
    at = next(i for i in range(3 * L - 1, 2 * L, -1) if elements[i])
    elements[at] = 0
    return put_blob(case, elements)


def add_after_the_end() -> Case:
    case = get_case()
    return put_blob(case, [*decode_blob(case.sealed.blob)[: N * L], 1])


def leave_out_a_withdrawal() -> Case:
    """The circuit pays, the calldata do not say so: nobody could claim it."""
    case = get_case()
    index = find_withdrawal(case)
    trace = case.traces[index]
    lanes = tuple(replace(lane, op=None) if isinstance(lane.op, Withdraw) else lane for lane in trace.cash_lanes)
    return case.change_batch(index, calldata=pack_bridge(replace(trace, cash_lanes=lanes)))


def add_a_withdrawal() -> Case:
    """The calldata pay, the circuit does not."""
    case = get_case()
    last = case.sealed.group.batches[0].calldata
    lane = SHAPE.cash_lanes + SHAPE.rescue_lanes - 1
    payment = bytes([lane, TAG_PAYMENT]) + (7).to_bytes(3, "big") + (10**9).to_bytes(8, "big") + bytes(19) + b"\7"
    return case.change_batch(0, calldata=last + payment)


def pay_more() -> Case:
    """A withdrawal of more than the circuit took."""
    case = get_case()
    index = find_withdrawal(case)
    trace = case.traces[index]
    lanes = tuple(
        replace(lane, op=replace(lane.op, amount_e6=lane.op.amount_e6 + 1)) if isinstance(lane.op, Withdraw) else lane
        for lane in trace.cash_lanes
    )
    return case.change_batch(index, calldata=pack_bridge(replace(trace, cash_lanes=lanes)))


def move_payment_to_another_lane() -> Case:
    """The same withdrawal, a lane later: the order of bridge values changes."""
    case = get_case()
    index = find_withdrawal(case)
    trace = case.traces[index]
    place = next(i for i, lane in enumerate(trace.cash_lanes) if isinstance(lane.op, Withdraw))
    other = (place + 1) % len(trace.cash_lanes)
    lanes = list(trace.cash_lanes)
    lanes[place], lanes[other] = lanes[other], lanes[place]
    return case.change_batch(index, calldata=pack_bridge(replace(trace, cash_lanes=tuple(lanes))))


def swap_entries() -> Case:
    """The circuit consumed two entries the other way round than they stand in the queue."""
    case = get_case()
    at = next(i for i, (one, two) in enumerate(pairwise(case.queue)) if type(one) is type(two) and one != two)
    queue = list(case.queue)
    queue[at], queue[at + 1] = queue[at + 1], queue[at]
    return replace(case, queue=tuple(queue)).reprove()


def choose_z() -> Case:
    """Proofs at a point of the prover's choice, with the values that belong to it."""
    case, z = get_case(), 7
    proof, value = kzg.prove(case.sealed.blob, z)
    claims = tuple(compute_public_inputs(trace, z) for trace in case.traces)
    opening = Opening(case.opening.commitment, value, proof)
    return replace(case, claims=claims, sealed=replace(case.sealed, opening=opening))


def shift_limbs() -> Case:
    case = get_case()
    claim = case.claims[2]
    low, high = claim.blob_value_low + 2**128, claim.blob_value_high - 1
    return case.change_claim(2, blob_value_low=low, blob_value_high=high)


def add_p() -> Case:
    """The same value mod P, spelled another way."""
    case = get_case()
    value = case.claims[2].blob_value_low + (case.claims[2].blob_value_high << 128) + P
    return case.change_claim(2, blob_value_low=value % 2**128, blob_value_high=value >> 128)


def name_another_blob() -> Case:
    other = make_case(1)
    return get_case().change_group(versioned_hash=other.sealed.group.versioned_hash)


def take_another_opening() -> Case:
    case = get_case()
    return replace(case, sealed=replace(case.sealed, opening=replace(case.opening, proof=make_case(1).opening.proof)))


def trade_between_values() -> Case:
    """Two values changed so that their sum stays: the contract's sum holds, and the circuit's equation does not.

    What the contract checks is the sum alone; each value is the proof's own. Here the blob's bytes name the batch.
    """
    case = get_case()
    step = pow(case.sealed.z, L, P)
    values = [claim.blob_value_low + (claim.blob_value_high << 128) for claim in case.claims[:2]]
    moved = [(values[0] + step) % P, (values[1] - 1) % P]
    for i, value in enumerate(moved):
        case = case.change_claim(i, blob_value_low=value % 2**128, blob_value_high=value >> 128)
    return case


PUBLIC = PublicInputWrong.code
FORGERIES: dict[str, tuple[Callable[[], Case], str, str]] = {
    "data of one batch, commitment of another": (swap_commitments, PUBLIC, "batch-0006: data_commitment"),
    "segments swapped": (swap_segments, BlobWrong.code, "blob: value at z"),
    "a fill left out of the blob": (leave_out_a_fill, BlobWrong.code, "blob: value at z"),
    "a blob that goes on behind the last segment": (add_after_the_end, BlobWrong.code, "blob: value at z"),
    "a withdrawal missing from the calldata": (leave_out_a_withdrawal, PUBLIC, "bridge_value"),
    "a withdrawal that only the calldata know": (add_a_withdrawal, PUBLIC, "batch-0006: bridge_value"),
    "a withdrawal of one unit more": (pay_more, PUBLIC, "bridge_value"),
    "a withdrawal in another lane": (move_payment_to_another_lane, PUBLIC, "bridge_value"),
    "entries in another order": (swap_entries, PUBLIC, "bridge_value"),
    "z chosen by the prover": (choose_z, PUBLIC, "batch-0006: z is 7"),
    "a low limb of 129 bits": (shift_limbs, ValueNotCanonical.code, "batch-0008: blob_value_low"),
    "a value plus P": (add_p, ValueNotCanonical.code, "batch-0008: blob_value "),
    "the versioned hash of another blob": (name_another_blob, BlobWrong.code, "blob: versioned hash"),
    "the opening of another blob": (take_another_opening, BlobWrong.code, "the point evaluation fails"),
}
