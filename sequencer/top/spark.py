"""A line over time in one row of block characters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

__all__ = ["draw_spark"]

_BLOCKS: Final = "▁▂▃▄▅▆▇█"


def draw_spark(values: Sequence[float], width: int, *, least: float | None = None) -> str:
    """Return at most `width` characters, the last value at the right; fewer where there are fewer values.

    Drawn from the lowest to the highest; from zero to `least` or more where that is given: what is small looks small.
    """
    shown = _thin(values, width)
    if not shown:
        return ""
    low = min(shown) if least is None else 0.0
    high = max(shown) if least is None else max(least, *shown)
    if high <= low:
        return _BLOCKS[0] * len(shown)
    top = len(_BLOCKS) - 1
    return "".join(_BLOCKS[min(top, max(0, round((value - low) / (high - low) * top)))] for value in shown)


def _thin(values: Sequence[float], width: int) -> list[float]:
    """Return the last value of each of `width` equal parts."""
    n_shown = min(width, len(values))
    return [values[(place + 1) * len(values) // n_shown - 1] for place in range(n_shown)]
