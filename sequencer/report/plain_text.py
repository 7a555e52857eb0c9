"""Strings of a run made fit to be shown: they come from files that anybody may have written."""

from __future__ import annotations

from typing import Final

__all__ = ["clean"]

_MAX_LENGTH: Final = 200


def clean(text: object, max_length: int = _MAX_LENGTH) -> str:
    """Return a text without what neither XML nor a reader can take: control characters, marks that turn its direction.

    Cut to so many characters. Escaping is left to who writes it: the template, or matplotlib.
    """
    plain = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in str(text)[: max_length + 1])
    return plain if len(plain) <= max_length else plain[:max_length] + "..."
