"""Every error of the node: picklable, with facts and a code of its own, and met in some test."""

from __future__ import annotations

import pickle
from dataclasses import fields
from pathlib import Path

import pytest

from rollup.errors import RollupError
from sequencer.node import errors

FACTS = {"int": 5, "str": "text"}
FAMILY = errors.StoreError
LEAVES = [getattr(errors, name) for name in errors.__all__ if name != FAMILY.__name__]
ROOT = Path(__file__).parent.parent


def make(error: type[RollupError]) -> RollupError:
    return error(**{field.name: FACTS[str(field.type)] for field in fields(error)})


@pytest.mark.parametrize("error", [FAMILY, *LEAVES], ids=lambda error: error.__name__)
def test_error_survives_pickling_and_says_its_facts(error: type[RollupError]) -> None:
    made = make(error)
    copy = pickle.loads(pickle.dumps(made))
    assert (type(copy), copy.get_facts(), str(copy)) == (error, made.get_facts(), str(made))
    assert "text" in str(made)
    assert "\n" not in str(made)


def test_codes_are_unique_and_plain() -> None:
    codes = [error.code for error in LEAVES]
    assert len({*codes, FAMILY.code}) == len(codes) + 1
    assert all(code.replace("_", "").isalpha() and code.islower() for code in codes)


@pytest.mark.parametrize("error", LEAVES, ids=lambda error: error.__name__)
def test_error_is_met_in_some_other_test(error: type[RollupError]) -> None:
    here = Path(__file__)
    paths = [ROOT / "store_suite.py", *(path for path in here.parent.glob("test_*.py") if path != here)]
    assert any(error.__name__ in path.read_text() for path in paths)
