"""A watcher tells each log once, in order, takes back what was replaced, and goes on where it was."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verifier.model_chain import CONTRACT, OTHER_TOPIC, TOPIC, ModelChain
from verifier.artifacts import load_artifact
from verifier.base_layer import Log
from verifier.watcher import Kind, Notice, Watched, Watcher, list_topics
from verifier.watcher_errors import FinalBlockReplaced, ReorgTooDeep, WatcherStateForeign, WatcherStateMoved
from verifier.watcher_state import Step, WatcherState

DEPTH = 3
SEEN = 0  # the kind of log, of ModelChain, that is watched


def watch(
    chain: ModelChain, path: Path, *, first_block: int = 0, range_blocks: int = 2, waiting: int = 1000
) -> Watcher:
    watched = Watched(1, (CONTRACT,), (TOPIC,), first_block, DEPTH, range_blocks, waiting)
    return Watcher(chain, watched, path)


class Consumer:
    """Whoever reads notices: what it believes, and that each one fits what it believes."""

    def __init__(self) -> None:
        self.live: list[Log] = []
        self.n_final = 0
        self.last = 0

    def take(self, notices: Sequence[Notice]) -> None:
        """Apply notices in order."""
        for notice in notices:
            assert notice.sequence == self.last + 1
            self.last = notice.sequence
            if notice.kind is Kind.SEEN:
                self.live.append(notice.log)
            elif notice.kind is Kind.UNDONE:
                assert self.live.pop() == notice.log
                assert len(self.live) >= self.n_final
            else:
                assert self.live[self.n_final] == notice.log
                self.n_final += 1


def drain(watcher: Watcher, consumer: Consumer) -> None:
    while notices := watcher.get_notices(3):
        consumer.take(notices)
        watcher.acknowledge(notices[-1].sequence)


def change(chain: ModelChain, action: tuple[str, int, list[list[int]]]) -> None:
    """Extend, replace or finalise, so that no block deeper than DEPTH below the highest head ever is replaced."""
    what, number, blocks = action
    floor = max(chain.final, chain.highest - DEPTH)
    if what == "reorganise" and chain.blocks[-1].number > floor:
        chain.cut(floor + number % (chain.blocks[-1].number - floor))
    if what == "finalise":
        chain.final = max(chain.final, min(chain.blocks[-1].number, number))
    for kinds in blocks:
        chain.extend(kinds)


Action = tuple[str, int, list[list[int]]]
ACTIONS = st.tuples(
    st.sampled_from(["extend", "reorganise", "finalise"]),
    st.integers(0, 40),
    st.lists(st.lists(st.integers(0, 3), max_size=2), max_size=4),
)


@settings(max_examples=100, deadline=None)
@given(
    turns=st.lists(
        st.tuples(
            ACTIONS,
            st.sampled_from(["poll", "catch up", "restart", "drain", "none"]),
            st.none() | st.tuples(st.integers(1, 8), ACTIONS),  # a change while the watcher reads
        ),
        max_size=20,
    ),
    range_blocks=st.integers(1, 5),
    first_block=st.integers(0, 3),
)
def test_consumer_believes_what_the_chain_holds(
    turns: list[tuple[Action, str, tuple[int, Action] | None]], range_blocks: int, first_block: int
) -> None:
    chain, consumer = ModelChain(), Consumer()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "watcher.db"
        watcher = watch(chain, path, first_block=first_block, range_blocks=range_blocks)
        for action, what, midway in turns:
            change(chain, action)
            if what in ("poll", "catch up"):
                if midway is not None:
                    chain.change_after(midway[0], partial(change, chain, midway[1]))
                (watcher.poll if what == "poll" else watcher.catch_up)()
            elif what == "restart":
                watcher.close()
                watcher = watch(chain, path, first_block=first_block, range_blocks=range_blocks)
            elif what == "drain":
                drain(watcher, consumer)
        chain.change_after(1, lambda: None)
        watcher.catch_up()
        drain(watcher, consumer)
        expected = [log for log in chain.list_logs() if log.block_number >= first_block]
        assert consumer.live == expected
        assert consumer.n_final == sum(log.block_number <= chain.final for log in expected)
        assert watcher.cursor == max(chain.blocks[-1].number, first_block - 1)
        watcher.close()


def make_chain(n_blocks: int) -> ModelChain:
    chain = ModelChain()
    for _ in range(n_blocks):
        chain.extend([SEEN])
    return chain


def replace(chain: ModelChain, n_blocks: int) -> None:
    chain.cut(chain.blocks[-1].number - n_blocks)
    for _ in range(n_blocks):
        chain.extend([SEEN])


def test_reorg_of_the_greatest_depth_is_undone_last_first(tmp_path: Path) -> None:
    chain = make_chain(9)
    watcher, old = watch(chain, tmp_path / "db"), chain.list_logs()
    watcher.catch_up()
    watcher.acknowledge(9)
    replace(chain, DEPTH)
    watcher.catch_up()
    notices = watcher.get_notices()
    assert [notice.kind for notice in notices] == [Kind.UNDONE] * DEPTH + [Kind.SEEN] * DEPTH
    assert [notice.log for notice in notices] == [*reversed(old[-DEPTH:]), *chain.list_logs()[-DEPTH:]]


def test_invalid_reorg_one_block_deeper(tmp_path: Path) -> None:
    chain = make_chain(9)
    watcher = watch(chain, tmp_path / "db")
    watcher.catch_up()
    replace(chain, DEPTH + 1)
    for _ in range(2):  # it does not go away, nor is anything recorded
        with pytest.raises(ReorgTooDeep) as caught:
            watcher.poll()
        assert (caught.value.cursor, caught.value.oldest) == (9, 6)
    assert (watcher.cursor, len(watcher.get_notices())) == (9, 9)


def test_invalid_replacement_of_a_final_block(tmp_path: Path) -> None:
    chain = make_chain(9)
    chain.final = 8
    watcher = watch(chain, tmp_path / "db")
    watcher.catch_up()
    assert watcher.final == 8
    replace(chain, 2)
    with pytest.raises(FinalBlockReplaced) as caught:
        watcher.poll()
    assert (caught.value.common, caught.value.final) == (7, 8)


@pytest.mark.parametrize("n_calls", range(1, 12))
def test_chain_that_changes_while_it_is_read(tmp_path: Path, n_calls: int) -> None:
    chain = make_chain(6)
    watcher, consumer = watch(chain, tmp_path / "db"), Consumer()
    watcher.catch_up()
    for _ in range(2):
        chain.extend([SEEN])
    # the last block that was read is replaced too, perhaps after it was compared
    chain.change_after(n_calls, lambda: replace(chain, DEPTH))
    watcher.poll()
    chain.change_after(1, lambda: None)
    watcher.catch_up()
    drain(watcher, consumer)
    assert consumer.live == chain.list_logs()


def test_reorg_of_all_that_was_read(tmp_path: Path) -> None:
    chain = make_chain(6)
    watcher, consumer = watch(chain, tmp_path / "db", first_block=5), Consumer()
    watcher.catch_up()
    replace(chain, 4)  # deeper than DEPTH, but nothing before block 5 was ever told
    watcher.catch_up()
    drain(watcher, consumer)
    assert consumer.live == chain.list_logs()[-2:]
    assert consumer.last == 2 + 2 + 2


def test_chain_that_is_shorter_is_a_reorg(tmp_path: Path) -> None:
    chain = make_chain(9)
    watcher, consumer = watch(chain, tmp_path / "db"), Consumer()
    watcher.catch_up()
    chain.cut(7)
    watcher.catch_up()
    drain(watcher, consumer)
    assert consumer.live == chain.list_logs()
    assert watcher.cursor == 7


def test_poll_reads_one_range(tmp_path: Path) -> None:
    watcher = watch(make_chain(9), tmp_path / "db", range_blocks=4, first_block=1)
    assert [(watcher.poll(), watcher.cursor) for _ in range(4)] == [(4, 4), (4, 8), (1, 9), (0, 9)]


def test_first_block_that_is_yet_to_come(tmp_path: Path) -> None:
    chain = make_chain(2)
    watcher = watch(chain, tmp_path / "db", first_block=5)
    assert (watcher.catch_up(), watcher.cursor) == (0, 4)
    for _ in range(4):
        chain.extend([SEEN])
    assert (watcher.catch_up(), watcher.cursor) == (2, 6)


def test_nothing_is_read_while_too_many_notices_wait(tmp_path: Path) -> None:
    watcher = watch(make_chain(9), tmp_path / "db", range_blocks=3, waiting=3)
    assert watcher.catch_up() == 5  # blocks 0 to 2 hold two, then two and three more
    watcher.acknowledge(3)
    assert watcher.poll() == 3


def test_notices_stay_until_acknowledged_and_numbers_are_not_given_twice(tmp_path: Path) -> None:
    chain = make_chain(3)
    watcher = watch(chain, tmp_path / "db")
    watcher.catch_up()
    watcher.close()
    watcher = watch(chain, tmp_path / "db")
    assert [notice.sequence for notice in watcher.get_notices()] == [1, 2, 3]
    watcher.acknowledge(3)
    watcher.close()
    watcher = watch(chain, tmp_path / "db")
    chain.extend([SEEN])
    watcher.catch_up()
    assert [notice.sequence for notice in watcher.get_notices()] == [4]


def test_invalid_step_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    watcher = watch(make_chain(3), tmp_path / "db")

    def fail(self: WatcherState, number: int) -> list[Log]:
        raise RuntimeError("the process dies here")

    with monkeypatch.context() as patch:
        patch.setattr(WatcherState, "_take_final", fail)
        with pytest.raises(RuntimeError):
            watcher.poll()
    assert (watcher.cursor, watcher.get_notices()) == (-1, [])
    assert watcher.catch_up() == 3


def test_state_is_written_through_to_the_disk(tmp_path: Path) -> None:
    state = WatcherState(tmp_path / "db", "subject", 0)
    assert state._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert state._db.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL


def test_invalid_state_of_another_subject(tmp_path: Path) -> None:
    watch(make_chain(1), tmp_path / "db").close()
    with pytest.raises(WatcherStateForeign):
        Watcher(ModelChain(), Watched(1, (CONTRACT,), (OTHER_TOPIC,), 0), tmp_path / "db")


def test_invalid_state_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "db").write_bytes(b"not a database, and long enough to be looked at" * 100)
    with pytest.raises(WatcherStateForeign):
        watch(ModelChain(), tmp_path / "db")


def test_invalid_second_watcher_with_the_same_file(tmp_path: Path) -> None:
    chain = make_chain(3)
    first, second = (watch(chain, tmp_path / "db") for _ in range(2))
    chain.change_after(
        3, lambda: second._state.apply(Step([], [], {0: chain.blocks[0].hash}, -1, 0, 0, 0), -1) and None
    )
    with pytest.raises(WatcherStateMoved):
        first.poll()
    assert first.cursor == 0


def test_topics_are_those_of_the_abi() -> None:
    (topic,) = list_topics(load_artifact("StateRootAnchor"), "BatchSettled")
    assert len(topic) == 32
    with pytest.raises(KeyError):
        list_topics(load_artifact("StateRootAnchor"), "Deposited")
