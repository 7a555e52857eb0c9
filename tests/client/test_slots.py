"""Slots and nonces: none is used twice, whatever ends the program and whenever."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sequencer.client.errors import NoFreeSlot, SlotExhausted, WalletInvalid
from sequencer.client.slots import SLOTS_FILE, SlotBook

ROOT = Path(__file__).parents[2]


def test_nonces_rise_in_each_slot(tmp_path: Path) -> None:
    with SlotBook(tmp_path, 2) as book:
        assert [book.next_nonce(5) for _ in range(20)] == list(range(1, 21))
        assert book.next_nonce(6) == 1


@settings(max_examples=40)
@given(st.lists(st.lists(st.integers(0, 3), max_size=30), min_size=1, max_size=5))
def test_no_nonce_is_used_twice_over_restarts(sessions: list[list[int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        used: set[tuple[int, int]] = set()
        for slots in sessions:
            with SlotBook(Path(folder), 2) as book:
                for slot in slots:
                    place = (slot, book.next_nonce(slot))
                    assert place not in used
                    used.add(place)


def test_no_nonce_is_used_twice_after_sigkill(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from sequencer.client.slots import SlotBook\n"
        "book = SlotBook(Path(sys.argv[1]), 2)\n"
        "while True: print(book.next_nonce(0), flush=True)"
    )
    used: list[int] = []
    for _ in range(5):
        command = [sys.executable, "-c", code, str(tmp_path)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            used += [int(process.stdout.readline()) for _ in range(11)]
            os.kill(process.pid, signal.SIGKILL)
            used += [int(line) for line in process.stdout.read().split("\n")[:-1] if line]
    assert len(set(used)) == len(used)


def test_free_slots_are_taken_and_given_back(tmp_path: Path) -> None:
    with SlotBook(tmp_path, 2) as book:
        book.hold(1)
        assert [book.take_slot() for _ in range(3)] == [0, 2, 3]
        book.release(2)
        assert book.take_slot() == 2


def test_invalid_order_without_a_free_slot(tmp_path: Path) -> None:
    with SlotBook(tmp_path, 2) as book:
        assert len({book.take_slot() for _ in range(512)}) == 512
        with pytest.raises(NoFreeSlot) as refused:
            book.take_slot()
        assert refused.value.account == 2


def test_invalid_nonce_beyond_what_a_fill_can_raise(tmp_path: Path) -> None:
    with SlotBook(tmp_path, 2) as book:
        assert [book.next_nonce(0) for _ in range(255)][-1] == 255
        with pytest.raises(SlotExhausted) as refused:
            book.next_nonce(0)
        assert (refused.value.nonce, refused.value.highest) == (256, 255)
        assert book.take_slot() == 1  # an exhausted slot is not offered
        book.raise_base(0, 200)
        assert book.next_nonce(0) == 256


def test_nonces_known_to_be_used_are_skipped(tmp_path: Path) -> None:
    with SlotBook(tmp_path, 2) as book:
        book.skip_to(0, 40)
        assert book.next_nonce(0) == 40
        book.skip_to(0, 7)
        assert book.next_nonce(0) == 41


def test_time_of_a_cancel_all_rises_even_where_the_clock_falls(tmp_path: Path) -> None:
    with SlotBook(tmp_path, 2) as book:
        assert book.next_time_ms(1000) == 1000
    with SlotBook(tmp_path, 2) as book:
        assert [book.next_time_ms(900), book.next_time_ms(900), book.next_time_ms(5000)] == [1001, 1002, 5000]


def test_invalid_second_program_on_one_wallet(tmp_path: Path) -> None:
    with SlotBook(tmp_path, 2), pytest.raises(WalletInvalid, match="another program"):
        SlotBook(tmp_path, 2)
    SlotBook(tmp_path, 2).close()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        json.dumps({"format": "zkmargin slots 1", "account": 3, "last_cancel_all_ms": 0, "slots": {}}),
        json.dumps({"format": "zkmargin slots 2", "account": 2, "last_cancel_all_ms": 0, "slots": {}}),
        json.dumps({"format": "zkmargin slots 1", "account": 2, "last_cancel_all_ms": 0, "slots": {"x": [1, 0]}}),
        json.dumps({"format": "zkmargin slots 1", "account": 2, "last_cancel_all_ms": 0, "slots": {"1": [1]}}),
        "[" * 100_000,
    ],
    ids=lambda text: text[:60],
)
def test_invalid_file_of_slots(tmp_path: Path, text: str) -> None:
    (tmp_path / SLOTS_FILE).write_text(text)
    with pytest.raises(WalletInvalid, match="no file of slots"):
        SlotBook(tmp_path, 2)
    (tmp_path / SLOTS_FILE).unlink()
    SlotBook(tmp_path, 2).close()  # the lock was given back


def test_file_of_slots_is_private(tmp_path: Path) -> None:
    with SlotBook(tmp_path, 2) as book:
        book.next_nonce(0)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
