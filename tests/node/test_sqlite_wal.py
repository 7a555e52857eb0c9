"""A write-ahead log that was damaged is told from one that a crash cut short."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sequencer.node.errors import StoreCorrupt
from sequencer.node.links import Record
from sequencer.node.opening import open_store
from sequencer.node.sqlite_store import DATABASE_FILE

WAL_FILE = f"{DATABASE_FILE}-wal"
N_GROUPS = 8
GROUP = 3


@pytest.fixture
def crashed(tmp_path: Path) -> Path:
    """Return a folder as a killed leader leaves it: all that it wrote stands in the write-ahead log alone."""
    folder = tmp_path / "crashed"
    folder.mkdir()
    with open_store(tmp_path / "store") as store:
        for number in range(N_GROUPS):
            store.append([Record(number, bytes([number]) * 400)] * GROUP)
        for name in (DATABASE_FILE, WAL_FILE):
            shutil.copy(tmp_path / "store" / name, folder / name)
    return folder


def copy_with(crashed: Path, log: bytes) -> Path:
    copy = crashed.parent / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(crashed, copy)
    (copy / WAL_FILE).write_bytes(log)
    return copy


def test_whole_log_is_read(crashed: Path) -> None:
    with open_store(crashed) as store:
        assert store.last_sequence == N_GROUPS * GROUP
        assert (crashed / WAL_FILE).stat().st_size < 50_000  # emptied, and then this opening's own


def test_commits_of_an_earlier_turn_of_the_log_are_no_damage(tmp_path: Path) -> None:
    n_groups = 260  # of four pages and more: the log turns at a thousand
    with open_store(tmp_path / "store") as store:
        for _ in range(n_groups):
            store.append([Record(1, bytes(4000))] * 4)
        shutil.copytree(tmp_path / "store", tmp_path / "crashed", ignore=shutil.ignore_patterns("*-shm", "*.lock"))
    log = (tmp_path / "crashed" / WAL_FILE).read_bytes()
    assert len({log[place + 8 : place + 16] for place in range(32, len(log), 24 + 4096)}) > 1
    with open_store(tmp_path / "crashed") as store:
        assert store.last_sequence == 4 * n_groups


def test_flipped_bit_costs_at_most_the_last_group_or_is_reported(crashed: Path) -> None:
    log = (crashed / WAL_FILE).read_bytes()
    outcomes = set()

    @settings(max_examples=60)
    @given(place=st.integers(0, len(log) - 1), bit=st.integers(0, 7))
    def check(place: int, bit: int) -> None:
        damaged = bytearray(log)
        damaged[place] ^= 1 << bit
        try:
            with open_store(copy_with(crashed, damaged)) as store:
                outcomes.add("read")
                assert store.last_sequence >= (N_GROUPS - 1) * GROUP
        except StoreCorrupt:
            outcomes.add("reported")

    check()
    assert "reported" in outcomes


@pytest.mark.parametrize("place", [0, 3, 8, 16, 23, 24, 31, 32, 41, 60])
def test_invalid_log_damaged_at_its_beginning(crashed: Path, place: int) -> None:
    log = bytearray((crashed / WAL_FILE).read_bytes())
    log[place] ^= 1
    with pytest.raises(StoreCorrupt, match="commits that fit no checksum"):
        open_store(copy_with(crashed, log))


@pytest.mark.parametrize("n_bytes", [0, 1, 31, 32, 5000, 20_000])
def test_log_cut_short_is_read_to_its_last_whole_commit(crashed: Path, n_bytes: int) -> None:
    log = (crashed / WAL_FILE).read_bytes()
    with open_store(copy_with(crashed, log[: len(log) - n_bytes])) as store:
        assert store.last_sequence % GROUP == 0
        assert store.append([Record(1, b"")]) % GROUP == 1
