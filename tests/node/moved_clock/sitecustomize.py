"""Python imports this before anything else where its folder is on the path: a clock that a file moves, in seconds.

So every process of a whole node, those that it spawns included, has a clock that a test can set.
"""

from __future__ import annotations

import os
import time
from pathlib import Path


def _move(path: Path) -> None:
    now, now_ns = time.time, time.time_ns
    time.time = lambda: now() + int(path.read_text())
    time.time_ns = lambda: now_ns() + int(path.read_text()) * 10**9


if "ZKMARGIN_TEST_CLOCK" in os.environ:
    _move(Path(os.environ["ZKMARGIN_TEST_CLOCK"]))
