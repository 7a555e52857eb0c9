"""Proving key files: damage of every kind is refused, and an abandoned setup leaves nothing behind."""

from __future__ import annotations

import os
import signal
import struct
import threading
from pathlib import Path

import pytest

from prover.kernel import ProvingKey, setup
from tests.prover.tiny import build_cubic_circuit


@pytest.fixture(scope="module")
def key_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("keys") / "cubic.key"
    setup(build_cubic_circuit(3), path, seed=b"test_key_file")
    return path.read_bytes()


def load(folder: Path, data: bytes) -> ProvingKey:
    path = folder / "damaged.key"
    path.write_bytes(data)
    return ProvingKey.load(path)


def test_whole_file_is_accepted(tmp_path: Path, key_bytes: bytes) -> None:
    assert load(tmp_path, key_bytes).is_development


@pytest.mark.parametrize(
    ("at", "word", "message"),
    [
        (0, b"ZKMX", 'magic .*ZKMX.*, expected "ZKMK"'),
        (4, struct.pack("<I", 2), "version 2, expected 1"),
        (8, struct.pack("<I", 2), "curve 2, expected 1"),
        (12, struct.pack("<I", 2), "out of range"),
        (16, struct.pack("<I", 28), "out of range"),
        (16, struct.pack("<I", 20), "bytes, expected .*: truncated or extended"),
        (20, struct.pack("<I", 0xFFFF_FFFF), "truncated or extended"),
        (28, struct.pack("<I", 0xFFFF_FFFF), "truncated or extended"),
    ],
)
def test_invalid_header(tmp_path: Path, key_bytes: bytes, at: int, word: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=f"damaged.key: .*{message}"):
        load(tmp_path, key_bytes[:at] + word + key_bytes[at + 4 :])


def test_invalid_truncated_or_extended(tmp_path: Path, key_bytes: bytes) -> None:
    for length in (1, 100, 159, 1000, len(key_bytes) - 1):
        with pytest.raises(ValueError, match=r"too short|truncated"):
            load(tmp_path, key_bytes[:length])
    with pytest.raises(ValueError, match="truncated or extended"):
        load(tmp_path, key_bytes + b"\0")


def test_invalid_empty_file(tmp_path: Path) -> None:
    with pytest.raises((ValueError, OSError), match=r"damaged\.key"):
        load(tmp_path, b"")


def test_invalid_bit_flipped_anywhere(tmp_path: Path, key_bytes: bytes) -> None:
    for at in range(0, len(key_bytes), 61):
        flipped = bytearray(key_bytes)
        flipped[at] ^= 1
        with pytest.raises(ValueError, match=r"damaged\.key"):
            load(tmp_path, bytes(flipped))


def test_invalid_missing_file(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"absent\.key"):
        ProvingKey.load(tmp_path / "absent.key")


def test_invalid_folder_for_a_new_key(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="absent"):
        setup(build_cubic_circuit(1), tmp_path / "absent" / "new.key")


class StopHere(Exception):
    """Raised by a progress callback."""


@pytest.mark.parametrize("stage_to_stop", ["setup QAP", "key A", "key H"])
def test_stopped_setup_leaves_the_old_key_and_no_temporary(tmp_path: Path, stage_to_stop: str) -> None:
    path = tmp_path / "kept.key"
    path.write_bytes(b"old")

    def stop(stage: str, done: int, total: int) -> None:
        if stage == stage_to_stop:
            raise StopHere(stage)

    with pytest.raises(StopHere, match=stage_to_stop):
        setup(build_cubic_circuit(3), path, progress=stop)
    assert [p.name for p in tmp_path.iterdir()] == ["kept.key"]
    assert path.read_bytes() == b"old"


def test_ctrl_c_interrupts_setup(tmp_path: Path) -> None:
    def interrupt(stage: str, done: int, total: int) -> None:
        if stage == "key A":
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    # a process started in the background ignores SIGINT, and Python with it
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            setup(build_cubic_circuit(3), tmp_path / "new.key", progress=interrupt)
    finally:
        signal.signal(signal.SIGINT, before)
    assert os.listdir(tmp_path) == []
