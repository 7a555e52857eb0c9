"""What the disk itself takes: nothing durable is faster."""

from __future__ import annotations

import os
import statistics
import time
from pathlib import Path
from typing import Final

__all__ = ["measure_fsync"]

_PAGE: Final = 8192
_PAGES: Final = 500


def measure_fsync(folder: Path, pause_s: float = 0.0) -> float:
    """Return the median milliseconds of an 8 KiB write and its fdatasync, over bytes that are there already.

    pause_s: between two.
    """
    taken_s = []
    with (folder / "probe").open("wb") as file:
        file.write(bytes(_PAGE * _PAGES))
        os.fsync(file.fileno())
        for index in range(_PAGES):
            start = time.perf_counter()
            os.pwrite(file.fileno(), bytes(_PAGE), index * _PAGE)
            os.fdatasync(file.fileno())
            taken_s.append(time.perf_counter() - start)
            if pause_s:
                time.sleep(pause_s)
    (folder / "probe").unlink()
    return statistics.median(taken_s) * 1e3
