"""Dense books of every kind of order: whatever the matcher lets trade keeps every rule that the checker knows."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from rollup.audit import check_batch
from tests.dense_books import DenseBook
from tests.random_day import describe


def run_books(seed: int) -> set[str]:
    """Check three batches of one book and return what they saw."""
    book, seen = DenseBook(Random(seed)), set[str]()
    for _ in range(3):
        cash_atoms = sum(account.cash_atoms for account in book.ex.state.accounts.values())
        result = book.run_batch()
        check_batch(result.trace)
        assert sum(account.cash_atoms for account in result.state.accounts.values()) == cash_atoms
        seen |= describe(result)
    return seen


def test_thirty_books_see_everything() -> None:
    trades = {"ioc", "reduce only", "post only", "rebate", "rationed", "extra lot", "quote", "liquidation"}
    assert trades <= set().union(*map(run_books, range(30)))


@settings(max_examples=40)
@given(st.integers(0, 2**64))
def test_whatever_trades_keeps_every_rule(seed: int) -> None:
    run_books(seed)
