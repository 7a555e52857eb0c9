"""What tests of the command line share."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sequencer.cli.main import run_cli
from sequencer.queue_file import Queue, encode_queue
from verifier.queue_entries import decode_entry


def list_files(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder, by its path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def run_json(capsys: pytest.CaptureFixture[str], *arguments: str | Path, status: int = 0) -> dict[str, Any]:
    """Return what a command prints with --json, having ended with the given status."""
    capsys.readouterr()
    assert run_cli([*map(str, arguments), "--json"]) == status
    return dict(json.loads(capsys.readouterr().out))


def assert_refused(capsys: pytest.CaptureFixture[str], fact: str, *arguments: str | Path) -> None:
    """Check that a command ends with status 2, prints no data, and says what is wrong in its last line."""
    capsys.readouterr()
    assert run_cli([*map(str, arguments)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    message = captured.err.splitlines()[-1]
    assert message.startswith("zkmargin: ")
    assert fact in message
    assert "Traceback" not in captured.err


def flip_bit(path: Path, position: int) -> None:
    """Turn one bit of a file."""
    data = bytearray(path.read_bytes())
    data[position] ^= 1
    path.write_bytes(bytes(data))


def truncate(path: Path) -> None:
    """Leave the first half of a file."""
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def edit_json(path: Path, **changes: object) -> None:
    """Replace fields of a JSON object."""
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def get_batches(run: Path) -> list[dict[str, Any]]:
    """Return the batches of a run's first group, as its file has them."""
    return list(json.loads((run / "group-0000.json").read_text())["batches"])


def edit_batch(run: Path, index: int, **changes: object) -> None:
    """Replace fields of a batch in the first group's file."""
    batches = get_batches(run)
    batches[index] |= changes
    edit_json(run / "group-0000.json", batches=batches)


def edit_entries(run: Path, change: Callable[[list[str]], list[str]]) -> None:
    """Change the queue's entries, and its head so that it fits them."""
    path = run / "queue.json"
    entries = change(json.loads(path.read_text())["entries"])
    path.write_bytes(encode_queue(Queue(0, tuple(decode_entry(bytes.fromhex(entry[2:])) for entry in entries))))
