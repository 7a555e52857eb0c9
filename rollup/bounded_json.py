"""JSON from outside: nested no deeper than anything this project writes.

Python's parser recurses in C up to the interpreter's recursion limit, which py-ecc raises to 100,000 on import: a file
of open brackets would then overflow the stack and end the process.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

__all__ = ["MAX_DEPTH", "parse_json"]

MAX_DEPTH: Final = 64
# A bracket, or a string to its end (the text's end where it has none): each byte is looked at once.
_TOKEN: Final = re.compile(rb'[\[{]|[\]}]|"(?:[^"\\]|\\.?)*+(?:"|\Z)', re.DOTALL)


def parse_json(data: bytes) -> Any:  # noqa: ANN401 (JSON)
    """Return what a JSON text holds. Raises ValueError where it is none, or nests deeper than MAX_DEPTH."""
    depth = 0
    for token in _TOKEN.finditer(data):
        first = data[token.start()]
        if first in b"[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise ValueError(f"byte {token.start()} nests deeper than {MAX_DEPTH}")
        elif first in b"]}":
            depth -= 1
    return json.loads(data)
