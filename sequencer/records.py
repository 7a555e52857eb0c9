"""JSON files of dataclasses, each beginning with its format's name and version: written, and read strictly."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from rollup.bounded_json import parse_json
from sequencer.errors import FileMalformed
from sequencer.files import read_limited

__all__ = ["decode_record", "encode_versioned", "parse_versioned", "read_versioned"]

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    _RecordT = TypeVar("_RecordT", bound=DataclassInstance)

_TYPES: Final[dict[str, type]] = {"str": str, "int": int, "float": float, "bool": bool}


def encode_versioned(file_format: str, version: int, record: DataclassInstance) -> bytes:
    """Return a record as the JSON text of a file of this format and version."""
    return (json.dumps({"format": file_format, "version": version, **asdict(record)}, indent=1) + "\n").encode()


def read_versioned(path: Path, limit_bytes: int, file_format: str, version: int) -> dict[str, Any]:
    """Return what a file of this format and version holds beside the two, not yet checked.

    Raises FileMissing, FileTooLarge, FileMalformed.
    """
    return parse_versioned(path, read_limited(path, limit_bytes), file_format, version)


def parse_versioned(path: Path, data: bytes, file_format: str, version: int) -> dict[str, Any]:
    """Return what the bytes of such a file hold beside the two; `path` names it in errors. Raises FileMalformed."""
    raw = _parse_json(path, data)
    if not isinstance(raw, dict):
        raise FileMalformed(str(path), "file", type(raw).__name__, "an object")
    for name, expected in (("format", file_format), ("version", version)):
        if raw.get(name) != expected:
            raise FileMalformed(str(path), name, repr(raw.get(name))[:80], repr(expected))
    return {name: value for name, value in raw.items() if name not in ("format", "version")}


def _parse_json(path: Path, data: bytes) -> object:
    try:
        return parse_json(data)
    except ValueError as error:
        raise FileMalformed(str(path), "file", str(error)[:80], "JSON") from error


def decode_record(path: Path, where: str, kind: type[_RecordT], raw: object) -> _RecordT:
    """Return a dataclass from a JSON object with exactly its fields; int, float, bool and str are checked.

    Raises FileMalformed.
    """
    names = {field.name for field in fields(kind)}
    if not isinstance(raw, dict) or set(raw) != names:
        raise FileMalformed(str(path), where, repr(raw)[:80], f"an object with {', '.join(sorted(names))}")
    for field in fields(kind):
        expected = _TYPES.get(str(field.type))
        if expected is not None and type(raw[field.name]) is not expected:
            raise FileMalformed(str(path), f"{where}.{field.name}", repr(raw[field.name])[:80], str(field.type))
    return kind(**raw)
