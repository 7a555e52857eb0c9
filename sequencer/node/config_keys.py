"""One key of the node's configuration: its kind, its range, what it is for; and a value held to that.

Values come from TOML, typed, or from the environment, as text. Either way a wrong one is ConfigInvalid.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rollup.errors import RollupError

__all__ = ["ConfigInvalid", "KeySpec", "parse_text", "parse_value"]

_TEXT_LIMIT: Final = 4096


@dataclass(eq=False)
class ConfigInvalid(RollupError):
    """The node's configuration holds what it may not, or lacks what it must have."""

    code = "config_invalid"
    file: str  # or "environment"
    key: str  # section.key
    got: str  # never the value of what might be a secret
    expected: str

    def __str__(self) -> str:
        return f"{self.file}: {self.key}: got {self.got}, expected {self.expected}"


@dataclass(frozen=True)
class KeySpec:
    """What a key may hold. `kind`: int, float, bool, str, path, ints, strs, paths."""

    kind: str
    doc: str
    low: float = -math.inf
    high: float = math.inf
    choices: tuple[str, ...] = ()
    check: Callable[[str], str | None] | None = None  # of a text: what is expected instead, without what was found

    def describe(self) -> str:
        """Return what is expected, in words."""
        if self.choices:
            return " or ".join(self.choices)
        if self.low == -math.inf:
            return _NAMES[self.kind]
        return f"{_NAMES[self.kind]} from {self.low:g} to {self.high:g}"


_NAMES: Final = {
    "int": "an integer",
    "float": "a number",
    "bool": "true or false",
    "str": "a text",
    "path": "a path",
    "ints": "a list of integers, each",
    "strs": "a list of texts",
    "paths": "a list of paths",
}
_ITEMS: Final = {"ints": "int", "strs": "str", "paths": "path"}


def parse_text(spec: KeySpec, text: str, folder: Path) -> Any:  # noqa: ANN401 (of the key's kind)
    """Return the value that an environment variable spells: lists with commas. Raises ValueError saying what it got."""
    if spec.kind in _ITEMS:
        item = _ITEMS[spec.kind]
        return parse_value(spec, [_read(item, part.strip()) for part in text.split(",")] if text else [], folder)
    return parse_value(spec, _read(spec.kind, text), folder)


def _read(kind: str, text: str) -> Any:  # noqa: ANN401 (of that kind, or the text where it is none)
    try:
        if kind == "int":
            return int(text)
        if kind == "float":
            return float(text)
    except ValueError:
        return text
    return {"true": True, "false": False}.get(text, text) if kind == "bool" else text


def parse_value(spec: KeySpec, raw: object, folder: Path) -> Any:  # noqa: ANN401 (of the key's kind)
    """Return the value of a key; paths are taken from `folder`, an empty one is None.

    Raises ValueError saying what it got.
    """
    if spec.kind in _ITEMS:
        if not isinstance(raw, list):
            raise ValueError(_describe_wrong(spec, raw))
        return tuple(_parse_one(spec, _ITEMS[spec.kind], item, folder) for item in raw)
    return _parse_one(spec, spec.kind, raw, folder)


def _parse_one(spec: KeySpec, kind: str, raw: object, folder: Path) -> object:
    value: object
    match kind, raw:
        case ("bool", bool()) | ("str" | "path", str()):
            value = raw
        case ("int", int()) if not isinstance(raw, bool):
            value = raw
        case ("float", int() | float()) if not isinstance(raw, bool):
            value = float(raw)
        case _:
            raise ValueError(_describe_wrong(spec, raw))
    if isinstance(value, str):
        return _check_text(spec, kind, value, folder)
    if isinstance(value, int | float) and not spec.low <= value <= spec.high:  # NaN is in no range
        raise ValueError(_shorten(raw))
    return value


def _check_text(spec: KeySpec, kind: str, text: str, folder: Path) -> object:
    if len(text) > _TEXT_LIMIT or "\0" in text:
        raise ValueError(f"{len(text)} characters")
    if spec.choices and text not in spec.choices:
        raise ValueError(_shorten(text))
    if spec.check is not None and (got := spec.check(text)) is not None:
        raise ValueError(got)
    if kind != "path":
        return text
    return folder / Path(text).expanduser() if text else None


def _describe_wrong(spec: KeySpec, raw: object) -> str:
    """Return a value of another kind; not what it is where it may be an address with a password in it."""
    return _shorten(raw) if spec.check is None else "another kind of value"


def _shorten(raw: object) -> str:
    return repr(raw)[:80]
