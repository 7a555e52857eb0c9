"""Shapes: how many lanes of each kind a batch has. A shape is data; anyone can define one."""

from __future__ import annotations

from dataclasses import dataclass

from rollup.errors import BatchInvalid

__all__ = ["BLOCK", "SHAPES", "SMALL", "TINY", "Shape", "ShapeUnknown", "get_shape"]


@dataclass(frozen=True)
class Shape:
    """The lanes of a batch, in order: CashLanes, RescueLanes, a TradeLane of each capacity, one FundLane."""

    name: str
    trade_capacities: tuple[int, ...]
    cash_lanes: int
    rescue_lanes: int = 0

    @property
    def max_orders(self) -> int:
        """How many order fills fit at most."""
        return sum(self.trade_capacities)


@dataclass(eq=False)
class ShapeUnknown(BatchInvalid):
    """No shape of that name."""

    code = "shape_unknown"
    name: str
    known: tuple[str, ...]

    def __str__(self) -> str:
        return f"no shape {self.name!r}; known: {', '.join(self.known)}"


TINY = Shape("tiny", (1, 1, 2), 2, rescue_lanes=3)
SMALL = Shape("small", (1,) * 6 + (4,) * 2, 4, rescue_lanes=4)
BLOCK = Shape("block", (1,) * 22 + (16,) * 3, 5, rescue_lanes=4)
SHAPES = {shape.name: shape for shape in (TINY, SMALL, BLOCK)}


def get_shape(name: str) -> Shape:
    """Return the built-in shape of that name. Raises ShapeUnknown."""
    if name not in SHAPES:
        raise ShapeUnknown(name, tuple(SHAPES))
    return SHAPES[name]
