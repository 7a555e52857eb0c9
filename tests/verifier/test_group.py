"""A group as the contract meets it: honest ones of 1 and of 64 batches, and forgeries, each refused for its reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from rollup.blob import decode_blob, encode_blob
from rollup.bls_field import P, evaluate
from rollup.errors import RollupError
from rollup.field import R
from rollup.public_inputs import PublicInputs, get_bridge_words, get_segment
from rollup.txs import Withdraw
from tests.verifier.bridge_groups import Case, make_case
from tests.verifier.group_forgeries import (
    FORGERIES,
    START,
    L,
    N,
    add_after_the_end,
    get_case,
    leave_out_a_fill,
    swap_segments,
    trade_between_values,
)
from verifier import kzg
from verifier.bridge import list_entries
from verifier.bridge_errors import BlobWrong, GroupMalformed, PublicInputWrong, ValueNotCanonical
from verifier.group import commit_group, count_fitting, join_limbs, join_values


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
@pytest.mark.parametrize("field", PublicInputs._fields)
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


@pytest.mark.parametrize(
    ("index", "field", "change", "refused"),
    [
        (1, "clock_and_entries", lambda value: value + (1 << 72), "entries consumed"),
        (1, "calldata", lambda calldata: calldata + b"\0", "calldata"),
        (1, "calldata", lambda calldata: calldata[:-1], "calldata"),
        (1, "clock_and_entries", lambda value: value + 1, "batch number"),
        (1, "clock_and_entries", lambda value: value - (1 << 52), "timestamp_s"),
        (1, "new_root", lambda value: R, "new_root"),
        (1, "data_commitment", lambda value: R, "data_commitment"),
        (0, "clock_and_entries", lambda value: R, "clock_and_entries"),
    ],
)
def test_invalid_batch_of_a_group(index: int, field: str, change: Callable[[Any], Any], refused: str) -> None:
    group = get_case().sealed.group
    batches = list(group.batches)
    changes: dict[str, Any] = {field: change(getattr(batches[index], field))}
    batches[index] = replace(batches[index], **changes)
    with pytest.raises(GroupMalformed) as caught:
        commit_group(replace(group, batches=tuple(batches)), get_case().queue)
    assert (caught.value.where, caught.value.field) == (batches[index].name, refused)


def test_invalid_group_of_too_many_batches_or_none() -> None:
    group, queue = make_case(64).sealed.group, make_case(64).queue
    for batches in ((), (*group.batches, group.batches[-1])):
        with pytest.raises(GroupMalformed, match="number of batches"):
            commit_group(replace(group, batches=batches), queue)
    with pytest.raises(GroupMalformed, match="number of batches: got 64, expected 1 to 63"):
        commit_group(replace(group, n_elements=65), queue)


@pytest.mark.parametrize(
    ("field", "value"),
    [("chain_id", 2**64), ("contract", 2**160), ("old_root", R), ("old_root", 10**78 - 1), ("number", -1)],
)
def test_invalid_field_of_a_group(field: str, value: int) -> None:
    changes: dict[str, Any] = {field: value}
    with pytest.raises(GroupMalformed) as caught:
        commit_group(replace(get_case().sealed.group, **changes), get_case().queue)
    assert (caught.value.where, caught.value.field) == ("group", field)


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
