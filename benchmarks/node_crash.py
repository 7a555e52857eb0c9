"""Kills a node under load many times and counts: `python -m benchmarks.node_crash --kills 200`."""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from prover import kernel
from tests.node.crashing import Crashes

_SHOWN_EVERY = 20


def main() -> None:
    """Kill, check and print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    kernel.install()
    started_s = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        crashes = Crashes(Path(folder), arguments.seed)
        for number in range(1, arguments.kills + 1):
            crashes.kill_once()
            if number % _SHOWN_EVERY == 0 or number == arguments.kills:
                print(f"{time.monotonic() - started_s:.0f} s", dict(crashes.counts), flush=True)
        print("outcomes made again, all the same:", crashes.replay())


if __name__ == "__main__":
    main()
