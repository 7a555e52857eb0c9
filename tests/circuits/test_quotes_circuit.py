"""A quote's message as constraints is the one the model has an account sign: with the computed order where active."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from circuits.quotes import quote_message
from circuits.system import ConstraintSystem
from rollup.field import R
from rollup.quotes import QUOTE_ORDERS, compute_quote_message
from tests.circuits.lane_cases import kernel_hashing

few = settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
messages = st.lists(st.integers(0, R - 1), min_size=QUOTE_ORDERS, max_size=QUOTE_ORDERS)


@pytest.fixture(autouse=True, scope="module")
def hashing() -> Iterator[None]:
    """Hash through the kernel."""
    with kernel_hashing():
        yield


def _message(said: list[int], active: list[int], computed: list[int], account: int) -> int:
    cs = ConstraintSystem({f"message[{k}]": message for k, message in enumerate(said)})
    got = quote_message(
        cs,
        domain=cs.witness(12345),
        account_id=cs.witness(account),
        active=[cs.witness(flag) for flag in active],
        messages=[cs.witness(message) for message in computed],
    )
    assert cs.unsatisfied() == []
    return cs.value(got)


@few
@given(said=messages, computed=messages, flags=st.lists(st.integers(0, 1), max_size=QUOTE_ORDERS), data=st.data())
def test_message_holds_the_computed_orders_where_active(
    said: list[int], computed: list[int], flags: list[int], data: st.DataObject
) -> None:
    account = data.draw(st.integers(2, 2**21 - 1))
    held = [new if flag else old for old, new, flag in zip(said, computed, flags, strict=False)]
    expected = compute_quote_message(12345, account, (*held, *said[len(flags) :]))
    assert _message(said, flags, computed[: len(flags)], account) == expected


def test_message_is_bound_to_place_and_account() -> None:
    said = list(range(QUOTE_ORDERS))
    honest = _message(said, [1, 0], [7, 0], 2)
    assert _message(said, [1, 0], [7, 0], 3) != honest
    assert _message(said, [0, 1], [0, 7], 2) != honest
