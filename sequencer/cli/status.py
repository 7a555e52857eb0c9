"""Exit statuses that scripts may rely on."""

from __future__ import annotations

from typing import Final

__all__ = ["EXIT_BAD_INPUT", "EXIT_INTERRUPTED", "EXIT_NOT_VALID"]

EXIT_NOT_VALID: Final = 1  # `verify` and `compare` ran and the answer is no
EXIT_BAD_INPUT: Final = 2
EXIT_INTERRUPTED: Final = 130  # 128 + SIGINT
