"""When Python looks for cyclic garbage: not while orders wait.

A full collection walks through all that the process holds: hundreds of milliseconds with a hundred thousand resting
orders, during which nothing is acknowledged. What a node keeps goes by reference counts, and cycles are rare (a broken
connection, an exception). So full collections are left to `collect`, which the node calls where it pauses anyway.
"""

from __future__ import annotations

import gc
from typing import Final

__all__ = ["collect", "rest"]

_YOUNG: Final = 20_000  # objects, net, between two collections of the youngest
_MIDDLE: Final = 20  # of these between two of the middle generation: those walk through what came since, no more
_NEVER: Final = 2**31 - 1
_THAW_EVERY: Final = 50  # collections: a cycle that was set aside while it lived is found then

_n_collections = 0


def rest() -> None:
    """Set aside what the process holds, and let no full collection start by itself from now on."""
    gc.set_threshold(_YOUNG, _MIDDLE, _NEVER)
    gc.freeze()


def collect() -> None:
    """Look through what came since the last time, and set it aside; now and then through everything."""
    global _n_collections
    _n_collections += 1
    if _n_collections % _THAW_EVERY == 0:
        gc.unfreeze()
    gc.collect()
    gc.freeze()
