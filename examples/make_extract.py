"""Cut the minutes of the fall out of a full trade tape.

    python examples/make_extract.py avaxusd_perp_trades.csv.gz examples/avax-2025-10-10.csv.gz

The rows keep their columns and their text; the same input gives the same bytes.
"""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

FIRST_MS = 1_760_130_660_000  # 2025-10-10 21:11:00 UTC: a minute of calm at 25.0 USD
LAST_MS = 1_760_131_380_000  # 21:23:00: from the low at 6.0 back to 13.7
STRIDE = 4  # one trade in four keeps the path of the price in a quarter of the bytes


def extract_rows(lines: list[str]) -> list[str]:
    """Return the header and every fourth trade with FIRST_MS <= time_ms < LAST_MS, in the order of the tape."""
    header, rows = lines[0], lines[1:]
    inside = [row for row in rows if FIRST_MS <= int(row.split(",", 1)[0]) < LAST_MS]
    return [header, *inside[::STRIDE]]


def main(source: Path, target: Path) -> None:
    """Read the tape at `source` and write its extract to `target`."""
    lines = gzip.decompress(source.read_bytes()).decode("ascii").splitlines(keepends=True)
    extract = "".join(extract_rows(lines)).encode("ascii")
    target.write_bytes(gzip.compress(extract, compresslevel=9, mtime=0))  # mtime: the bytes name no moment of writing


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
