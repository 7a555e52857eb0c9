"""How much of the processor a process of the node gets where others want it too, and how soon."""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from struct import Struct
from typing import Final

__all__ = ["LOWEST_PRIORITY", "get_slice_ns", "give_way", "react_soon"]

LOWEST_PRIORITY: Final = 19  # nice(2): gets what nobody else wants
_SLICE_NS: Final = 100_000  # the shortest there is
_PYTHON_TURN_S: Final = 0.0005  # in place of 5 ms
# Of sched_setattr(2) and sched_getattr(2), which Python's library has not.
_NUMBERS: Final = {"x86_64": (314, 315), "aarch64": (274, 275)}
_ATTRIBUTES: Final = Struct("=IIQiIQQQ")  # size, policy, flags, nice, priority, slice (runtime), deadline, period


def give_way(niceness: int) -> None:
    """Let this process, and the threads that it starts from now on, go behind others: niceness 0 to 19.

    At the lowest, where the system has it, by SCHED_IDLE (sched(7)): a core that runs nothing else counts as idle when
    a place is looked for a thread that wakes.
    """
    os.nice(niceness)
    _set_slice(0)  # the system's own, for a process begins with its parent's
    if niceness >= LOWEST_PRIORITY and hasattr(os, "SCHED_IDLE"):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def react_soon() -> None:
    """Let this thread, and those that it starts from now on, in as soon as they wake, for a short while each time.

    Without it whoever computes goes on for up to 3 ms, or 5 where it holds Python. The system's part is Linux's, from
    6.12 on (EEVDF: a thread with a shorter slice goes before one that is in its own); elsewhere it stays as it is.
    """
    sys.setswitchinterval(_PYTHON_TURN_S)
    _set_slice(_SLICE_NS)


def get_slice_ns() -> int:
    """Return the slice that this thread asked for, as Linux tells it; 0 where it cannot be told."""
    attributes = _call(1, _ATTRIBUTES.pack(_ATTRIBUTES.size, *(0,) * 7), _ATTRIBUTES.size, 0)
    return 0 if attributes is None else int(_ATTRIBUTES.unpack(attributes)[5])


def _set_slice(slice_ns: int) -> None:
    if sys.platform == "linux":
        policy, niceness = os.sched_getscheduler(0), os.getpriority(os.PRIO_PROCESS, 0)
        _call(0, _ATTRIBUTES.pack(_ATTRIBUTES.size, policy, 0, niceness, 0, slice_ns, 0, 0), 0)


def _call(which: int, attributes: bytes, *others: int) -> bytes | None:
    """Return the attributes after a system call on this thread, None where there is none or it is refused."""
    numbers = _NUMBERS.get(platform.machine()) if sys.platform == "linux" else None
    if numbers is None:
        return None
    room = ctypes.create_string_buffer(attributes, len(attributes))
    is_refused = ctypes.CDLL(None).syscall(numbers[which], 0, room, *others)
    return None if is_refused else room.raw
