"""A group as the contract meets it: honest ones of 1 and of 64 batches, and forgeries, each refused for its reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Final

import pytest

from rollup.blob import decode_blob, encode_blob
from rollup.bls_field import P, evaluate
from rollup.errors import RollupError
from rollup.field import R
from rollup.public_inputs import get_bridge_words, get_segment
from rollup.segment import count_elements
from rollup.txs import Withdraw
from tests.random_day import SHAPE
from tests.verifier.bridge_groups import Case, make_case
from verifier import kzg
from verifier.bridge import TAG_PAYMENT, list_entries, pack_bridge
from verifier.bridge_errors import BlobWrong, GroupMalformed, PublicInputWrong, ValueNotCanonical
from verifier.group import commit_group, count_fitting, join_limbs, join_values
from verifier.group_check import Opening

N: Final = 4  # batches of the group that forgeries are made of
START: Final = 6
L: Final = count_elements(SHAPE)


def get_case() -> Case:
    return make_case(N, START)


def find_batch(case: Case, is_wanted: Callable[[int], bool]) -> int:
    return next(i for i in range(len(case.traces)) if is_wanted(i))


def test_64_batches_fit() -> None:
    assert (count_fitting(L), count_fitting(55), count_fitting(64), count_fitting(65)) == (64, 64, 64, 63)


@pytest.mark.parametrize("n_batches", [1, 64])
def test_honest_group(n_batches: int) -> None:
    case = make_case(n_batches)
    assert case.check().is_valid
    assert case.check_bytes().is_valid


@pytest.mark.parametrize("n_batches", [1, 64])
def test_ckzg_confirms_the_sum_of_the_segments(n_batches: int) -> None:
    case = make_case(n_batches)
    z, opening = case.sealed.z, case.opening
    values = [claim.blob_value_low + (claim.blob_value_high << 128) for claim in case.claims]
    assert values == [evaluate(get_segment(trace), z) for trace in case.traces]
    assert opening.value == sum(pow(z, k * L, P) * value for k, value in enumerate(values)) % P
    assert opening.value == join_values(values, z, L)
    assert case.sealed.group.versioned_hash == kzg.versioned_hash(kzg.commit(case.sealed.blob))
    assert kzg.verify(opening.commitment, z, opening.value, opening.proof)
    assert not kzg.verify(opening.commitment, z, (opening.value + 1) % P, opening.proof)
    assert not kzg.verify(opening.commitment, z + 1, opening.value, opening.proof)
    assert decode_blob(case.sealed.blob)[: n_batches * L] == [x for trace in case.traces for x in get_segment(trace)]


def test_group_without_some_proofs_is_checked_as_far_as_it_goes() -> None:
    case = get_case()
    some = replace(case, claims=(None, case.claims[1], None, None))  # type: ignore[arg-type] # as a sample leaves them
    assert some.check().is_valid
    assert some.check_bytes().is_valid
    wrong = replace(some, claims=(None, case.claims[1]._replace(new_state_root=1), None, None))  # type: ignore[arg-type]
    assert [error is None for error in wrong.check().batches] == [True, False, True, True]
    worse = replace(some, sealed=replace(case.sealed, opening=replace(case.opening, value=1)))
    assert isinstance(worse.check().blob, BlobWrong)


def test_batches_of_the_forged_group_cross_the_bridge() -> None:
    case = get_case()
    assert all(any(get_bridge_words(trace)) for trace in case.traces)
    assert case.queue
    assert any(isinstance(lane.op, Withdraw) for trace in case.traces for lane in trace.cash_lanes)


def find_withdrawal(case: Case) -> int:
    traces = case.traces
    return find_batch(case, lambda i: any(isinstance(lane.op, Withdraw) for lane in traces[i].cash_lanes))


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
    lane, last = len(SHAPE.trade_capacities), case.sealed.group.batches[0].calldata
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
    from rollup.public_inputs import compute_public_inputs

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


def list_errors(case: Case) -> list[RollupError]:
    verdict = case.check()
    return [error for error in (*verdict.batches, verdict.blob) if error is not None]


@pytest.mark.parametrize("name", FORGERIES)
def test_invalid_group(name: str) -> None:
    forge, code, fact = FORGERIES[name]
    errors = list_errors(forge())
    assert any(error.code == code and fact in str(error) for error in errors), [str(error) for error in errors]
    assert {error.code for error in errors} <= {code, BlobWrong.code}


def test_invalid_values_that_trade_with_one_another() -> None:
    case = trade_between_values()
    assert case.check().is_valid  # their proofs do not exist: each value is the circuit's
    wrong = case.check_bytes().batches
    assert [isinstance(error, PublicInputWrong) for error in wrong] == [True, True, False, False]


@pytest.mark.parametrize(("forge", "index"), [(swap_segments, 0), (leave_out_a_fill, 2)])
def test_invalid_blob_names_the_batch(forge: Callable[[], Case], index: int) -> None:
    error = forge().check_bytes().batches[index]
    assert isinstance(error, PublicInputWrong)
    assert (error.batch, error.field) == (f"batch-{START + index:04}", "blob value")


def flip_blob(case: Case) -> Case:
    blob = bytearray(case.sealed.blob)
    blob[-1] ^= 1
    return replace(case, sealed=replace(case.sealed, blob=bytes(blob)))


def test_invalid_bytes_of_a_blob() -> None:
    case = get_case()
    assert isinstance(add_after_the_end().check_bytes().blob, BlobWrong)
    for blob in (case.sealed.blob[:-1], b"\xff" * len(case.sealed.blob)):
        assert replace(case, sealed=replace(case.sealed, blob=blob)).check_bytes().blob is not None
    elements = decode_blob(case.sealed.blob)
    other = encode_blob([elements[0] ^ 1, *elements[1:]])
    error = replace(case, sealed=replace(case.sealed, blob=other)).check_bytes().blob
    assert isinstance(error, BlobWrong)
    assert error.field == "commitment of its bytes"
    assert flip_blob(case).check_bytes().blob is not None


@pytest.mark.parametrize("index", range(N))
@pytest.mark.parametrize("field", get_case().claims[0]._fields)
def test_invalid_public_input(index: int, field: str) -> None:
    case = get_case()
    changed = case.change_claim(index, **{field: getattr(case.claims[index], field) + 1})
    verdict = changed.check()
    if field.startswith("blob_value"):
        assert isinstance(verdict.blob, BlobWrong)
        assert isinstance(changed.check_bytes().batches[index], PublicInputWrong)
        return
    error = verdict.batches[index]
    assert isinstance(error, PublicInputWrong)
    assert (error.batch, error.field) == (f"batch-{START + index:04}", field)
    assert sum(other is not None for other in verdict.batches) == 1


def test_invalid_number_of_public_inputs() -> None:
    case = get_case()
    short = replace(case, claims=(case.claims[0][:8], *case.claims[1:]))  # type: ignore[arg-type] # as a file may hold
    assert isinstance(short.check().batches[0], GroupMalformed)


BATCH = get_case().sealed.group.batches[1]


@pytest.mark.parametrize(
    ("index", "changes", "field"),
    [
        (1, {"clock_and_entries": BATCH.clock_and_entries + (1 << 72)}, "entries consumed"),
        (1, {"calldata": BATCH.calldata + b"\x00"}, "calldata"),
        (1, {"calldata": BATCH.calldata[:-1]}, "calldata"),
        (1, {"clock_and_entries": BATCH.clock_and_entries + 1}, "batch number"),
        (1, {"clock_and_entries": BATCH.clock_and_entries - (1 << 52)}, "timestamp_s"),
        (1, {"new_root": R}, "new_root"),
        (1, {"data_commitment": R}, "data_commitment"),
        (0, {"clock_and_entries": R}, "clock_and_entries"),
    ],
)
def test_invalid_batch_of_a_group(index: int, changes: dict[str, int | bytes], field: str) -> None:
    group = get_case().sealed.group
    batches = list(group.batches)
    batches[index] = replace(batches[index], **changes)  # type: ignore[arg-type] # its own fields
    with pytest.raises(GroupMalformed) as caught:
        commit_group(replace(group, batches=tuple(batches)), get_case().queue)
    assert (caught.value.where, caught.value.field) == (batches[index].name, field)


def test_invalid_group_of_too_many_batches_or_none() -> None:
    group, queue = make_case(64).sealed.group, make_case(64).queue
    for batches in ((), (*group.batches, group.batches[-1])):
        with pytest.raises(GroupMalformed, match="number of batches"):
            commit_group(replace(group, batches=batches), queue)
    with pytest.raises(GroupMalformed, match="number of batches: got 64, expected 1 to 63"):
        commit_group(replace(group, n_elements=65), queue)


def test_invalid_versioned_hash_of_another_length() -> None:
    with pytest.raises(GroupMalformed, match="versioned hash"):
        commit_group(replace(get_case().sealed.group, versioned_hash=b"\1"), get_case().queue)


def test_invalid_group_whose_queue_is_too_short_says_so_for_every_batch() -> None:
    case = get_case()
    verdict = replace(case, queue=case.queue[:-1]).check()
    assert not verdict.is_valid
    assert all(isinstance(error, GroupMalformed) for error in (*verdict.batches, verdict.blob))
    last = max(i for i, trace in enumerate(case.traces) if list_entries(trace))
    assert f"batch-{START + last:04}: calldata" in str(verdict.blob)


@pytest.mark.parametrize(("low", "high"), [(0, 0), (2**128 - 1, 0), ((P - 1) % 2**128, (P - 1) >> 128)])
def test_value_of_canonical_limbs(low: int, high: int) -> None:
    assert join_limbs("batch", low, high) == low + high * 2**128


@pytest.mark.parametrize(("low", "high"), [(2**128, 0), (-1, 1), (P % 2**128, P >> 128), (0, 2**127), (0, -1)])
def test_invalid_limbs(low: int, high: int) -> None:
    with pytest.raises(ValueNotCanonical):
        join_limbs("batch", low, high)
