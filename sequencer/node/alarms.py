"""What is wrong now, for the node's status: raised by whoever sees it, cleared when it is over."""

from __future__ import annotations

import threading
from collections.abc import Callable

__all__ = ["Alarms"]


class Alarms:
    """One text for each code. From any thread."""

    def __init__(self, on_change: Callable[[str, str | None], None] | None = None) -> None:
        """`on_change` hears code and text, None where it is over, each time that something changes."""
        self._lock, self._on_change = threading.Lock(), on_change
        self._texts: dict[str, str] = {}

    def sound(self, code: str, text: str) -> None:
        """Raise an alarm, or give it another text."""
        self._set(code, text)

    def clear(self, code: str) -> None:
        """Say that it is over."""
        self._set(code, None)

    def list_texts(self) -> tuple[str, ...]:
        """Return "code: text" of each, by code."""
        with self._lock:
            return tuple(f"{code}: {text}" for code, text in sorted(self._texts.items()))

    def _set(self, code: str, text: str | None) -> None:
        with self._lock:
            if self._texts.get(code) == text:
                return
            if text is None:
                del self._texts[code]
            else:
                self._texts[code] = text
        if self._on_change is not None:
            self._on_change(code, text)
