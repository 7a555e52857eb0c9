"""Make a tape of random trades: a price that walks, calm and wild by turns, takers of every size.

    python examples/make_random.py 7 2000 random.csv

The same seed and number of trades give the same bytes. `zkmargin replay random.csv` clears it like any tape.
"""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

FIRST_MS = 1_760_000_000_000
START_CENTS = 2_500
STEP_PPM = (200, 200, 200, 4_000)  # of the price, a trade; one stretch in four is wild
STRETCH = 100  # trades
HEADER = "time_ms,id,side,price,amount"


def make_rows(seed: int, n_trades: int) -> list[str]:
    """Return the header and so many trades, in the order of time."""
    random, time_ms, cents = Random(seed), FIRST_MS, START_CENTS
    rows, step_ppm = [HEADER], STEP_PPM[0]
    for number in range(n_trades):
        if number % STRETCH == 0:
            step_ppm = random.choice(STEP_PPM)
        cents = max(1, cents + round(random.gauss(0, cents * step_ppm / 10**6)))
        time_ms += random.randrange(1, 400)
        amount = 1 + int(random.paretovariate(1.1)) % 5_000
        rows.append(f"{time_ms},{number + 1},{random.choice(('buy', 'sell'))},{cents // 100}.{cents % 100:02},{amount}")
    return rows


def main(seed: int, n_trades: int, target: Path) -> None:
    """Write the tape."""
    target.write_text("\n".join(make_rows(seed, n_trades)) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
