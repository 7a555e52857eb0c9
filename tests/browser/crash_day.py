"""Draws docs/top.svg: a node that follows the worst minutes of AVAX on 10 October 2025 at their own pace, with people.

    .venv/bin/python -m tests.browser.crash_day docs/top.svg

Takes four minutes; `--steady` and `--shown` make it shorter, `--traders` the town smaller. tests/top draws a small one.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sequencer.client.errors import CommandRefused
from tests.browser.town import MAKER, Town
from tests.node.whole_node import COMMAND, ROOT

TAPE = ROOT / "examples" / "avax-2025-10-10-full.csv.gz"
FALL_S = range(1_040, 1_300)  # of the tape: from 19 to 6 USD
STEADY_S = 75.0  # before it, for people to arrive
SHOWN_S = 125.0  # into it
SOMEBODY = 11  # who trades on all the while
STAKES_USD = {8: 1_500, 9: 3_000, 10: 900, 12: 2_000, 13: 1_200, 14: 2_500, SOMEBODY: 30_000}
LEVERAGE = 8.6


def read_prices(steady_s: float) -> list[tuple[int, float]]:
    """Return the last price of each second of the fall, by milliseconds since the node's genesis."""
    with gzip.open(TAPE, "rt") as file:
        rows = [(int(row["time_ms"]), float(row["price"])) for row in csv.DictReader(file)]
    began_ms = rows[0][0]
    by_second = {(time_ms - began_ms) // 1_000: price for time_ms, price in rows}
    fall = [(int(1_000 * (s - FALL_S.start + steady_s)), by_second[s]) for s in FALL_S if s in by_second]
    return [(0, fall[0][1]), *fall]


class CrashTown(Town):
    """A town whose oracle says what was paid that day."""

    def __init__(self, folder: Path, steady_s: float) -> None:
        self._steady_s = steady_s
        super().__init__(folder)

    def write_tape(self, prices: list[tuple[int, float]]) -> None:
        super().write_tape(read_prices(self._steady_s))


def live(town: Town, stakes_usd: dict[int, int], until_s: float) -> None:
    """Let people arrive, buy on leverage, and one of them trade on until then."""
    price = read_prices(0)[0][1]
    town.arrive(MAKER, 400_000)
    for account, usd in stakes_usd.items():
        town.arrive(account, usd)
    town.start_quoting(400)
    time.sleep(3)
    for account, usd in stakes_usd.items():
        town.trade(account, 0, 100 if account == SOMEBODY else LEVERAGE * usd / price)
        time.sleep(2)  # a tiny batch has no place for all of them at once
    turn = 0
    while time.monotonic() < until_s:
        turn += 1
        try:
            town.trade(SOMEBODY, turn % 2, 10 + 7 * (turn % 5))
        except CommandRefused as error:
            print(error, file=sys.stderr)
        time.sleep(3)


def read_arguments() -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("svg", help="the picture to write")
    parser.add_argument("--steady", type=float, default=STEADY_S, help="seconds before the fall")
    parser.add_argument("--shown", type=float, default=SHOWN_S, help="seconds into it")
    parser.add_argument("--traders", type=int, default=len(STAKES_USD), help="who come beside the maker, at least one")
    return parser.parse_args()


def main() -> None:
    """Draw the picture."""
    asked = read_arguments()
    stakes_usd = dict(list(STAKES_USD.items())[-asked.traders :])  # SOMEBODY is the last
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        town = CrashTown(Path(folder), asked.steady)
        try:
            live(town, stakes_usd, began_s + asked.steady + asked.shown)
            subprocess.run([*COMMAND, "top", "--node", town.node.url, "--svg", asked.svg], check=True)
        finally:
            town.leave()
            town.node.end(signal.SIGTERM)
            town.close()


if __name__ == "__main__":
    main()
