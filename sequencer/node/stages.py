"""Names of what is durable of a batch on its way to the base layer."""

from __future__ import annotations

from typing import Final

__all__ = ["BATCH", "name_batch"]

BATCH: Final = "batch"


def name_batch(number: int) -> str:
    """Return the name of a batch in the store, by its number in the state: 1 is the first."""
    return f"batch-{number:010}"
