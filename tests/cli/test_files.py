"""Files are whole or absent."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from sequencer.errors import FileMissing, FileTooLarge
from sequencer.files import read_limited, staged_folder, sync_folder, write_atomically


def test_write_replaces_and_leaves_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "new" / "file"
    write_atomically(target, b"one")
    write_atomically(target, b"two")
    assert target.read_bytes() == b"two"
    assert [path.name for path in target.parent.iterdir()] == ["file"]


def test_secret_file_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    write_atomically(tmp_path / "key", b"secret", is_secret=True)
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600


def test_invalid_write_onto_a_folder_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(IsADirectoryError):
        write_atomically(tmp_path / "folder", b"data")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_read_up_to_the_limit(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc")
    assert read_limited(tmp_path / "file", 3) == b"abc"


def test_invalid_read_one_byte_beyond_the_limit(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abcd")
    with pytest.raises(FileTooLarge):
        read_limited(tmp_path / "file", 3)


def test_staged_files_appear_together(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with staged_folder(out, "last") as stage:
        (stage / "last").write_text("1")
        (stage / "a").write_text("2")
        assert not (out / "a").exists()
    assert sorted(path.name for path in out.iterdir()) == ["a", "last"]


def write_and_stop(out: Path) -> None:
    with staged_folder(out, "last") as stage:
        (stage / "last").write_text("after")
        raise ValueError("stop")


def test_invalid_stage_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="stop"):
        write_and_stop(tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_invalid_stage_keeps_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "last").write_text("before")
    with pytest.raises(ValueError, match="stop"):
        write_and_stop(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["last"]
    assert (tmp_path / "last").read_text() == "before"


def test_invalid_stage_on_a_file(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(FileMissing):
        write_and_stop(tmp_path / "out")


def test_folder_is_synced_and_a_file_is_none(tmp_path: Path) -> None:
    sync_folder(tmp_path)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(NotADirectoryError):
        sync_folder(tmp_path / "file")
