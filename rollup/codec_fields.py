"""How single values stand in a batch file's JSON: each codec encodes a value, and decodes only what it would encode."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from rollup.field import R
from rollup.trees import SparseTree

__all__ = [
    "FIELD_ELEMENT",
    "Codec",
    "Flag",
    "Integer",
    "ListOf",
    "Malformed",
    "Optional",
    "Record",
    "Text",
    "Tree",
    "Variant",
    "unsigned",
]

_HEX = re.compile(r"-?[1-9a-f][0-9a-f]{0,63}|0")


class Malformed(Exception):
    """What stands where, and what should."""

    def __init__(self, where: str, got: object, expected: str) -> None:
        super().__init__(f"{where or 'top'}: got {str(got)[:40]!r}, expected {expected}")


class Codec(Protocol):
    """Inverse functions between a value and plain JSON."""

    def encode(self, value: Any) -> Any:  # noqa: ANN401 (JSON)
        """Return plain JSON for the value."""
        ...

    def decode(self, data: object, where: str) -> Any:  # noqa: ANN401 (JSON)
        """Return the value, or raise Malformed naming `where`."""
        ...


@dataclass(frozen=True)
class Integer:
    """An integer in [minimum, maximum], in lower-case hexadecimal without prefix."""

    minimum: int
    maximum: int

    def encode(self, value: int) -> str:
        return f"{value:x}"

    def decode(self, data: object, where: str) -> int:
        if not (isinstance(data, str) and _HEX.fullmatch(data)):
            raise Malformed(where, data, "a hexadecimal integer")
        value = int(data, 16)
        if not self.minimum <= value <= self.maximum:
            raise Malformed(where, data, f"{self.minimum:x} to {self.maximum:x}")
        return value


def unsigned(n_bits: int) -> Integer:
    """Return the codec of integers in [0, 2**n_bits)."""
    return Integer(0, 2**n_bits - 1)


FIELD_ELEMENT = Integer(0, R - 1)


@dataclass(frozen=True)
class Flag:
    """True or false."""

    def encode(self, value: bool) -> bool:
        return value

    def decode(self, data: object, where: str) -> bool:
        if not isinstance(data, bool):
            raise Malformed(where, data, "true or false")
        return data


@dataclass(frozen=True)
class Text:
    """A string of at most max_chars characters."""

    max_chars: int

    def encode(self, value: str) -> str:
        return value

    def decode(self, data: object, where: str) -> str:
        if not isinstance(data, str) or len(data) > self.max_chars:
            raise Malformed(where, data, f"text of at most {self.max_chars} characters")
        return data


@dataclass(frozen=True)
class ListOf:
    """A tuple of minimum to maximum values of one kind."""

    item: Codec
    minimum: int
    maximum: int

    def encode(self, value: tuple[Any, ...]) -> list[Any]:
        return [self.item.encode(part) for part in value]

    def decode(self, data: object, where: str) -> tuple[Any, ...]:
        if not isinstance(data, list) or not self.minimum <= len(data) <= self.maximum:
            raise Malformed(where, data, f"a list of {self.minimum} to {self.maximum}")
        return tuple(self.item.decode(part, f"{where}[{i}]") for i, part in enumerate(data))


@dataclass(frozen=True)
class Optional:
    """A value or null."""

    item: Codec

    def encode(self, value: object) -> Any:  # noqa: ANN401 (JSON)
        return None if value is None else self.item.encode(value)

    def decode(self, data: object, where: str) -> Any:  # noqa: ANN401 (JSON)
        return None if data is None else self.item.decode(data, where)


@dataclass(frozen=True)
class Record:
    """An object made of named fields, by its constructor."""

    make: Callable[..., Any]
    fields: Mapping[str, Codec]

    def encode(self, value: object) -> dict[str, Any]:
        return {name: codec.encode(getattr(value, name)) for name, codec in self.fields.items()}

    def decode(self, data: object, where: str) -> Any:  # noqa: ANN401 (JSON)
        if not isinstance(data, dict) or list(data) != list(self.fields):
            got = list(data) if isinstance(data, dict) else data
            raise Malformed(where, got, f"an object of {', '.join(self.fields)}")
        return self.make(**{name: codec.decode(data[name], f"{where}.{name}") for name, codec in self.fields.items()})


@dataclass(frozen=True)
class Variant:
    """One of several records, told apart by a name."""

    kinds: Mapping[str, Record]

    def encode(self, value: object) -> dict[str, Any]:
        kind = next(name for name, record in self.kinds.items() if type(value) is record.make)
        return {kind: self.kinds[kind].encode(value)}

    def decode(self, data: object, where: str) -> Any:  # noqa: ANN401 (JSON)
        for kind, record in self.kinds.items():
            if isinstance(data, dict) and list(data) == [kind]:
                return record.decode(data[kind], f"{where}.{kind}")
        raise Malformed(where, data, f"one of {', '.join(self.kinds)}")


@dataclass(frozen=True)
class Tree:
    """A sparse tree as its leaves that are not empty, in rising order."""

    empty: SparseTree
    leaf: Integer

    def encode(self, value: SparseTree) -> list[list[str]]:
        return [[f"{index:x}", self.leaf.encode(leaf)] for index, leaf in value.items()]

    def decode(self, data: object, where: str) -> SparseTree:
        n_leaves = 8**self.empty.depth
        pairs = ListOf(ListOf(Integer(0, max(n_leaves - 1, self.leaf.maximum)), 2, 2), 0, n_leaves).decode(data, where)
        tree, last = self.empty, -1
        for index, leaf in pairs:
            if not last < index < n_leaves or leaf == self.empty.empty_leaf or leaf > self.leaf.maximum:
                raise Malformed(where, f"{index:x}: {leaf:x}", "leaves in rising order, none empty")
            tree, last = tree.set(index, leaf), index
        return tree
