"""Every error of the model: picklable, with facts and a code of its own, and met in some test."""

from __future__ import annotations

import importlib
import pickle
import pkgutil
from dataclasses import fields
from pathlib import Path

import pytest

import rollup
from rollup.errors import BatchInvalid, ProofInvalid, RollupError, TxRejected, ValueOutOfRange, check_bits, check_range
from rollup.rejections import BelowInitial

for module in pkgutil.walk_packages(rollup.__path__, "rollup."):
    importlib.import_module(module.name)

FACTS = {"int": 5, "str": "text", "tuple[int, int]": (1, 2), "tuple[str, ...]": ("a", "b")}
FAMILIES = [RollupError, TxRejected, BatchInvalid, ProofInvalid]


def list_errors(base: type[RollupError]) -> list[type[RollupError]]:
    """Return all errors of the model below `base`, itself included."""
    below = [error for child in base.__subclasses__() for error in list_errors(child)]
    return [base, *below] if base.__module__.startswith("rollup.") else below


ERRORS = list_errors(RollupError)
LEAVES = [error for error in ERRORS if error not in FAMILIES]


def make(error: type[RollupError]) -> RollupError:
    return error(**{field.name: FACTS[str(field.type)] for field in fields(error)})


def test_there_are_errors_to_look_at() -> None:
    assert len(LEAVES) >= 25


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_error_survives_pickling_and_says_its_facts(error: type[RollupError]) -> None:
    made = make(error)
    copy = pickle.loads(pickle.dumps(made))
    assert (type(copy), copy.get_facts(), str(copy)) == (error, made.get_facts(), str(made))
    assert "\n" not in str(made)
    assert str(made)


def test_codes_are_unique_and_plain() -> None:
    codes = [error.code for error in ERRORS]
    assert len(set(codes)) == len(codes)
    assert all(code.replace("_", "").isalpha() and code.islower() for code in codes)


@pytest.mark.parametrize("error", LEAVES, ids=lambda error: error.__name__)
def test_error_is_met_in_some_other_test(error: type[RollupError]) -> None:
    sources = [path.read_text() for path in Path(__file__).parent.glob("test_*.py") if path != Path(__file__)]
    assert any(error.__name__ in source for source in sources) or error is ValueOutOfRange


@pytest.mark.parametrize("error", LEAVES, ids=lambda error: error.__name__)
def test_error_belongs_to_a_family(error: type[RollupError]) -> None:
    assert issubclass(error, (TxRejected, BatchInvalid, ProofInvalid))


def test_text_names_who_got_and_expected() -> None:
    assert str(BelowInitial(7, 99, 100)) == "account 7: equity 99 < required 100 (1e-18 USD)"
    assert str(TxRejected()) == "tx_rejected"


@pytest.mark.parametrize("value", [0, 7])
def test_value_at_either_end_of_its_range(value: int) -> None:
    check_range("field", value, 0, 7)
    check_bits("field", value, 3)


@pytest.mark.parametrize("value", [-1, 8])
def test_invalid_value_beyond_either_end(value: int) -> None:
    with pytest.raises(ValueOutOfRange) as raised:
        check_range("field", value, 0, 7)
    assert str(raised.value) == f"field {value} outside [0, 7]"
    with pytest.raises(ValueOutOfRange):
        check_bits("field", value, 3)
