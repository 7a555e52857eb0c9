"""The errors of proving and settling: picklable, on one line, with codes of their own, and each raised in a test."""

from __future__ import annotations

import importlib
import pickle
import pkgutil
from dataclasses import fields
from pathlib import Path

import pytest

import sequencer.node
import verifier
from rollup.errors import RollupError

for package in (sequencer.node, verifier):
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        importlib.import_module(module.name)

FACTS = {"int": 5, "str": "text", "bytes": b"\x01", "float": 1.5}
TESTS = Path(__file__).parents[1]


def list_errors(base: type[RollupError]) -> list[type[RollupError]]:
    return [base, *(error for child in base.__subclasses__() for error in list_errors(child))]


ALL = list_errors(RollupError)
OURS = [error for error in ALL if error.__module__ == "sequencer.node.proving_errors"]


def test_there_are_errors_to_look_at() -> None:
    assert len(OURS) >= 9


@pytest.mark.parametrize("error", OURS, ids=lambda error: error.__name__)
def test_error_survives_pickling_and_says_its_facts_on_one_line(error: type[RollupError]) -> None:
    made = error(**{field.name: FACTS[str(field.type)] for field in fields(error)})
    copy = pickle.loads(pickle.dumps(made))
    assert (type(copy), copy.get_facts(), str(copy)) == (error, made.get_facts(), str(made))
    assert str(made)
    assert "\n" not in str(made)


@pytest.mark.parametrize("error", OURS, ids=lambda error: error.__name__)
def test_code_is_nobody_else_s(error: type[RollupError]) -> None:
    assert [other for other in ALL if other.code == error.code] == [error]


@pytest.mark.parametrize("error", OURS, ids=lambda error: error.__name__)
def test_error_is_met_in_a_test(error: type[RollupError]) -> None:
    sources = [path.read_text() for path in TESTS.rglob("*.py") if path != Path(__file__)]
    assert any(error.__name__ in source for source in sources)
