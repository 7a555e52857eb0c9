"""Who takes a victim's positions: the most leveraged first, each no more than it can bear, in the lanes there are."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import assume, given
from hypothesis import strategies as st

from rollup.accounts import NO_POSITIONS
from rollup.counterparties import Taking, choose_counterparties
from rollup.deleverage import open_deleveraging
from rollup.holders import Candidate, CandidateList

MARKS = (10, 3, *[1] * 14)


def hold(*own: int) -> tuple[int, ...]:
    return (*own, *NO_POSITIONS[len(own) :])


candidates = st.lists(st.tuples(st.integers(-30, 30), st.integers(-30, 30), st.integers(1, 900)), max_size=7).map(
    lambda rows: [Candidate(account, hold(a, b), equity) for account, (a, b, equity) in enumerate(rows, 2)]
)


@given(st.integers(-60, 60), st.integers(-60, 60), st.integers(0, 900), candidates, st.integers(0, 8))
def test_whoever_is_chosen_takes_all_of_it_in_order_and_bears_it(
    first: int, second: int, deficit: int, found: list[Candidate], n_lanes: int
) -> None:
    assume(first or second)
    rest = open_deleveraging(hold(first, second), -deficit, MARKS)
    takings = choose_counterparties(rest, CandidateList(found), MARKS, n_lanes)
    if takings is None:
        return
    assert len(takings) <= n_lanes
    equity = {candidate.account: candidate.equity_atoms for candidate in found}
    held = {candidate.account: candidate.sizes_lots for candidate in found}
    for taking in takings:
        worth, mark = abs(held[taking.account][taking.market]) * MARKS[taking.market], MARKS[taking.market]
        assert equity[taking.account] > 0
        assert rest.can_take(taking.market, taking.lots, held[taking.account][taking.market])
        assert rest.is_in_order(taking.market, worth, equity[taking.account])
        share = rest.compute_share(taking.lots, mark)
        rest = rest.take(taking.market, taking.lots, mark, worth, equity[taking.account])
        equity[taking.account] -= share
        assert equity[taking.account] >= 0
    assert (rest.left_lots, rest.deficit_atoms) == (NO_POSITIONS, 0)


@given(st.integers(1, 60), candidates)
def test_without_a_deficit_enough_lots_and_lanes_always_do(left: int, found: list[Candidate]) -> None:
    opposite = [candidate for candidate in found if candidate.sizes_lots[0] < 0]
    takings = choose_counterparties(open_deleveraging(hold(left), 0, MARKS), CandidateList(found), MARKS, 99)
    assert (takings is not None) == (sum(-candidate.sizes_lots[0] for candidate in opposite) >= left)
    if takings is not None:
        leverage = {c.account: Fraction(-c.sizes_lots[0], c.equity_atoms) for c in opposite}
        taken = {taking.account for taking in takings}
        assert min(leverage[a] for a in taken) >= max((leverage[a] for a in leverage if a not in taken), default=0)


def test_most_leveraged_first_and_ties_by_account() -> None:
    rest = open_deleveraging(hold(25), 0, MARKS)
    found = CandidateList([Candidate(a, hold(-10), e) for a, e in ((2, 100), (3, 50), (4, 100), (5, 1_000))])
    assert choose_counterparties(rest, found, MARKS, 3) == (Taking(3, 0, 10), Taking(2, 0, 10), Taking(4, 0, 5))


def test_where_lanes_are_short_the_largest_are_asked_in_the_same_order() -> None:
    rest = open_deleveraging(hold(25), -100, MARKS)
    small = [Candidate(a, hold(-5), 20) for a in range(2, 8)]
    large = [Candidate(8, hold(-15), 900), Candidate(9, hold(-20), 900)]
    assert choose_counterparties(rest, CandidateList([*small, *large]), MARKS, 2) == (Taking(9, 0, 20), Taking(8, 0, 5))
    assert choose_counterparties(rest, CandidateList([*small, *large]), MARKS, 1) is None


def test_one_that_cannot_bear_its_share_is_passed_over() -> None:
    rest = open_deleveraging(hold(10), -100, MARKS)
    poor, rich = Candidate(2, hold(-10), 99), Candidate(3, hold(-10), 100)
    assert choose_counterparties(rest, CandidateList([poor, rich]), MARKS, 5) == (Taking(3, 0, 10),)
    assert choose_counterparties(rest, CandidateList([poor]), MARKS, 5) is None


def test_one_account_serves_in_several_markets_with_what_is_left_of_it() -> None:
    rest = open_deleveraging(hold(10, -10), -130, MARKS)  # a share of 100, then of 30
    assert choose_counterparties(rest, CandidateList([Candidate(2, hold(-10, 10), 130)]), MARKS, 5) is not None
    assert choose_counterparties(rest, CandidateList([Candidate(2, hold(-10, 10), 129)]), MARKS, 5) is None
    # an account left with nothing takes no more, though its share would be nothing
    marks = (10, 0, *MARKS[2:])
    free = open_deleveraging(hold(10, -10), -100, marks)
    assert choose_counterparties(free, CandidateList([Candidate(2, hold(-10, 10), 100)]), marks, 5) is None
