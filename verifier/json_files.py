"""Small JSON files: read within limits, written under a temporary name and renamed, so that none is ever half there."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Final

from rollup.bounded_json import parse_json
from verifier.errors import FileMalformed

MAX_FILE_BYTES: Final = 2**20
_SHOWN_CHARACTERS: Final = 80


def read_json(path: Path) -> object:
    """Return what a JSON file holds. Raises FileMalformed: unreadable, oversized, nested too deeply, not JSON."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise FileMalformed(str(path), "file", error.strerror or str(error), "a readable file") from None
    if len(data) > MAX_FILE_BYTES:
        raise FileMalformed(str(path), "file", "more", f"at most {MAX_FILE_BYTES} bytes")
    try:
        value: object = parse_json(data)
    except ValueError as error:
        raise FileMalformed(str(path), "file", shorten(error), "JSON") from None
    return value


def write_json(path: Path, value: object) -> None:
    """Write a JSON file, all of it or none. Raises OSError."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(encode_json(value))
        os.chmod(temporary, 0o644)  # mkstemp's 0600 is for secrets
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def encode_json(value: object) -> bytes:
    """Return the bytes of a JSON file."""
    return json.dumps(value, indent=1).encode()


def shorten(value: object) -> str:
    """Return a value as one short line, for an error."""
    text = " ".join(str(value).split())
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[: _SHOWN_CHARACTERS - 3]}..."
