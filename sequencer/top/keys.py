"""Keys pressed while a frame stands, one at a time and without an echo."""

from __future__ import annotations

import asyncio
import os
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

__all__ = ["QUIT", "STEPS", "reading_keys"]

QUIT: Final = frozenset((b"q", b"Q", b"\x04"))  # the last is Ctrl-D
PAGE: Final = 10
STEPS: Final = {  # lines to scroll by
    b"\x1b[A": -1,
    b"k": -1,
    b"\x1b[B": 1,
    b"j": 1,
    b"\x1b[5~": -PAGE,
    b"\x1b[6~": PAGE,
    b" ": PAGE,
    b"g": -(10**6),
    b"G": 10**6,
}
_MAX_KEY_BYTES: Final = 16


@contextmanager
def reading_keys(take: Callable[[bytes], None]) -> Iterator[None]:
    """Call `take` with each key while the body runs, on the loop that runs; the terminal is as it was afterwards."""
    if not sys.stdin.isatty():
        yield
        return
    number, loop = sys.stdin.fileno(), asyncio.get_running_loop()
    before = termios.tcgetattr(number)
    tty.setcbreak(number)
    loop.add_reader(number, lambda: take(os.read(number, _MAX_KEY_BYTES)))
    try:
        yield
    finally:
        loop.remove_reader(number)
        termios.tcsetattr(number, termios.TCSADRAIN, before)
