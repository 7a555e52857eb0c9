"""Whether the oracle's silence is an alarm: nothing trades without fresh prices of a majority."""

from __future__ import annotations

from typing import Final

__all__ = ["GRACE_S", "PriceWatch"]

GRACE_S: Final = 10.0  # for a node that has just started, and for a message that is on its way


class PriceWatch:
    """Looked at now and then. Times are of a clock that never falls, in seconds."""

    def __init__(self, now_s: float) -> None:
        self._fresh_s = now_s  # when prices were last fresh, or the watch began

    def look(self, is_stale: bool, now_s: float) -> str | None:
        """Return what is wrong, None where nothing is."""
        if not is_stale:
            self._fresh_s = now_s
        silent_s = now_s - self._fresh_s
        if silent_s < GRACE_S:
            return None
        return f"no fresh prices of two signers for {silent_s:.0f} s: nothing trades, nobody is liquidated"
