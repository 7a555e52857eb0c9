"""The auction interval follows the backlog: never below 250 ms, and long enough for provers to catch up."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sequencer.node.pacing import BASE_INTERVAL_MS, MAX_INTERVAL_MS, ProvingRate, compute_interval_ms

rates = st.floats(0.001, 1_000)
unfelt = st.integers(1, 100)


@given(backlog=st.integers(0, 10_000), rate=rates, n_unfelt=unfelt)
def test_interval_rises_with_the_backlog_within_its_bounds(backlog: int, rate: float, n_unfelt: int) -> None:
    interval_ms = compute_interval_ms(backlog, rate, n_unfelt)
    assert BASE_INTERVAL_MS <= interval_ms <= compute_interval_ms(backlog + 1, rate, n_unfelt) <= MAX_INTERVAL_MS
    if backlog <= n_unfelt:
        assert interval_ms == BASE_INTERVAL_MS
    if backlog >= 3 * n_unfelt:  # half of what is proved comes in, as far as the cap lets it
        assert interval_ms >= min(2_000 / rate, MAX_INTERVAL_MS)


@given(rate=st.floats(0.1, 100), n_unfelt=st.integers(2, 40))
def test_backlog_stays_bounded_under_any_demand(rate: float, n_unfelt: int) -> None:
    backlog = worst = 0.0
    for _ in range(3_000):  # each auction fills a batch, and what was proved in its time is taken off
        backlog = max(backlog + 1 - rate * compute_interval_ms(int(backlog), rate, n_unfelt) / 1_000, 0.0)
        worst = max(worst, backlog)
    assert worst <= 3 * n_unfelt + 1


def test_known_intervals() -> None:
    # 0.5 a second: 250 ms up to 10, in the middle of the line (250 + 4000) / 2, at its end twice 1 / rate
    assert [compute_interval_ms(backlog, 0.5, 10) for backlog in (0, 10, 20, 30, 99)] == [250, 250, 2_125, 4_000, 4_000]
    assert compute_interval_ms(99, 0.01, 10) == MAX_INTERVAL_MS
    assert compute_interval_ms(99, 100, 10) == BASE_INTERVAL_MS


def test_rate_is_that_of_recent_proofs() -> None:
    rate = ProvingRate(2, 10.0)
    assert rate.per_s == 0.2
    rate.add(4.0)  # the first measure counts for all of the guess
    assert rate.per_s == 0.5
    rate.add(9.0)
    assert rate.per_s == 0.4
    for _ in range(50):
        rate.add(0.0)
    assert rate.per_s > 1_000
