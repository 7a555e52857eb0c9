"""How many constraints each lane and each built-in shape has: what the dashboard shows of a batch.

To count them is to build the circuit, which takes seconds and belongs in no node. A test holds these to the counts that
the circuits are pinned to (tests/pins/constraint_counts.json).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["LANE_CONSTRAINTS", "SHAPE_CONSTRAINTS"]

LANE_CONSTRAINTS: Final[Mapping[str, int]] = {
    "CashLane": 13_395,
    "Close": 11_007,
    "Data(block)": 16_830,
    "Data(small)": 11_669,
    "Data(tiny)": 9_031,
    "FundLane": 10_548,
    "QuoteLane(16)": 71_949,
    "QuoteLane(2)": 19_883,
    "QuoteLane(4)": 27_321,
    "RescueLane": 10_015,
    "Tick": 52_339,
    "TradeLane(1)": 15_990,
    "TradeLane(16)": 112_479,
    "TradeLane(2)": 22_045,
    "TradeLane(4)": 34_755,
}
SHAPE_CONSTRAINTS: Final[Mapping[str, int]] = {"tiny": 213_668, "small": 371_974, "block": 958_925}
