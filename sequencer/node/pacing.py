"""How fast proofs are made, and how long the auction loop waits so that they keep up."""

from __future__ import annotations

from typing import Final

__all__ = ["BASE_INTERVAL_MS", "MAX_INTERVAL_MS", "ProvingRate", "compute_interval_ms"]

BASE_INTERVAL_MS: Final = 250
MAX_INTERVAL_MS: Final = 30_000  # beyond, orders would rather be told that the node is overloaded: an alarm
_WEIGHT: Final = 0.2  # of the newest proof in the average: five proofs are remembered


class ProvingRate:
    """Batches a second that all provers together make, by what recent proofs took."""

    def __init__(self, n_workers: int, expected_s: float) -> None:
        """Begin with what a proof is expected to take."""
        self._n_workers, self._average_s = n_workers, expected_s
        self._is_measured = False

    @property
    def per_s(self) -> float:
        """The rate."""
        return self._n_workers / self._average_s

    def add(self, took_s: float) -> None:
        """Take in a proof."""
        took_s = max(took_s, 0.001)
        self._average_s += (_WEIGHT if self._is_measured else 1.0) * (took_s - self._average_s)
        self._is_measured = True


def compute_interval_ms(backlog: int, rate_per_s: float, n_unfelt: int) -> int:
    """Return the pause between auctions, in ms, rounded up: 250 with at most `n_unfelt` batches sequenced, not proved.

    Each auction makes at most one batch, so at the interval of 1 / rate the backlog stands still. From `n_unfelt` to
    three times of it the interval rises in a line from 250 ms to 2 / rate; under any demand the backlog then settles
    where 1 / rate is crossed, in the middle of the line, and from its end on it drains at half of the rate or better. A
    line and no step, so that traders see the load come and the interval does not swing.
    `n_unfelt` is what lies in the pipeline without any lag: a group that fills, and one that is proved.
    No more than 30 s: with provers slower than 15 s a batch the backlog may grow, and is an alarm.

    Assumes rate_per_s > 0, n_unfelt > 0.
    """
    target_ms = max(BASE_INTERVAL_MS, 2_000 / rate_per_s)
    share = min(max(backlog - n_unfelt, 0) / (2 * n_unfelt), 1.0)
    interval_ms = BASE_INTERVAL_MS + share * (target_ms - BASE_INTERVAL_MS)
    return min(-int(-interval_ms // 1), MAX_INTERVAL_MS)
