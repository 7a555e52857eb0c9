"""A node that is killed at random points under load: no acknowledged order or cancel is lost, or there twice.

ZKMARGIN_KILLS says how often; `python -m benchmarks.node_crash` is the long version.
"""

from __future__ import annotations

import os
from pathlib import Path

from tests.node.crashing import Crashes

KILLS = int(os.environ.get("ZKMARGIN_KILLS", "8"))


def test_node_that_is_killed_again_and_again(tmp_path: Path) -> None:
    crashes = Crashes(tmp_path)
    for _ in range(KILLS):
        crashes.kill_once()
    while not crashes.counts["fills"]:  # lives on a slow machine may have been too short for an auction
        crashes.kill_once(2_000)
    assert crashes.counts["acknowledged"] > 100
    assert crashes.replay() == crashes.counts["outcomes"] > 0
