"""When Python looks for cyclic garbage: a little at a time, so that no order waits for a walk through everything.

A full collection walks through all that the process holds: hundreds of milliseconds with a hundred thousand resting
orders. What a node keeps goes by reference counts, and cycles are rare (a broken connection, an exception). So full
collections do not start by themselves: the node calls `collect` twice a second, which looks through what came since and
sets it aside. What was set aside alive and became a cycle later is found once an hour.
"""

from __future__ import annotations

import gc
import time
from typing import Final

__all__ = ["collect", "rest"]

_YOUNG: Final = 5_000  # objects, net, between two collections of the youngest: two milliseconds each
_NEVER: Final = 2**31 - 1
_THAW_S: Final = 3_600.0

_thawed_at = 0.0


def rest() -> None:
    """Set aside what the process holds, and let no larger collection start by itself from now on."""
    global _thawed_at
    gc.set_threshold(_YOUNG, _NEVER, _NEVER)
    gc.freeze()
    _thawed_at = time.monotonic()


def collect() -> None:
    """Look through what came since the last time, and set it aside; once an hour through everything."""
    global _thawed_at
    if time.monotonic() - _thawed_at > _THAW_S:
        _thawed_at = time.monotonic()
        gc.unfreeze()
    gc.collect()
    gc.freeze()
