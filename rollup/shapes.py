"""Shapes: how many lanes of each kind a batch has. A shape is data; anyone can define one."""

from __future__ import annotations

from dataclasses import dataclass

from rollup.errors import BatchInvalid

__all__ = ["BLOCK", "SHAPES", "SMALL", "TINY", "Shape", "ShapeUnknown", "get_shape"]


@dataclass(frozen=True)
class Shape:
    """The lanes of a batch, in order: Cash-, Rescue-, Trade- and QuoteLanes (of these the order places), a FundLane."""

    name: str
    trade_capacities: tuple[int, ...]
    cash_lanes: int
    quote_capacities: tuple[int, ...] = ()
    rescue_lanes: int = 0

    @property
    def order_capacities(self) -> tuple[int, ...]:
        """The order places of each lane that has some, in lane order."""
        return self.trade_capacities + self.quote_capacities

    @property
    def max_orders(self) -> int:
        """How many order fills fit at most."""
        return sum(self.order_capacities)


@dataclass(eq=False)
class ShapeUnknown(BatchInvalid):
    """No shape of that name."""

    code = "shape_unknown"
    name: str
    known: tuple[str, ...]

    def __str__(self) -> str:
        return f"no shape {self.name!r}; known: {', '.join(self.known)}"


TINY = Shape("tiny", (1, 1, 2), 2, (2,), 3)
SMALL = Shape("small", (1,) * 6 + (4,) * 2, 4, (4,), 4)
BLOCK = Shape("block", (1,) * 22 + (16,) * 3, 5, (16,), 4)
SHAPES = {shape.name: shape for shape in (TINY, SMALL, BLOCK)}


def get_shape(name: str) -> Shape:
    """Return the built-in shape of that name. Raises ShapeUnknown."""
    if name not in SHAPES:
        raise ShapeUnknown(name, tuple(SHAPES))
    return SHAPES[name]
