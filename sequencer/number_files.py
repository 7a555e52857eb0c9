"""Numbers and bytes in JSON files: decimal strings, and hexadecimal ones; each has one spelling."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from sequencer.errors import FileMalformed

__all__ = ["parse_decimal", "parse_hex", "spell_hex"]

_DECIMAL: Final = re.compile(r"0|[1-9][0-9]{0,77}")  # 2**256 has 78 digits
_HEX: Final = re.compile(r"0x(?:[0-9a-f]{2})*")


def parse_decimal(path: Path, where: str, text: str) -> int:
    """Return the number. Raises FileMalformed."""
    if not _DECIMAL.fullmatch(text):
        raise FileMalformed(str(path), where, repr(text)[:80], "a decimal number of at most 78 digits")
    return int(text)


def parse_hex(path: Path, where: str, text: object, n_bytes: int | None = None) -> bytes:
    """Return the bytes, as many as asked for. Raises FileMalformed."""
    if not isinstance(text, str) or not _HEX.fullmatch(text):
        raise FileMalformed(str(path), where, repr(text)[:80], "0x and pairs of hexadecimal digits, a to f small")
    data = bytes.fromhex(text[2:])
    if n_bytes is not None and len(data) != n_bytes:
        raise FileMalformed(str(path), where, f"{len(data)} bytes", f"{n_bytes} bytes")
    return data


def spell_hex(data: bytes) -> str:
    """Return the bytes as text."""
    return "0x" + data.hex()
