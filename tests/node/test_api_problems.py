"""Every error has a status and its problem details; what is the node's own stays there."""

from __future__ import annotations

import importlib
import logging
import pkgutil

import msgspec
import pytest

import rollup
import sequencer.node
from rollup.errors import BatchInvalid, RollupError, TxRejected, ValueOutOfRange
from rollup.rejections import AccountNotOpen
from sequencer.node.api import errors as api_errors
from sequencer.node.api.errors import ApiError, InternalError, RateExceeded
from sequencer.node.api.problems import STATUSES, get_retry_after, get_status, make_problem
from sequencer.node.errors import StoreError, StoreFull, StoreUnavailable
from sequencer.node.refusals import SubscriberSlow

for package in (rollup, sequencer.node):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)


def list_below(base: type[RollupError]) -> list[type[RollupError]]:
    return [base, *(error for child in base.__subclasses__() for error in list_below(child))]


ERRORS = [error for error in list_below(RollupError) if not error.__module__.startswith("tests.")]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_every_error_has_a_status(error: type[RollupError]) -> None:
    status = get_status(error.__new__(error))
    assert 400 <= status < 600
    if issubclass(error, TxRejected):
        assert status == 422
    elif issubclass(error, StoreError):
        assert status == 503


def test_every_error_of_the_api_is_in_the_table() -> None:
    names = [name for name in api_errors.__all__ if name != "ApiError"]
    assert {getattr(api_errors, name).code for name in names} <= set(STATUSES)
    assert all(issubclass(getattr(api_errors, name), ApiError) for name in names)


def test_problem_states_type_title_and_facts() -> None:
    problem, _ = make_problem(ValueOutOfRange("slot", 2**60, 0, 511))
    assert msgspec.to_builtins(problem) == {
        "type": "urn:zkmargin:error:value_out_of_range",
        "title": "A number lies outside what its field may hold.",
        "status": 422,
        "detail": f"slot {2**60} outside [0, 511]",
        "code": "value_out_of_range",
        "facts": {"field": "slot", "value": str(2**60), "minimum": 0, "maximum": 511},
    }


@pytest.mark.parametrize(
    "error", [StoreUnavailable("/secret/folder", "disk /dev/x"), StoreFull("/secret/folder", "disk /dev/x")]
)
def test_problem_of_a_store_does_not_say_where_it_is(error: StoreError) -> None:
    problem, _ = make_problem(error)
    assert (problem.status, problem.code) == (503, error.code)
    assert "secret" not in msgspec.json.encode(problem).decode()
    assert "/dev/x" not in msgspec.json.encode(problem).decode()
    assert get_retry_after(error) == 1


def test_unknown_failure_is_told_by_code_alone_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "zkmargin.api"):
        problem, known = make_problem(KeyError("secret"))
    assert (problem.status, problem.code, problem.facts) == (500, "internal_error", {})
    assert isinstance(known, InternalError)
    assert "secret" not in msgspec.json.encode(problem).decode()
    assert "secret" in caplog.text


def test_a_batch_that_fails_is_the_nodes_fault() -> None:
    assert make_problem(BatchInvalid())[0].status == 500


def test_slow_subscriber_is_told_what_happened() -> None:
    problem, known = make_problem(SubscriberSlow(64))
    assert (problem.status, problem.code, problem.detail) == (503, "subscriber_slow", str(known))
    assert 64 in problem.facts.values()


def test_retry_after_is_said_where_it_helps() -> None:
    assert get_retry_after(RateExceeded("x", 5, 7)) == 7
    assert get_retry_after(AccountNotOpen(5)) is None


def test_facts_of_every_kind_are_json() -> None:
    class Odd(TxRejected):
        """Odd."""

        def get_facts(self) -> dict[str, object]:
            return {"a": b"\x01", "b": (1, 2**60), "c": None, "d": True, "e": 1.5, "f": object}

    facts = make_problem(Odd())[0].facts
    assert facts == {"a": "0x01", "b": [1, str(2**60)], "c": None, "d": True, "e": 1.5, "f": str(object)}
