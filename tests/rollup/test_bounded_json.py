"""JSON from outside is parsed as ever, but for its depth."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollup.bounded_json import MAX_DEPTH, parse_json

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(value=JSON)
def test_parse_json_is_the_standard_parser(value: object) -> None:
    assert parse_json(json.dumps(value).encode()) == value


@pytest.mark.parametrize("text", ['"[[[["', '"\\"[[[["', '"\\\\"', '["]", "{", "\\u005b"]'])
def test_brackets_in_strings_do_not_nest(text: str) -> None:
    assert parse_json((text.replace("[[[[", "[" * 100)).encode()) == json.loads(text.replace("[[[[", "[" * 100))


def nest(depth: int, *, hidden: str = "") -> bytes:
    return (f"[{hidden}" * depth + "]" * depth).encode()


def test_deepest_nesting() -> None:
    assert parse_json(nest(MAX_DEPTH)) == json.loads(nest(MAX_DEPTH))


@pytest.mark.parametrize("hidden", ["", '"]",', '"\\"]",', "[],"])
def test_invalid_nesting_one_deeper(hidden: str) -> None:
    with pytest.raises(ValueError, match="nests deeper than 64"):
        parse_json(nest(MAX_DEPTH + 1, hidden=hidden))


@pytest.mark.parametrize(
    "data", [b"[" * 10**6, b'{"a":' * 10**6, b'"' + b'\\"' * 10**6, b'"\\', b"", b"\xff", b"]" * 100]
)
def test_invalid_json(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_json(data)
