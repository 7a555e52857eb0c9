"""Nesting is measured before Python's parser, which may recurse without end, sees a file."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifier.json_files import compute_depth

values = st.recursive(
    st.text() | st.integers() | st.none(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def measure(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(measure, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(measure, value), default=0)
    return 0


@given(value=values)
def test_compute_depth_of_any_json(value: object) -> None:
    assert compute_depth(json.dumps(value).encode()) == measure(value)


@pytest.mark.parametrize(
    ("text", "depth"),
    [
        ("[[1], [2]]", 2),
        ('["[[[", 1]', 1),
        ('["]]", [[]]]', 3),
        (r'["\"]]", [[]]]', 3),
        (r'["\\", [[]]]', 3),
        ('"[[', 0),
    ],
)
def test_compute_depth_ignores_strings(text: str, depth: int) -> None:
    assert compute_depth(text.encode()) == depth
