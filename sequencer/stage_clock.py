"""How long each stage of a long call took, read from its progress: the kernel tells when a stage begins and ends."""

from __future__ import annotations

import time

from sequencer.progress import Report

__all__ = ["StageClock"]

_PREFIX = "prove "  # of the names of the kernel's stages of a proof


class StageClock:
    """A progress callback that passes on what it is told and notes each stage's first and last report."""

    def __init__(self, report: Report) -> None:
        """Note nothing yet."""
        self._report = report
        self._spans: dict[str, tuple[float, float]] = {}

    def __call__(self, what: str, done: int, total: int) -> None:
        """Note the time of a report, and pass it on."""
        now_s = time.perf_counter()
        first_s, _ = self._spans.get(what, (now_s, now_s))
        self._spans[what] = (first_s, now_s)
        self._report(what, done, total)

    @property
    def parts_s(self) -> dict[str, float]:
        """Seconds by stage, from its first report to its last, in the order in which they began."""
        return {what.removeprefix(_PREFIX): round(last - first, 3) for what, (first, last) in self._spans.items()}
