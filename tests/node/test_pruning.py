"""A store that keeps a window of settled batches, and where a node starts all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from rollup.blob import BLOB_BYTES
from rollup.shapes import TINY
from rollup.state import compute_clock
from sequencer.groups import encode_group
from sequencer.node.links import Record
from sequencer.node.opening import open_store
from sequencer.node.pipeline_state import Places, find_places, find_settlement
from sequencer.node.proving_errors import PipelineCorrupt
from sequencer.node.pruning import prune
from sequencer.node.stages import (
    BATCH,
    BLOB,
    CLAIM,
    GROUP,
    PROOF,
    PUBLIC,
    QUEUE,
    SETTLED,
    Settlement,
    name_batch,
    name_group,
    record_settlement,
)
from sequencer.node.store import Artifact, Store
from sequencer.sealing import SealedGroup
from verifier.group import Group, GroupBatch
from verifier.group_check import Opening

N_GROUPS = 6
N_SETTLED = 5
_BATCHES = 2  # of each group


def sequence_s(batch: int) -> int:
    return 10_000 + 100 * batch


def settle_s(group: int) -> int:
    return sequence_s(_BATCHES * group + _BATCHES) + 1_000


def make_group(number: int) -> bytes:
    """Return a group as its file has it; nothing but its form is looked at."""
    first = number * _BATCHES + 1
    batches = tuple(
        GroupBatch(name_batch(batch), 1, 2, b"", compute_clock(sequence_s(batch), batch))
        for batch in range(first, first + _BATCHES)
    )
    group = Group(1, 2, 3, number, 4, 5, bytes(32), batches)
    return encode_group(SealedGroup(group, TINY.name, 0, 7, Opening(bytes(48), 8, bytes(48)), b""))


def fill(store: Store) -> None:
    """Write a batch a hundred seconds, ten records each, and what became of most of them."""
    blob = bytes(BLOB_BYTES)
    for batch in range(1, N_GROUPS * _BATCHES + 1):
        parts = [Artifact(kind, name_batch(batch), b"x") for kind in (BATCH, PROOF, PUBLIC, CLAIM)]
        store.append([Record(1, b"%d" % batch)] * 10, now_us=sequence_s(batch) * 10**6, artifacts=parts)
    for group in range(N_GROUPS):
        bodies = ((GROUP, make_group(group)), (BLOB, blob), (QUEUE, b"q"))
        settled = Settlement(group, group * _BATCHES + 1, _BATCHES, "00" * 32, group, settle_s(group))
        store.append(
            (),
            artifacts=[
                *(Artifact(kind, name_group(group), body) for kind, body in bodies),
                *(record_settlement(settled)[1] if group < N_SETTLED else ()),
            ],
        )


def list_numbers(store: Store, kind: str) -> list[int]:
    return [int(one.name.rpartition("-")[2]) for one in store.list_artifacts(kind)]


@pytest.mark.parametrize(
    ("since_s", "snapshot", "first_kept", "n_records"),
    [
        (0, 120, 0, 0),  # all of it is in the window
        (settle_s(0), 120, 0, 0),
        (settle_s(0) + 1, 120, 1, 20),  # the log from the first batch of group 1 on
        (settle_s(2), 120, 2, 40),
        (settle_s(2), 17, 2, 17),  # never beyond the older snapshot
        (settle_s(2), 0, 2, 0),
        (10**9, 120, N_SETTLED - 1, 80),  # the last settled group stays
    ],
)
def test_window_is_kept_and_what_came_before_is_not(
    tmp_path: Path, since_s: int, snapshot: int, first_kept: int, n_records: int
) -> None:
    with open_store(tmp_path) as store:
        fill(store)
        store.put_snapshot(120, b"latest")
        pruned = prune(store, N_SETTLED, since_s, snapshot)
        assert (pruned.records, pruned.artifacts) == (n_records, first_kept * (4 * _BATCHES + 3))
        assert [record.sequence for record in store.read(0, 1)] == [n_records + 1]
        for kind in (BATCH, PROOF, PUBLIC, CLAIM):
            assert list_numbers(store, kind) == list(range(first_kept * _BATCHES + 1, N_GROUPS * _BATCHES + 1))
        for kind in (GROUP, BLOB, QUEUE):
            assert list_numbers(store, kind) == list(range(first_kept, N_GROUPS))
        assert list_numbers(store, SETTLED) == list(range(N_SETTLED))
        assert prune(store, N_SETTLED, since_s, snapshot).artifacts == 0
        assert find_places(store) == Places(N_SETTLED, N_GROUPS, N_GROUPS * _BATCHES, N_GROUPS * _BATCHES)
        assert find_settlement(store, 1, N_SETTLED).group == 0
    open_store(tmp_path).close()


def test_nothing_is_removed_before_anything_is_settled(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        fill(store)
        assert prune(store, 0, 10**9, 120).artifacts == 0
        assert store.read(0, 1)[0].sequence == 1


def test_log_is_kept_where_the_first_batch_is_not_known(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        fill(store)
        store.put_snapshot(120, b"latest")
        assert store.remove_artifacts(BLOB, "h") == N_GROUPS
        assert prune(store, N_SETTLED, 10**9, 120).records == 0


def test_settlements_one_after_the_other_take_one_look_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_store(tmp_path) as store:
        fill(store)
        last = N_SETTLED * _BATCHES
        looked: list[str] = []
        get = store.get_artifact
        monkeypatch.setattr(store, "get_artifact", lambda kind, name: looked.append(name) or get(kind, name))
        near = find_settlement(store, last, N_SETTLED)
        looked.clear()
        for batch in range(last, 0, -1):
            near = find_settlement(store, batch, N_SETTLED, near)
            assert near.group == (batch - 1) // _BATCHES
        assert looked == [name_group(group) for group in range(N_SETTLED - 2, -1, -1)]
        for start in range(N_SETTLED):
            begin = find_settlement(store, start * _BATCHES + 1, N_SETTLED)
            groups = [find_settlement(store, batch, N_SETTLED, begin).group for batch in range(1, last + 1)]
            assert groups == [batch // _BATCHES for batch in range(last)]
        with pytest.raises(PipelineCorrupt):
            find_settlement(store, last + 1, N_SETTLED, near)
