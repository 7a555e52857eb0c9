"""Signatures already found valid, so that an order resting through many batches is verified once."""

from __future__ import annotations

from rollup.signature import Signature, verify

__all__ = ["SignatureCache"]


class SignatureCache:
    """Verifies signatures and remembers the valid ones, up to `max_entries` (then it starts over)."""

    def __init__(self, max_entries: int = 1 << 18) -> None:
        self._max_entries = max_entries
        self._valid: set[tuple[tuple[int, int], int, Signature]] = set()

    def is_valid(self, public_key: tuple[int, int], message: int, signature: Signature) -> bool:
        """Return whether the signature is valid, verifying it unless it is known."""
        if (public_key, message, signature) in self._valid:
            return True
        if not verify(public_key, message, signature):
            return False
        self.trust(public_key, message, signature)
        return True

    def trust(self, public_key: tuple[int, int], message: int, signature: Signature) -> None:
        """Take a signature for valid: for callers that have just made it."""
        if len(self._valid) >= self._max_entries:
            self._valid.clear()
        self._valid.add((public_key, message, signature))
