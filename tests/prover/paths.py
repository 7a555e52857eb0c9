"""The kernel's paths, and the switch that forces one."""

from __future__ import annotations

from pathlib import Path
from typing import Final

__all__ = ["PATHS", "SWITCH", "has_lanes"]

SWITCH: Final = "ZKMARGIN_KERNEL"


def has_lanes() -> bool:
    """Return whether this machine has what the lanes need, as Linux tells it."""
    words = Path("/proc/cpuinfo").read_text().split()
    return {"avx512f", "avx512dq", "avx512vl", "avx512_vbmi2", "avx512ifma"} <= set(words)


PATHS: Final = ("portable", "ifma") if has_lanes() else ("portable",)
