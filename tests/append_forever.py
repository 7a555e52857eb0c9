"""A process that appends groups of random size and prints, after each, the last sequence number it may acknowledge."""

from __future__ import annotations

import random
import sys

from sequencer.node.links import Record
from tests.node_stores import open_patiently


def main(target: str, seed: int) -> None:
    """Append until killed. Each record says whose it is: seed and a number that rises by one."""
    rng = random.Random(seed)
    with open_patiently(target) as store:
        number = 0
        while True:
            n_records = rng.choice((1, 2, 7, 50, 200))
            group = [Record(seed, b"%d" % (number + index)) for index in range(n_records)]
            number += n_records
            store.append(group)
            print(store.last_sequence, number, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
