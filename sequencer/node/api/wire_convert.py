"""Between the core's views and their wire records: field by field, by the wire field's type."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, NamedTuple, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import msgspec

from rollup.units import OWNER_BITS
from sequencer.node.api.wire_types import Address, Big, HexBytes

__all__ = ["read_view", "spell_view"]

_S = TypeVar("_S", bound=msgspec.Struct)
_V = TypeVar("_V")
_Convert = Callable[[Any], Any]
_HEX_DIGITS = OWNER_BITS // 4


class _Pair(NamedTuple):
    spell: _Convert  # from a view's value to JSON's
    read: Callable[[Any, Any], Any]  # from JSON's, with the view field's type


def spell_view(view: object, wire: type[_S]) -> _S:
    """Return a view as its wire record; what the record has and the view has not is the caller's to add."""
    values = {name: pair.spell(getattr(view, name)) for name, pair in _get_pairs(wire).items() if hasattr(view, name)}
    return wire(**values)


def read_view(record: msgspec.Struct, view: type[_V]) -> _V:
    """Return the view of a wire record: what `spell_view` was given."""
    hints = _get_hints(cast(Hashable, view))
    pairs = _get_pairs(type(record))
    return view(**{name: pairs[name].read(getattr(record, name), hint) for name, hint in hints.items()})


@cache
def _get_hints(cls: Hashable) -> dict[str, Any]:
    return get_type_hints(cls)


@cache
def _get_pairs(wire: type[msgspec.Struct]) -> dict[str, _Pair]:
    return {name: _pair(hint) for name, hint in get_type_hints(wire, include_extras=True).items()}


def _same(value: object) -> object:
    return value


def _pair(hint: Any) -> _Pair:  # noqa: ANN401 (a type)
    if hint == Big:
        return _Pair(str, lambda text, _: int(text))
    if hint == Address:
        return _Pair(lambda number: f"0x{number:0{_HEX_DIGITS}x}", lambda text, _: int(text, 16))
    if hint == HexBytes:
        return _Pair(lambda data: f"0x{data.hex()}", lambda text, _: bytes.fromhex(text[2:]))
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return _Pair(lambda view: spell_view(view, hint), read_view)
    if get_origin(hint) in (UnionType, Union):
        return _pair_optional(_pair(next(part for part in get_args(hint) if part is not NoneType)))
    if get_origin(hint) is tuple:
        return _pair_tuple(get_args(hint))
    return _Pair(_same, lambda value, _: value)


def _pair_optional(inner: _Pair) -> _Pair:
    def read(value: object, hint: object) -> object:
        if value is None:
            return None
        return inner.read(value, next(part for part in get_args(hint) if part is not NoneType))

    return _Pair(lambda value: None if value is None else inner.spell(value), read)


def _pair_tuple(items: tuple[Any, ...]) -> _Pair:
    inner = _pair(items[0])  # all items of a tuple here are of one type

    def read(values: tuple[object, ...], hint: object) -> tuple[object, ...]:
        item = get_args(hint)[0] if get_origin(hint) is tuple else None
        return tuple(inner.read(value, item) for value in values)

    return _Pair(lambda values: tuple(inner.spell(value) for value in values), read)


assert get_origin(Big) is Annotated  # told apart by their annotation, since all three are str
assert len({Big, Address, HexBytes}) == 3
