"""The clock that batches live by: a batch's time only rises, so one made by a clock that was ahead holds up the next.

Nothing but time, or a clock set right, brings batches back: what can be done is to say so.
"""

from __future__ import annotations

import math
from typing import Final

__all__ = ["compute_resume_s", "list_clock_alarms"]

_SLACK_S: Final = 2  # batches are a second apart, and a clock may be set back by a moment


def compute_resume_s(last_batch_s: int, now_s: float) -> int:
    """Return the seconds until a batch can be made after one of `last_batch_s`, rounded up; 0 where it can be now."""
    resume_s = math.ceil(last_batch_s + 1 - now_s)
    return resume_s if resume_s > _SLACK_S else 0


def list_clock_alarms(resume_s: int) -> tuple[str, ...]:
    """Return what there is to say of it."""
    if not resume_s:
        return ()
    return (f"clock: the last batch is in the future: no batches for {resume_s} s, unless the clock is wrong now",)
