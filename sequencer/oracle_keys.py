"""Public keys of oracle signers as people write them: 0x and 128 hexadecimal digits, x and y."""

from __future__ import annotations

import re
from typing import Final

from rollup.babyjubjub import IDENTITY, Point, is_in_subgroup

__all__ = ["find_key_fault", "parse_public_key", "spell_public_key"]

_DIGITS: Final = 64
_KEY: Final = re.compile(rf"0x([0-9a-f]{{{_DIGITS}}})([0-9a-f]{{{_DIGITS}}})", re.ASCII)


def spell_public_key(key: Point) -> str:
    """Return a key as text."""
    return f"0x{key[0]:0{_DIGITS}x}{key[1]:0{_DIGITS}x}"


def parse_public_key(text: str) -> Point:
    """Return the key of a text in which `find_key_fault` finds nothing."""
    found = _KEY.fullmatch(text)
    assert found is not None, "an unchecked key"
    return int(found[1], 16), int(found[2], 16)


def find_key_fault(text: str) -> str | None:
    """Return what is wrong with a text that should be a key under which signatures can be valid."""
    if not _KEY.fullmatch(text):
        return f"{text[:20]!r}, which is not 0x and {2 * _DIGITS} hexadecimal digits"
    key = parse_public_key(text)
    if not is_in_subgroup(key) or key == IDENTITY:
        return f"{text[:20]!r}.., which is no point of prime order"
    return None
