"""A clock that a test can move, for a node and for its engine's process: both read how far from a file."""

from __future__ import annotations

import os
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from sequencer.node import engine
from sequencer.node.engine_loop import run_engine

__all__ = ["JumpingClock", "run_jumping_engine"]

_VARIABLE = "ZKMARGIN_TEST_CLOCK"


class JumpingClock:
    """Moves the clock of this process and of engines started from now on, until the test ends."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._path = path
        self.jump(0)
        monkeypatch.setenv(_VARIABLE, str(path))
        now, now_ns = time.time, time.time_ns
        monkeypatch.setattr(time, "time", lambda: now() + _read(path))
        monkeypatch.setattr(time, "time_ns", lambda: now_ns() + _read(path) * 10**9)
        monkeypatch.setattr(engine, "run_engine", run_jumping_engine)

    def jump(self, seconds: int) -> None:
        """Let the clock be so far from the right time."""
        other = self._path.with_suffix(".new")
        other.write_text(str(seconds))
        other.replace(self._path)


def run_jumping_engine(connection: Connection, shape_name: str, tick_s: float) -> None:
    """Run an engine by that clock."""
    path, now = Path(os.environ[_VARIABLE]), time.time
    time.time = lambda: now() + _read(path)
    run_engine(connection, shape_name, tick_s)


def _read(path: Path) -> int:
    return int(path.read_text())
