"""The rate limits' clock, held still: what a burst takes does not depend on how fast the machine is.

The buckets count in binary fractions of a second: with rates that are powers of two every sum of theirs is exact.
"""

from __future__ import annotations

import pytest
from throttled import utils

__all__ = ["BucketClock"]


class BucketClock:
    """Stands in for the monotonic clock of all token buckets; moves when it is told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_s = 1_000.0
        monkeypatch.setattr(utils, "now_mono_f", lambda: self.now_s)
