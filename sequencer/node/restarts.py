"""When a process that ended is started again: at once the first time, then after pauses that grow while it dies."""

from __future__ import annotations

from typing import Final

__all__ = ["HEALTHY_S", "MAX_PAUSE_S", "Restarts"]

HEALTHY_S: Final = 10.0  # what lived so long did not die of how it was started
MAX_PAUSE_S: Final = 30.0
_FIRST_PAUSE_S: Final = 0.25
_MAX_DOUBLINGS: Final = 16


class Restarts:
    """Counts ends that came soon after the start. Times are of a clock that never falls, in seconds."""

    def __init__(self, what: str) -> None:
        """`what` is the process's name in the alarm."""
        self._what = what
        self._started_s = 0.0
        self._in_a_row = 0  # ends without a healthy life between them
        self._last_life_s = self._pause_s = 0.0

    def note_start(self, now_s: float) -> None:
        """Say that it was started."""
        self._started_s = now_s

    def note_end(self, now_s: float) -> float:
        """Say that it ended; return for how many seconds to wait before it is started again."""
        self._last_life_s = now_s - self._started_s
        self._in_a_row = self._in_a_row + 1 if self._last_life_s < HEALTHY_S else 1
        doublings = min(self._in_a_row - 2, _MAX_DOUBLINGS)
        self._pause_s = 0.0 if doublings < 0 else min(_FIRST_PAUSE_S * 2**doublings, MAX_PAUSE_S)
        self._started_s = now_s + self._pause_s  # no healthy life before it begins
        return self._pause_s

    def find_alarm(self, now_s: float) -> str | None:
        """Return what is wrong; None once it has lived long enough, and where it ended but once."""
        if self._in_a_row < 2 or now_s - self._started_s >= HEALTHY_S:
            return None
        return (
            f"{self._what}: ended {self._in_a_row} times in a row, the last time after {self._last_life_s:.1f} s;"
            f" started again after {self._pause_s:.1f} s"
        )
