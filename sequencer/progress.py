"""How long work tells how far it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

__all__ = ["Report", "ignore_progress"]

Report: TypeAlias = Callable[[str, int, int], None]  # what, done, total: the kernel's callback has this form


def ignore_progress(what: str, done: int, total: int) -> None:
    """Tell nobody."""
