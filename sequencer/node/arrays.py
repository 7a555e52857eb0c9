"""What all tables of the node share: types of their arrays, and room that doubles."""

from __future__ import annotations

from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["Booleans", "Floats", "Integers", "grow"]

Booleans: TypeAlias = NDArray[np.bool_]
Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]
Number = TypeVar("Number", bound=np.generic)


def grow(rows: NDArray[Number], capacity: int) -> NDArray[Number]:
    """Return the rows with room for `capacity` of them, the new ones 0. Assumes that there are no more."""
    grown = np.zeros((capacity, *rows.shape[1:]), rows.dtype)
    grown[: len(rows)] = rows
    return grown
